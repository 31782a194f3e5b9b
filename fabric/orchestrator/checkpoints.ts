/**
 * Checkpoints: on a schedule, when the owner asks for one, and before the run closes. The orchestrator
 * raises the epoch, which makes every workflow take its snapshot (see `checkpoint/cut.ts`), gathers what
 * became of them, and has them sealed as one file. One at a time; one that can't be written is given up.
 */
import type { CutPart } from '../checkpoint/cut.ts';
import { LIMITS } from '../limits.ts';
import type { CutReport } from '../messages.ts';
import { explain, reason } from '../reasons.ts';
import { log, note, send, type Draft } from './draft.ts';
import { changeRecord } from './governance.ts';
import type { OrchestratorEffect } from './events.ts';
import type { OrchestratorState } from './state.ts';

/** The chain, and the snapshot, that is the orchestrator's own. */
export const ORCHESTRATOR = 'orchestrator';

/** A checkpoint on disk. */
export interface SealedCheckpoint {
  readonly epoch: number;
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Events in the history of each workflow when its snapshot was taken, by workflow id. */
  readonly positions: Readonly<Record<string, number>>;
}

export type SealEvent =
  | { readonly on: 'sealed'; readonly checkpoint: SealedCheckpoint }
  | { readonly on: 'sealFailed'; readonly epoch: number; readonly why: string };

export interface CheckpointState {
  /** Null where none are written on a schedule. */
  readonly everyMs: number | null;
  readonly nextAtMs: number;
  /** The newest epoch whose snapshots were gathered. */
  readonly epoch: number;
  /** Ledger entries and commands at the newest checkpoint: while they stay the same none is due. */
  readonly mark: number;
  /** Commands that ask for one, and are answered by the next that begins. */
  readonly asked: readonly string[];
  readonly gathering: Gathering | null;
  /** The one before the run closes. */
  readonly last: 'none' | 'wanted' | 'over';
}

interface Gathering {
  readonly sinceMs: number;
  readonly commands: readonly string[];
  /** By shard, and `orchestrator`. */
  readonly parts: Readonly<Record<string, CutPart>>;
  /** All parts are there, and are being sealed. */
  readonly isSealing: boolean;
  /** Its time was over once. */
  readonly isLate: boolean;
  /** It began when the run was to close. */
  readonly isLast: boolean;
}

/** Snapshots and seal are given so long; a workflow without a worker would hold all others up. */
const GATHER_MS = 10_000;
/** Once it is over they get this much more: it may be that everything was stopped meanwhile. */
const GATHER_LATE_MS = 2_000;

export function openCheckpoints(everyMs: number | null, nowMs: number): CheckpointState {
  const nextAtMs = nowMs + (everyMs ?? 0);
  const none = { epoch: 0, mark: 0, asked: [], gathering: null, last: 'none' } as const;
  return { everyMs, nextAtMs, ...none };
}

/** The epoch of a checkpoint that is to begin now; null when none is. */
export function epochDue(state: OrchestratorState, nowMs: number): number | null {
  const { gathering, asked, last } = state.checkpoints;
  if (gathering !== null || state.closed) return null;
  const at = scheduledMs(state);
  const isDue = asked.length > 0 || last === 'wanted' || (at !== null && nowMs >= at);
  return isDue ? state.epoch + 1 : null;
}

/** Notes that a command asks for a checkpoint. False when too many do. */
export function askForCheckpoint({ state }: Draft, commandId: string): boolean {
  const { asked } = state.checkpoints;
  if (asked.length >= LIMITS.relaysMax) return false;
  state.checkpoints = { ...state.checkpoints, asked: [...asked, commandId] };
  return true;
}

/** The run is to close: one more, with all that has come of it. */
export function askForLast({ state }: Draft): void {
  if (state.checkpoints.last === 'none') change(state, { last: 'wanted' });
}

/** True while the run may not close because its last checkpoint is not written. */
export function isLastDue({ checkpoints }: OrchestratorState): boolean {
  return checkpoints.last === 'wanted';
}

/** Takes what a shard, or this workflow itself, says of its snapshot. Returns the commands that are refused. */
export function takePart(draft: Draft, { shard, epoch, part, why }: CutReport): readonly string[] {
  const { gathering } = draft.state.checkpoints;
  if (gathering === null || epoch !== draft.state.checkpoints.epoch) return [];
  if (part === null) return giveUp(draft, `${shard}: ${why}`);
  const parts = { ...gathering.parts, [shard]: part };
  change(draft.state, { gathering: { ...gathering, parts } });
  return [];
}

