/**
 * The owner's commands: received → applied, or refused because. Each is recorded the moment it comes,
 * relayed to the shards it is for, and done when all of them have answered. A command id is carried out
 * once, however often it comes.
 */
import type { CommandAnswer, ShardCommand, SubmittedJob } from '../messages.ts';
import { LIMITS } from '../limits.ts';
import { explain, reason, type Reason } from '../reasons.ts';
import { someCanDo } from '../shard/skills.ts';
import {
  parseCommand,
  type CommandArgs,
  type OwnerCommandName,
  type ParsedCommand,
} from './command-schema.ts';
import { log, note, type Draft } from './draft.ts';
import { addRecord, changeRecord, takeSnapshot } from './governance.ts';
import { openRelay, relayBytes, settleRelay } from './relays.ts';
import type { CommandRecord, OrchestratorState } from './state.ts';
import { admitIds } from './submitted-ids.ts';

export interface OwnerCommand {
  readonly name: string;
  readonly input: unknown;
  readonly via: 'signal' | 'update' | 'timeline';
  readonly fallbackId: string;
}

interface Dispatched {
  readonly relayed: Readonly<Record<string, ShardCommand>>;
  /** Jobs that were refused before any shard saw them. */
  readonly refusedJobs: readonly { id: string; because: string }[];
}

/** Takes a command in, whatever was sent. */
export function takeOwnerCommand(draft: Draft, command: OwnerCommand): void {
  const { state } = draft;
  const { name, via } = command;
  const parsed = parseCommand(name, command.input, command.fallbackId);
  const { commandId } = parsed;
  if (state.commands.some((each) => each.commandId === commandId)) {
    note(draft, reason('duplicate-command', { commandId }));
    return;
  }
  addRecord(draft, openRecord(draft, name, parsed, via));
  const problem = parsed.problem ?? obstacle(state, parsed.args!);
  if (problem !== null) return refuse(draft, commandId, problem);
  const { relayed, refusedJobs } = dispatchCommand(draft, name as OwnerCommandName, parsed);
  if (refusedJobs.length > 0) {
    takeAnswer(draft, refusalOf(draft, commandId, refusedJobs));
  }
  if (Object.keys(relayed).length === 0) {
    const first = refusedJobs[0]?.because ?? 'nothing to do';
    return refuse(draft, commandId, reason('bad-arguments', { problem: first }));
  }
  const bytes = relayBytes(relayed);
  const waitingBytes = state.relays.reduce((sum, relay) => sum + relay.bytes, 0);
  if (state.relays.length >= LIMITS.relaysMax || waitingBytes + bytes > LIMITS.relayBytesMax) {
    const open = state.relays.length;
    return refuse(draft, commandId, reason('too-many-commands', { open, bytes: waitingBytes }));
  }
  if (name === 'setTickInterval') setTick(draft, parsed.args!.seconds!);
  openRelay(draft, commandId, relayed, bytes);
}

