/**
 * The owner's commands: received → applied, or refused because. Each is recorded the moment it comes,
 * relayed to the shards it is for, and done when all of them have answered. A command id is carried out
 * once, however often it comes.
 */
import type { CommandAnswer, ShardCommand } from '../messages.ts';
import { LIMITS } from '../limits.ts';
import { counted, explain, reason, type Reason } from '../reasons.ts';
import {
  parseCommand,
  type CommandArgs,
  type ParsedCommand,
  type RelayedCommandName,
} from './command-schema.ts';
import { askForCheckpoint, askForLast } from './checkpoints.ts';
import { addressCommand, nodeObstacle, type Addressed } from './addressing.ts';
import { log, note, type Draft } from './draft.ts';
import { addRecord, changeRecord, takeSnapshot, trimAnswers } from './governance.ts';
import { openRelay, relayBytes, settleRelay } from './relays.ts';
import type { CommandRecord, OrchestratorState } from './state.ts';

export interface OwnerCommand {
  readonly name: string;
  readonly input: unknown;
  readonly via: 'signal' | 'update' | 'timeline';
  readonly fallbackId: string;
}

/** Takes a command in, whatever was sent. */
export function takeOwnerCommand(draft: Draft, command: OwnerCommand): void {
  const { name, via } = command;
  const parsed = parseCommand(name, command.input, command.fallbackId);
  if (!openCommand(draft, name, parsed, via)) return;
  const { commandId } = parsed;
  const problem = parsed.problem ?? obstacle(draft.state, name, parsed.args!);
  if (problem !== null) return refuse(draft, commandId, problem);
  if (name === 'checkpoint') return takeCheckpoint(draft, commandId);
  const { fabricPaused, submittedIds, nodeShards } = draft.state;
  const { relayed, refusedJobs } = addressCommand(draft, name as RelayedCommandName, parsed);
  const bytes = relayBytes(relayed);
  const why = noRoom(draft.state, relayed, refusedJobs, bytes);
  if (why !== null) {
    // What is refused changes nothing: not a switch, and no id is taken by a job or a node that was not.
    Object.assign(draft.state, { fabricPaused, submittedIds, nodeShards });
    return refuse(draft, commandId, why);
  }
  if (refusedJobs.length > 0) takeAnswer(draft, refusalOf(draft, commandId, refusedJobs));
  if (name === 'setTickInterval') setTick(draft, parsed.args!.seconds!);
  openRelay(draft, commandId, relayed, bytes);
}

/** Sends a command that was received before to its shards once more; those that know it say what came of it. */
export function relayAgain(draft: Draft, record: CommandRecord): void {
  const { commandId, name, by, reason: why, args } = record;
  const parsed = { commandId, by, reason: why, args: args as CommandArgs, problem: null };
  const { relayed } = addressCommand(draft, name as RelayedCommandName, parsed);
  openRelay(draft, commandId, relayed, relayBytes(relayed));
}

/** No shard is told: it is done when the file is written. */
function takeCheckpoint(draft: Draft, commandId: string): void {
  if (askForCheckpoint(draft, commandId)) return;
  refuse(draft, commandId, reason('too-many-commands', { open: LIMITS.relaysMax, bytes: 0 }));
}

/** Takes the order to end the run. It is carried out at once; what it stops is told by the shards. */
export function takeClose(
  draft: Draft,
  { input, fallbackId }: Pick<OwnerCommand, 'input' | 'fallbackId'>,
): void {
  const { state, nowMs } = draft;
  // It takes what `pauseAll` takes: who, why, and an id.
  const { args: _, ...sender } = parseCommand('pauseAll', input, fallbackId);
  if (!openCommand(draft, 'close', { ...sender, args: {} }, 'signal')) return;
  const { commandId, problem } = sender;
  if (problem !== null || state.closingAtMs !== null) {
    return refuse(draft, commandId, problem ?? reason('closing'));
  }
  state.closingAtMs = nowMs;
  askForLast(draft);
  const effect = explain(reason('closes'));
  changeRecord(draft, commandId, { outcome: 'applied', appliedAtMs: nowMs, effect });
  logOutcome(draft, commandId);
}

/** Records that a command has come. False when its id was seen before: what became of that one stands. */
function openCommand(
  draft: Draft,
  name: string,
  parsed: ParsedCommand,
  via: OwnerCommand['via'],
): boolean {
  const { commandId } = parsed;
  if (draft.state.commands.some((each) => each.commandId === commandId)) {
    note(draft, reason('duplicate-command', { commandId }));
    return false;
  }
  addRecord(draft, openRecord(draft, name, parsed, via));
  logOutcome(draft, commandId);
  return true;
}

/** Why a command that is sound can't be relayed now, or null. */
function noRoom(
  { relays }: OrchestratorState,
  relayed: Addressed['relayed'],
  refusedJobs: Addressed['refusedJobs'],
  bytes: number,
): Reason | null {
  if (Object.keys(relayed).length === 0) {
    return reason('bad-arguments', { problem: refusedJobs[0]?.because ?? 'nothing to do' });
  }
  const limit = LIMITS.relayBytesMax;
  if (bytes > limit) return reason('command-too-large', { bytes, limit });
  const waiting = relays.reduce((sum, relay) => sum + relay.bytes, 0);
  if (relays.length < LIMITS.relaysMax && waiting + bytes <= limit) return null;
  return reason('too-many-commands', { open: relays.length, bytes: waiting });
}

