/**
 * The end of a shard. It takes nothing more, calls back what has not started, lets the rest run to its
 * end, waits a while for transfers to be acknowledged, and closes its chain.
 */
import { callBackLeases } from './commands.ts';
import { log, type Draft } from './draft.ts';

/** How long transfers may wait for their acknowledgement; what is left stays recorded as in transit. */
export const CLOSE_GRACE_MS = 5_000;

export function startClosing(draft: Draft): void {
  const { state, nowMs } = draft;
  if (state.closingAtMs !== null) return;
  state.closingAtMs = nowMs;
  state.orders = [];
  callBackLeases(draft);
}

export function closeIfDone(draft: Draft): void {
  const { state, nowMs } = draft;
  if (state.closed || state.closingAtMs === null || state.leases.length > 0) return;
  if (state.outbox.length > 0 && nowMs < state.closingAtMs + CLOSE_GRACE_MS) return;
  state.closed = true;
  log(draft, { type: 'close', tally: state.tally });
}