/** Takes a shard's answer; the last one missing completes the command. */
export function takeAnswer(draft: Draft, answer: CommandAnswer): void {
  const { state } = draft;
  const record = state.commands.find((each) => each.commandId === answer.commandId);
  if (!record || record.answers.some((each) => each.shard === answer.shard)) return;
  changeRecord(draft, answer.commandId, { answers: [...record.answers, answer] });
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
function obstacle(state: OrchestratorState, args: CommandArgs): Reason | null {
  if (state.closingAtMs !== null) return reason('closing');
  const named = [args.shard, ...(args.jobs ?? []).map((job) => job.shard)];
  const unknown = named.find((shard) => shard !== undefined && !state.shards.includes(shard));
  if (unknown === undefined) return null;
  return reason('unknown-shard', { shard: unknown, shards: state.shards.join(', ') });
}

function dispatchCommand(
  draft: Draft,
  name: OwnerCommandName,
  { commandId, by, reason: why, args }: ParsedCommand,
): Dispatched {
  const { shards } = draft.state;
  const { shard, jobs, ...rest } = args!;
  const command = (shardName: ShardCommand['name'], own: ShardCommand['args']): ShardCommand => ({
    commandId,
    name: shardName,
    args: own,
    by,
    reason: why,
    via: 'orchestrator',
  });
  const toAll = (shardName: ShardCommand['name']): Dispatched => ({
    relayed: Object.fromEntries(shards.map((each) => [each, command(shardName, rest)])),
    refusedJobs: [],
  });
  const toOne = (shardName: ShardCommand['name']): Dispatched => ({
    relayed: { [shard!]: command(shardName, rest) },
    refusedJobs: [],
  });
  switch (name) {
    case 'pauseAll':
      draft.state.fabricPaused = true;
      return toAll('fabricPause');
    case 'resumeAll':
      draft.state.fabricPaused = false;
      return toAll('fabricResume');
    case 'pauseShard':
      return toOne('pause');
    case 'resumeShard':
      return toOne('resume');
    case 'setTickInterval':
      return toAll('setTickInterval');
    case 'updateSpilloverLimit':
    case 'updateLatencyBudget':
      return toOne(name);
    case 'submitJobs':
      return dispatchJobs(draft, jobs!, (own) => command('submitJobs', { jobs: own }));
  }
}

/** Jobs to the shards they name; those that name none to where they fit best now. */
function dispatchJobs(
  draft: Draft,
  jobs: readonly SubmittedJob[],
  command: (jobs: readonly SubmittedJob[]) => ShardCommand,
): Dispatched {
  const { admitted, refusedJobs } = admitIds(draft, jobs);
  const byShard = new Map<string, SubmittedJob[]>();
  for (const job of admitted) {
    const shard = job.shard ?? emptiestFor(draft.state, job.skills);
    byShard.set(shard, [...(byShard.get(shard) ?? []), job]);
  }
  const relayed = [...byShard].map(([shard, own]) => [shard, command(own)] as const);
  return { relayed: Object.fromEntries(relayed), refusedJobs };
}

/** The shard with the shortest queue for its limit among those whose nodes have the skills. */
function emptiestFor({ shards, reports }: OrchestratorState, skills: readonly string[]): string {
  const filled = (shard: string): number => {
    const report = reports[shard];
    if (!report) return Number.MAX_VALUE;
    const able = someCanDo(report.skillSets, skills);
    const share = report.queued / Math.max(report.policy.spilloverLimit, 1);
    return able && !report.paused ? share : 1e6 + share;
  };
  return shards.reduce((best, shard) => (filled(shard) < filled(best) ? shard : best), shards[0]!);
}

/** A refusal by the orchestrator itself, as an answer of no shard. */
function refusalOf(
  { nowMs }: Draft,
  commandId: string,
  refused: readonly { id: string; because: string }[],
): CommandAnswer {
  const effect = `${refused.length} jobs refused: their ids are there already.`;
  const answer = { commandId, shard: '', outcome: 'refused', effect, refused } as const;
  return { ...answer, appliedAtMs: nowMs, afterSeq: 0 };
}

function setTick({ state, nowMs }: Draft, seconds: number): void {
  state.tickMs = Math.round(seconds * 1000);
  state.nextTickAtMs = Math.min(state.nextTickAtMs, nowMs + state.tickMs);
}

function refuse(draft: Draft, commandId: string, why: Reason): void {
  const refusedBecause = explain(why);
  note(draft, why);
  changeRecord(draft, commandId, {
    outcome: 'refused',
    refusedBecause,
    effect: 'Nothing changed.',
  });
  logOutcome(draft, commandId);
}

function complete(draft: Draft, commandId: string): void {
  const { state, nowMs } = draft;
  const record = state.commands.find((each) => each.commandId === commandId);
  if (!record) return;
  const effects = record.answers
    .toSorted((a, b) => state.shards.indexOf(a.shard) - state.shards.indexOf(b.shard))
    .map(({ shard, effect }) => (shard === '' ? effect : `${shard}: ${effect}`));
  changeRecord(draft, commandId, {
    outcome: 'applied',
    appliedAtMs: nowMs,
    refusedBecause: null,
    effect: effects.join(' '),
  });
  logOutcome(draft, commandId);
  if (record.name !== 'submitJobs') takeSnapshot(draft, commandId);
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