/** Takes a shard's answer; the last one missing completes the command. */
export function takeAnswer(draft: Draft, answer: CommandAnswer): void {
  const { state } = draft;
  const record = state.commands.find((each) => each.commandId === answer.commandId);
  if (!record || record.answers.some((each) => each.shard === answer.shard)) return;
  changeRecord(draft, answer.commandId, { answers: [...record.answers, answer] });
  if (answer.accepted ?? answer.refused) trimAnswers(draft);
  if (answer.shard === '') return;
  const { shard, afterSeq } = answer;
  state.reportsAwaited = { ...state.reportsAwaited, [shard]: afterSeq };
  if (settleRelay(draft, answer)) complete(draft, answer.commandId);
}

/** Records a command that a shard took by itself. */
export function recordDirect(draft: Draft, command: ShardCommand, answer: CommandAnswer): void {
  const { commandId, name, by, reason: why } = command;
  if (draft.state.commands.some((each) => each.commandId === commandId)) return;
  const { effect, appliedAtMs, outcome, because } = answer;
  addRecord(draft, {
    commandId,
    name,
    args: { shard: answer.shard },
    by,
    reason: why,
    via: 'shard',
    receivedAtMs: appliedAtMs,
    appliedAtMs: outcome === 'applied' ? appliedAtMs : null,
    outcome,
    refusedBecause: because ?? null,
    effect,
    answers: [answer],
  });
  logOutcome(draft, commandId);
  if (outcome === 'applied') takeSnapshot(draft, commandId);
}

/** Why no command can be taken now, or null. */
function obstacle(state: OrchestratorState, name: string, args: CommandArgs): Reason | null {
  if (state.closingAtMs !== null) return reason('closing');
  const named = [args.shard, ...(args.jobs ?? []).map((job) => job.shard)];
  const unknown = named.find((shard) => shard !== undefined && !state.shards.includes(shard));
  if (unknown !== undefined) {
    return reason('unknown-shard', { shard: unknown, shards: state.shards.join(', ') });
  }
  return args.node === undefined ? null : nodeObstacle(state, name, args.node, args.shard);
}

/** A refusal by the orchestrator itself, as an answer of no shard. */
function refusalOf(
  { nowMs }: Draft,
  commandId: string,
  refused: readonly { id: string; because: string }[],
): CommandAnswer {
  const effect = `${counted(refused.length, 'job')} refused before any shard saw ${refused.length === 1 ? 'it' : 'them'}.`;
  const answer = { commandId, shard: '', outcome: 'refused', effect, refused } as const;
  return { ...answer, appliedAtMs: nowMs, afterSeq: 0 };
}

function setTick({ state, nowMs }: Draft, seconds: number): void {
  state.tickMs = Math.round(seconds * 1000);
  state.nextTickAtMs = Math.min(state.nextTickAtMs, nowMs + state.tickMs);
}

/** Ends a command that can't be carried out. */
export function refuse(draft: Draft, commandId: string, why: Reason): void {
  const refusedBecause = explain(why);
  note(draft, why);
  changeRecord(draft, commandId, {
    outcome: 'refused',
    refusedBecause,
    effect: 'Nothing changed.',
  });
  logOutcome(draft, commandId);
}

/** Ends a command that every shard it is for has answered. */
export function complete(draft: Draft, commandId: string): void {
  const { state, nowMs } = draft;
  const record = state.commands.find((each) => each.commandId === commandId);
  if (!record) return;
  // A shard may refuse what the orchestrator could not know better.
  const isRefused = record.answers.every(({ outcome }) => outcome === 'refused');
  changeRecord(draft, commandId, {
    outcome: isRefused ? 'refused' : 'applied',
    appliedAtMs: isRefused ? null : nowMs,
    refusedBecause: isRefused ? (record.answers[0]?.because ?? null) : null,
    effect: effectOf(state.shards, record.answers),
  });
  logOutcome(draft, commandId);
  if (record.name !== 'submitJobs') takeSnapshot(draft, commandId);
}

/** What the shards say they changed, in the order of the mission; those that say the same, together. */
function effectOf(shards: readonly string[], answers: readonly CommandAnswer[]): string {
  const byEffect = new Map<string, string[]>();
  for (const { shard, effect } of answers.toSorted(
    (a, b) => shards.indexOf(a.shard) - shards.indexOf(b.shard),
  )) {
    byEffect.set(effect, [...(byEffect.get(effect) ?? []), ...(shard === '' ? [] : [shard])]);
  }
  return [...byEffect]
    .map(([effect, said]) => (said.length === 0 ? effect : `${said.join(', ')}: ${effect}`))
    .join(' ');
}

/** The outcome of a command as it stands, for the ledger. */
export function logOutcome(draft: Draft, commandId: string): void {
  const record = draft.state.commands.find((each) => each.commandId === commandId);
  if (!record) return;
  const { name, args, by, reason: why, via, outcome, refusedBecause, effect } = record;
  const because = refusedBecause === null ? {} : { because: refusedBecause };
  log(draft, {
    type: 'command',
    commandId,
    name,
    args,
    by,
    reason: why,
    via,
    outcome,
    effect,
    ...because,
  });
}

function openRecord(
  { nowMs }: Draft,
  name: string,
  { commandId, by, reason: why, args }: ParsedCommand,
  via: OwnerCommand['via'],
): CommandRecord {
  const { jobs, ...rest } = args ?? {};
  return {
    commandId,
    name: name.slice(0, 64),
    args: jobs ? { ...rest, jobs: jobs.length } : rest,
    by,
    reason: why,
    via,
    receivedAtMs: nowMs,
    appliedAtMs: null,
    outcome: 'received',
    refusedBecause: null,
    effect: '',
    answers: [],
  };
}
