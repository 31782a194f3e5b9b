/**
 * The status that anybody may read without asking the workflow: shown when something has changed, at most
 * twice a second, and at once when the fabric enters another phase. Readers find it with the workflow's
 * description, which the engine gives also while no worker runs.
 */
import { jsonBytes } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import type { Draft } from './draft.ts';
import type { OrchestratorState } from './state.ts';
import { fabricStatus, phase, type FabricStatus } from './status.ts';

/** A status, and the instant at which it was true. */
export interface ShownStatus {
  readonly atMs: number;
  readonly status: FabricStatus;
}

const SHOW_EVERY_MS = 500;

export function showIfDue(draft: Draft): void {
  const { state, nowMs } = draft;
  const now = phase(state);
  const isNewPhase = now !== state.shown.phase;
  if (!isNewPhase && (!state.shown.due || nowMs < state.shown.atMs + SHOW_EVERY_MS)) return;
  state.shown = { atMs: nowMs, phase: now, due: false };
  draft.effects.push({ do: 'show', shown: { atMs: nowMs, status: statusToShow(state) } });
}

/** When the next look at it is due; null while nothing has changed. */
export function showAtMs({ shown, closed }: OrchestratorState): number | null {
  return shown.due && !closed ? shown.atMs + SHOW_EVERY_MS : null;
}

/** Without the curves, which only a report needs; of a very large fabric without its nodes. */
function statusToShow(state: OrchestratorState): FabricStatus {
  const status = { ...fabricStatus(state), series: {} };
  if (jsonBytes(status) <= LIMITS.shownBytesMax) return status;
  const shards = Object.entries(status.shards).map(
    ([shard, report]) =>
      [shard, { ...report, nodes: [], demand: [], skillSets: [], direct: [] }] as const,
  );
  return { ...status, shards: Object.fromEntries(shards), decisions: [] };
}
