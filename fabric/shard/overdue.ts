/**
 * Leases that are out longer than they should be. A node may never have heard of one: the engine took it for
 * begun and was killed before it said so. So the node is asked for it again, under the same fence; its desk
 * attaches to what it knows and begins what it doesn't.
 */
import { reason } from '../reasons.ts';
import { note, type Draft } from './draft.ts';
import { isWithFormer } from './former.ts';
import { grantOf } from './grant.ts';
import type { Lease, ShardState } from './state.ts';

/** So many times as long as its jobs should take: it may wait behind another, and means are only means. */
const PATIENCE_TIMES = 4;
/** Below this, in ms, asking would cost more than waiting does. */
const PATIENCE_MS_MIN = 3_000;

/** How long a lease is waited for that should take `workMs`, in ms, before its node is asked again. */
export function patienceMs(workMs: number): number {
  return Math.max(PATIENCE_MS_MIN, Math.ceil(PATIENCE_TIMES * workMs));
}

/** Asks nodes that are heard for what should be over by now. */
export function askForOverdue(draft: Draft): void {
  const { state, nowMs } = draft;
  for (const lease of state.leases) {
    if ((dueMs(state, lease) ?? Infinity) > nowMs) continue;
    const { lease: number, node: id, grantedAtMs } = lease;
    if (state.nodes.find(({ spec }) => spec.id === id)?.state !== 'ready') continue;
    if (isWithFormer(state, lease)) continue;
    askAgain(draft, lease);
    note(draft, reason('lease-asked-again', { lease: number, node: id, ms: nowMs - grantedAtMs }));
  }
}

/** Asks for a lease again, and the next time not before it is twice as old. */
export function askAgain(draft: Draft, { lease: number, grantedAtMs }: Lease): void {
  const { state, nowMs, effects } = draft;
  const askAtMs = nowMs + Math.max(nowMs - grantedAtMs, PATIENCE_MS_MIN);
  state.leases = state.leases.map((each) => (each.lease === number ? { ...each, askAtMs } : each));
  effects.push({ do: 'lease', grant: grantOf(state, number) });
}

/** When leases become overdue. */
export function overdueInstants(state: ShardState): number[] {
  return state.leases.map((lease) => dueMs(state, lease)).filter((at) => at !== null);
}

/** Null where it is given up before. */
function dueMs(
  { fabricPolicy: { leaseTimeoutMs } }: ShardState,
  { askAtMs, grantedAtMs }: Lease,
): number | null {
  return askAtMs === undefined || askAtMs >= grantedAtMs + leaseTimeoutMs ? null : askAtMs;
}
