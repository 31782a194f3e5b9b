/**
 * Commands on their way to shards, to each shard one at a time and in the order they were received, so
 * that a late pause never undoes a later resume. Submissions right behind each other go as one wave: it makes no
 * difference which of them comes first, and the next command waits for all of them. Each is sent again until it is answered. At the deadline the command is
 * marked unconfirmed, with those that did not answer by name; a late answer still completes it.
 */
import { jsonBytes } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import type { CommandAnswer, ShardCommand } from '../messages.ts';
import { explain, reason } from '../reasons.ts';
import { note, send, type Draft } from './draft.ts';
import { changeRecord } from './governance.ts';
import type { OrchestratorState, Relay } from './state.ts';
import { releaseIds } from './submitted-ids.ts';

const DEADLINE_MS = 10_000;
const RESEND_MS = 1_000;
const RESEND_MAX_MS = 30_000;

export function relayBytes(waiting: Relay['waiting']): number {
  return jsonBytes(waiting);
}

export function openRelay(
  draft: Draft,
  commandId: string,
  waiting: Readonly<Record<string, ShardCommand>>,
  bytes: number,
): void {
  const { state, nowMs } = draft;
  const deadlineAtMs = nowMs + DEADLINE_MS;
  const relay: Relay = { commandId, sentAtMs: nowMs, sends: 1, deadlineAtMs, bytes, waiting };
  state.relays = [...state.relays, relay];
  for (const shard of Object.keys(waiting)) askNext(draft, shard);
}

/** Takes the shard off the waiting list; true when it was the last. */
export function settleRelay(
  draft: Draft,
  { commandId, shard, refused, outcome }: CommandAnswer,
): boolean {
  const { state } = draft;
  const at = state.relays.findIndex((relay) => relay.commandId === commandId);
  const relay = state.relays[at];
  if (!relay || !(shard in relay.waiting)) return false;
  releaseIds(
    draft,
    (refused ?? []).map((each) => each.id),
  );
  const { [shard]: command, ...waiting } = relay.waiting;
  if (outcome === 'applied') govern(draft, shard, command!);
  else releaseNode(draft, command!);
  const isLast = Object.keys(waiting).length === 0;
  const rest = { ...relay, waiting, bytes: relayBytes(waiting) };
  state.relays = isLast ? state.relays.toSpliced(at, 1) : state.relays.with(at, rest);
  askNext(draft, shard);
  return isLast;
}

/** Sends again what was not answered, and marks what has waited too long. Returns the newly unconfirmed. */
export function tendRelays(draft: Draft): string[] {
  const { state, nowMs } = draft;
  const overdue: string[] = [];
  for (const [at, relay] of state.relays.entries()) {
    if (nowMs >= relay.deadlineAtMs && markUnconfirmed(draft, relay)) overdue.push(relay.commandId);
    if (nowMs < resendAtMs(relay)) continue;
    for (const shard of relay.asked ?? []) sendTo(draft, relay, shard);
    state.relays = state.relays.with(at, { ...relay, sentAtMs: nowMs, sends: relay.sends + 1 });
  }
  return overdue;
}

/** Gives up what is still unanswered: the run closes. Returns the newly unconfirmed. */
export function endRelays(draft: Draft): string[] {
  const { relays } = draft.state;
  draft.state.relays = [];
  return relays.filter((relay) => markUnconfirmed(draft, relay)).map((relay) => relay.commandId);
}

/** The instants at which relays need a look. */
export function relayInstants({ relays }: OrchestratorState): number[] {
  return relays.flatMap((relay) => [resendAtMs(relay), relay.deadlineAtMs]);
}

function resendAtMs({ sentAtMs, sends }: Relay): number {
  return sentAtMs + Math.min(RESEND_MS * 2 ** (sends - 1), RESEND_MAX_MS);
}

/** Asks the shard for its oldest commands, unless it still has some to answer. */
function askNext(draft: Draft, shard: string): void {
  const { state } = draft;
  const own = state.relays.filter((relay) => shard in relay.waiting);
  if (own.some(({ asked }) => asked?.includes(shard))) return;
  const wave = nextWave(own, shard);
  state.relays = state.relays.map((relay) =>
    wave.includes(relay) ? { ...relay, asked: [...(relay.asked ?? []), shard] } : relay,
  );
  for (const relay of wave) sendTo(draft, relay, shard);
}

/** The oldest command; where that is a submission, with those right behind it. */
function nextWave(own: readonly Relay[], shard: string): readonly Relay[] {
  const isSubmission = ({ waiting }: Relay): boolean => waiting[shard]!.name === 'submitJobs';
  let bytes = 0;
  const until = own.findIndex((relay, i) => {
    bytes += relay.bytes;
    return i > 0 && (!isSubmission(own[0]!) || !isSubmission(relay) || bytes > LIMITS.waveBytesMax);
  });
  return own.slice(0, Math.min(until < 0 ? own.length : until, LIMITS.waveCommandsMax));
}

function sendTo(draft: Draft, { waiting }: Relay, shard: string): void {
  const body = waiting[shard];
  if (body) send(draft, shard, { kind: 'command', body });
}

function markUnconfirmed(draft: Draft, { commandId, waiting }: Relay): boolean {
  const record = draft.state.commands.find((each) => each.commandId === commandId);
  if (record?.outcome !== 'received') return false;
  const shard = Object.keys(waiting).join(', ');
  const ms = Math.min(DEADLINE_MS, draft.nowMs - record.receivedAtMs);
  const why = reason('no-answer', { shard, ms });
  note(draft, why);
  changeRecord(draft, commandId, { outcome: 'unconfirmed', effect: explain(why) });
  return true;
}

/** A node that its shard did not take leaves its name to others; one that is there stands in the reports. */
function releaseNode({ state }: Draft, { name, args }: ShardCommand): void {
  if (name !== 'registerNode') return;
  const { [args.node!]: _, ...others } = state.nodeShards;
  state.nodeShards = others;
}

/** What the shard's own answer says about its policy from now on. */
function govern({ state }: Draft, shard: string, { name, args }: ShardCommand): void {
  const now = state.governed[shard];
  if (!now) return;
  const paused =
    name === 'pause' || name === 'fabricPause'
      ? true
      : name === 'fabricResume'
        ? false
        : name === 'resume'
          ? state.fabricPaused
          : now.paused;
  const policy = {
    ...now.policy,
    ...(name === 'updateSpilloverLimit' ? { spilloverLimit: args.limit! } : {}),
    ...(name === 'updateLatencyBudget' ? { latencyBudgetMs: args.ms! } : {}),
  };
  state.governed = { ...state.governed, [shard]: { paused, policy } };
}
