/**
 * The end of a shard. It takes nothing more, calls back what has not started, lets the rest run to its
 * end, waits a while for transfers to be acknowledged, cancels what is still queued, and closes its chain.
 */
import { callBackLeases } from './commands.ts';
import { size } from '../ordinals.ts';
import { explain, reason } from '../reasons.ts';
import { count, log, note, type Draft } from './draft.ts';
import { refOf, releaseBodies } from './queue.ts';
import { isAwaited } from './transfers.ts';

export function startClosing(draft: Draft): void {
  const { state, nowMs } = draft;
  if (state.closingAtMs !== null) return;
  state.closingAtMs = nowMs;
  state.orders = [];
  state.outbox = state.outbox.map((entry) => ({ ...entry, sends: Math.min(entry.sends, 1) }));
  callBackLeases(draft);
}

export function closeIfDone(draft: Draft): void {
  const { state, nowMs } = draft;
  if (state.closed || state.closingAtMs === null || state.leases.length > 0) return;
  if (state.outbox.some((entry) => isAwaited(entry, nowMs))) return;
  cancelQueued(draft);
  state.closed = true;
  log(draft, { type: 'close', tally: state.tally });
}

/** What is still queued gets its outcome: nobody will do it any more. */
function cancelQueued(draft: Draft): void {
  const { state } = draft;
  if (state.queue.length === 0) return;
  let jobs = 0;
  for (const { page, ordinals, value } of state.queue) {
    const cancelled = size(ordinals);
    jobs += cancelled;
    releaseBodies(draft, page, cancelled);
    count(draft, { cancelled, valueCancelled: cancelled * value });
  }
  const why = reason('closed-before-done', { jobs });
  log(draft, { type: 'cancel', why: explain(why), jobs: state.queue.map(refOf) });
  note(draft, why);
  state.queue = [];
}
