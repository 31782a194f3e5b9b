/**
 * Why the fabric did or refused something: a code and the numbers it came from. This is the one module
 * that turns reasons into sentences, so that the console, the report and the Web UI say the same.
 */
export interface Reason {
  readonly code: ReasonCode;
  readonly data: Readonly<Record<string, string | number | boolean>>;
}

const SENTENCES = {
  'page-accepted': '{jobs} jobs accepted from feed {feed} ({from} to {to}).',
  'jobs-submitted': '{jobs} submitted jobs accepted.',
  'no-capable-node':
    '{jobs} jobs of kind {kind} refused: they need [{skills}] and no node in reach has that.',
  leased:
    'Lease {lease}: {jobs} jobs to {node}, which had the most room ({free} of {window} places free).',
  'lease-ended':
    'Lease {lease} on {node}: {completed} done, {failed} attempts failed, {back} handed back.',
  'lease-lost':
    'Lease {lease} on {node} lost ({why}): {jobs} jobs requeued; this is not an attempt.',
  'lease-returned': 'Lease {lease} returned before it started: {jobs} jobs requeued.',
  'late-answer': 'An answer for lease {lease} under fence {fence} came too late and was refused.',
  retry:
    '{jobs} jobs failed attempt {attempt} and are tried again, on another node where there is one.',
  'attempts-exhausted': '{jobs} jobs failed for good after {attempt} attempts.',
  'node-ready': '{node} is ready (incarnation {incarnation}, {slots} slots).',
  'too-many-nodes': '{node} was not registered: {shard} has {limit} nodes, the most it may have.',
  'node-lost': '{node} was lost: {why}.',
  'node-left': '{node} has left in order.',
  spilled: 'Transfer {no}: {jobs} jobs to {to}; queue {queued} is above the limit of {limit}.',
  'spill-skills': 'Transfer {no}: {jobs} jobs to {to}, where a node has the skills they need.',
  'transfer-in': 'Transfer {no} of {jobs} jobs taken from {from}; the link takes {linkMs} ms.',
  'transfer-refused': 'Transfer {no} of {jobs} jobs from {from} refused: {why}.',
  'transfer-back': 'Transfer {no} to {to} was refused ({why}): {jobs} jobs taken back.',
  paused: 'Paused. {running} leases still run to their end.',
  resumed: 'Resumed.',
  'over-limit': '{shard} holds {queued} jobs, {excess} above its spillover limit of {limit}.',
  'over-budget':
    '{shard} would keep a job waiting {waitMs} ms; its latency budget is {budgetMs} ms.',
  'target-full': '{target} has no headroom ({queued} of {limit}).',
  'target-paused': '{target} is paused.',
  'target-no-node': '{target} has no ready node that can do them.',
  'target-over-budget':
    '{target} would take {latencyMs} ms ({linkMs} ms link); the budget is {budgetMs} ms.',
  'target-shedding': '{target} is itself above its limit.',
  'nowhere-to-go':
    '{shard}: no target can take more now; {jobs} jobs above its limit or budget stay.',
  'feed-failed': 'Feed {feed} could not be read: {why}.',
  'ledger-behind': 'The ledger is {entries} entries behind; nothing is leased until it catches up.',
  'unknown-shard': 'There is no shard "{shard}"; there are {shards}.',
  'bad-arguments': '{problem}',
  'unknown-command': 'There is no command "{name}"; there are {names}.',
  undecodable: 'The command could not be decoded: {problem}.',
  'duplicate-command': 'Command {commandId} was seen before; its outcome stands.',
  'inbox-full':
    'The inbox of {shard} holds {held} of {limit} jobs; give larger work as a feed in a mission file.',
  'inbox-bytes':
    'The inbox of {shard} holds {held} of {limit} bytes; give larger work as a feed in a mission file.',
  'duplicate-id': 'A job with the id "{id}" is there already.',
  'too-many-commands':
    '{open} commands wait for answers ({bytes} bytes); send this one again when some of them are done.',
  'ids-full':
    'The fabric remembers {limit} ids of submitted jobs and has no room for more; give larger work as a feed in a mission file.',
  closing: 'The fabric is closing and takes no more work.',
  'no-answer': '{shard} did not answer within {ms} ms.',
  changed: '{what}: {before} → {after}.',
  'tick-planned': '{moves} moves planned, {jobs} jobs.',
} as const;

export type ReasonCode = keyof typeof SENTENCES;

export function reason(code: ReasonCode, data: Reason['data'] = {}): Reason {
  return { code, data };
}

/** The reason as one plain English sentence. A number missing from `data` shows as its name. */
export function explain({ code, data }: Reason): string {
  return SENTENCES[code].replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in data ? String(data[name]) : whole,
  );
}

/** An instant as hours, minutes and seconds of its day in UTC. */
export function clockText(atMs: number): string {
  const seconds = Math.floor(atMs / 1000);
  const parts = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}