/** Takes what became of the file. Returns the commands that are done, applied or refused. */
export function takeSeal(draft: Draft, event: SealEvent): readonly string[] {
  const { state, nowMs } = draft;
  const { gathering } = state.checkpoints;
  const epoch = event.on === 'sealed' ? event.checkpoint.epoch : event.epoch;
  if (gathering === null || epoch !== state.checkpoints.epoch) return [];
  if (event.on === 'sealFailed') return giveUp(draft, event.why);
  const { path, sha256, positions } = event.checkpoint;
  log(draft, { type: 'checkpoint', epoch, path, sha256, positions });
  const why = reason('checkpoint-written', { epoch, path });
  note(draft, why);
  for (const id of gathering.commands) {
    changeRecord(draft, id, { outcome: 'applied', appliedAtMs: nowMs, effect: explain(why) });
  }
  return end(draft, gathering);
}

/** Begins to gather a new epoch, and seals what is gathered. Returns the commands that are refused. */
export function tendCheckpoints(draft: Draft): readonly string[] {
  const { state, nowMs } = draft;
  if (state.epoch > state.checkpoints.epoch) begin(draft);
  const { gathering, epoch } = state.checkpoints;
  if (gathering === null) return [];
  const { parts, isSealing, isLate, sinceMs } = gathering;
  const isOver = nowMs >= sinceMs + GATHER_MS;
  if (isOver && isLate) {
    const missing = [ORCHESTRATOR, ...state.shards].filter((chain) => !(chain in parts));
    return giveUp(draft, isSealing ? 'it took too long' : `no snapshot of ${missing.join(', ')}`);
  }
  const seals = !isSealing && Object.keys(parts).length > state.shards.length;
  if (seals) draft.effects.push({ do: 'seal', epoch, parts });
  if (!isOver && !seals) return [];
  const late = isOver ? { isLate: true, sinceMs: nowMs - GATHER_MS + GATHER_LATE_MS } : {};
  change(state, { gathering: { ...gathering, isSealing: isSealing || seals, ...late } });
  return [];
}

/** What a new run of the workflow asks for again. */
export function sealAgain({ checkpoints }: OrchestratorState): readonly OrchestratorEffect[] {
  const { gathering, epoch } = checkpoints;
  return gathering?.isSealing === true ? [{ do: 'seal', epoch, parts: gathering.parts }] : [];
}

/** The instants at which checkpoints need a look. */
export function checkpointInstants(state: OrchestratorState): number[] {
  const { gathering } = state.checkpoints;
  if (gathering !== null) return [gathering.sinceMs + GATHER_MS];
  const at = scheduledMs(state);
  return at === null ? [] : [at];
}

/** When the schedule wants the next; null while nothing has happened since the newest. */
function scheduledMs(state: OrchestratorState): number | null {
  const { everyMs, nextAtMs, mark } = state.checkpoints;
  if (everyMs === null || state.closingAtMs !== null || markOf(state) === mark) return null;
  return nextAtMs;
}

/** A number that rises with all that a checkpoint would hold. */
function markOf({ reports, commands, commandsDropped }: OrchestratorState): number {
  const entries = Object.values(reports).reduce((sum, { ledger }) => sum + ledger.entries, 0);
  return entries + commands.length + commandsDropped;
}

function begin(draft: Draft): void {
  const { state, nowMs } = draft;
  const { asked, last } = state.checkpoints;
  for (const shard of state.shards) send(draft, shard, { kind: 'cut' });
  const isLast = last === 'wanted';
  const gathering = {
    sinceMs: nowMs,
    commands: asked,
    parts: {},
    isSealing: false,
    isLate: false,
    isLast,
  };
  change(state, { epoch: state.epoch, mark: markOf(state), asked: [], gathering });
}

function giveUp(draft: Draft, why: string): readonly string[] {
  const { state } = draft;
  const { gathering, epoch } = state.checkpoints;
  if (gathering === null) return [];
  const because = reason('checkpoint-failed', { epoch, why });
  note(draft, because);
  for (const id of gathering.commands) {
    const refusedBecause = explain(because);
    changeRecord(draft, id, { outcome: 'refused', refusedBecause, effect: 'Nothing changed.' });
  }
  return end(draft, gathering);
}

function end({ state, nowMs }: Draft, { commands, isLast }: Gathering): readonly string[] {
  const { everyMs, last } = state.checkpoints;
  change(state, {
    gathering: null,
    nextAtMs: nowMs + (everyMs ?? 0),
    last: isLast ? 'over' : last,
  });
  return commands;
}

function change(state: Draft['state'], changed: Partial<CheckpointState>): void {
  state.checkpoints = { ...state.checkpoints, ...changed };
}
