/**
 * Why the fabric did or refused something: a code and the numbers it came from. This is the one module
 * that turns reasons into sentences, so that the console, the report and the Web UI say the same.
 */
export interface Reason {
  readonly code: ReasonCode;
  readonly data: Readonly<Record<string, string | number | boolean>>;
}

const SENTENCES = {
  'page-accepted': '{jobs|job} accepted from feed {feed} ({from} to {to}).',
  'jobs-submitted': '{jobs|submitted job} accepted.',
  'no-capable-node':
    '{jobs|job} of kind {kind} refused: they need [{skills}] and no node in reach has that.',
  leased:
    'Lease {lease}: {jobs|job} to {node}, which had the most room ({free} of {window} places free).',
  'lease-ended':
    'Lease {lease} on {node}: {completed} done, {failed|attempt} failed, {back} handed back.',
  'lease-lost':
    'Lease {lease} on {node} lost ({why}): {jobs|job} requeued; this is not an attempt.',
  'lease-returned': 'Lease {lease} returned before it started: {jobs|job} requeued.',
  'lease-asked-again':
    'Lease {lease} is out on {node} for {ms} ms, longer than it should be: asked for again.',
  'late-answer': 'An answer for lease {lease} under fence {fence} came too late and was refused.',
  retry:
    '{jobs|job} failed at attempt {attempt}: to be tried again, on another node where there is one.',
  'attempts-exhausted': '{jobs|job} failed for good after {attempt|attempt}.',
  'node-ready': '{node} is ready (incarnation {incarnation}, {slots|slot}).',
  'too-many-nodes': '{node} was not registered: {shard} has {limit|node}, the most it may have.',
  'node-suspect': '{node} is not heard ({why}); its leases stay with it for a while.',
  'node-back': '{node} is heard again, and goes on with its leases.',
  'node-lost': '{node} was lost: {why}.',
  'node-cordoned': '{node} is cordoned: it gets nothing new. {leases|lease} still with it.',
  'node-uncordoned': '{node} may be given work again.',
  'node-draining':
    '{node} drains: it gets nothing new, and what it has not ended in {seconds} s is given to others. {leases|lease} still with it.',
  'node-drained': '{node} is drained, and stays cordoned.',
  'node-removed': '{node} is removed: it is given nothing, and what it held is given to others.',
  'node-ejected': '{node} is given nothing for {seconds} s, because it stands out: {why}.',
  'node-readmitted': '{node} may be given work again after its time out.',
  'node-expected': '{node} is expected: it may register and is given work then.',
  'node-changed': '{node}: {what}.',
  'node-there': 'There is a node "{node}" on {shard} already; it is {state}.',
  'unknown-node': 'There is no node "{node}" on {shard}.',
  'node-left': '{node} has left in order.',
  spilled: 'Transfer {no}: {jobs|job} to {to}; queue {queued} is above the limit of {limit}.',
  'spill-skills': 'Transfer {no}: {jobs|job} to {to}, where a node has the skills they need.',
  'transfer-in': 'Transfer {no} of {jobs|job} taken from {from}; the link takes {linkMs} ms.',
  'transfer-refused': 'Transfer {no} of {jobs|job} from {from} refused: {why}.',
  'transfer-back': 'Transfer {no} to {to} was refused ({why}): {jobs|job} taken back.',
  paused: 'Paused. {running|lease} still running, to the end.',
  resumed: 'Resumed.',
  'over-limit': '{shard} holds {queued|job}, {excess} above its spillover limit of {limit}.',
  'over-budget':
    '{shard} would keep a job waiting {waitMs} ms; its latency budget is {budgetMs} ms.',
  'target-full': '{target} has no headroom ({queued} of {limit}).',
  'target-paused': '{target} is paused.',
  'target-no-node': '{target} has no ready node that can do them.',
  'target-over-budget':
    '{target} would take {latencyMs} ms ({linkMs} ms link); the budget is {budgetMs} ms.',
  'target-shedding': '{target} is itself above its limit.',
  'nowhere-to-go':
    '{shard}: no target can take more now; above its limit or budget: {jobs|job}, to stay here.',
  'checkpoint-written': 'Checkpoint {epoch} written: {path}',
  'lost-with-engine':
    'The Temporal server was lost before a shard had the jobs: hand them in again.',
  'checkpoint-failed': 'Checkpoint {epoch} could not be written: {why}.',
  'feed-failed': 'Feed {feed} could not be read: {why}.',
  'ledger-behind':
    'The ledger is {entries|entry|entries} behind; nothing is taken in or leased until it catches up.',
  'ledger-unwritable':
    "The ledger can't be written ({why}): nothing new is taken in or leased until it can.",
  'ledger-writable': 'The ledger is written again, after {ms} ms.',
  'results-unwritable':
    "{node} can't write results ({why}): lease {lease} came back with {jobs|job}, which is not an attempt; tried again in {ms} ms.",
  'unknown-shard': 'There is no shard "{shard}"; there are {shards}.',
  'bad-arguments': '{problem}',
  'unknown-command': 'There is no command "{name}"; there are {names}.',
  undecodable: 'The command could not be decoded: {problem}.',
  'duplicate-command': 'Command {commandId} was seen before; its outcome stands.',
  'inbox-full':
    'The inbox of {shard} holds {held} of {limit|job}; give larger work as a feed in a mission file.',
  'registry-full':
    'The registry of {shard} is full ({classes|sort} of jobs in it); hand it in again when some are done.',
  'inbox-bytes':
    'The inbox of {shard} holds {held} of {limit|byte}; give larger work as a feed in a mission file.',
  'duplicate-id': 'A job with the id "{id}" is there already.',
  'command-too-large':
    'It comes to {bytes|byte} of at most {limit}; hand in fewer jobs at a time, or references in place of large payloads.',
  'too-many-commands':
    '{open|command} without an answer ({bytes|byte}); send this one again when some of them are done.',
  'ids-full':
    'The fabric remembers {limit|id} of submitted jobs and has no room for more; give larger work as a feed in a mission file.',
  'closed-before-done': 'Cancelled because the fabric closed: {jobs|job} still queued.',
  closes:
    'The run closes: nothing more is leased, what runs ends, and what is still queued is cancelled.',
  closing: 'The fabric is closing and takes no more work.',
  'no-answer': '{shard} did not answer within {ms} ms.',
  changed: '{what}: {before} → {after}.',
  'tick-planned': '{moves|move} planned, {jobs|job}.',
} as const;

export type ReasonCode = keyof typeof SENTENCES;

export function reason(code: ReasonCode, data: Reason['data'] = {}): Reason {
  return { code, data };
}

/**
 * The reason as one plain English sentence. `{jobs|job}` stands for a number with its noun, `1 job` or
 * `20 jobs`; another plural than with an s is given behind it. A number missing from `data` shows as its name.
 */
export function explain({ code, data }: Reason): string {
  return SENTENCES[code].replace(
    /\{(\w+)(?:\|([^|}]+))?(?:\|([^}]+))?\}/g,
    (whole, key: string, one?: string, many?: string) => {
      const value = data[key];
      if (value === undefined) return whole;
      if (one === undefined) return String(value);
      return counted(Number(value), one, many);
    },
  );
}

/** `1 job`, `20 jobs`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** An instant as hours, minutes and seconds of its day in UTC. */
export function clockText(atMs: number): string {
  const seconds = Math.floor(atMs / 1000);
  const parts = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}
