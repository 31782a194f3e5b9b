/** When a shard has to look again though nothing happens to it: the one timer that its shell keeps. */
import { appendAtMs } from '../ledger.ts';
import { mayDispatch } from './draft.ts';
import { arrivalMs, arrivedJobs } from './feeds.ts';
import { queueDepth, turnAtMs } from './report.ts';
import { nodeInstants } from './node-service.ts';
import { overdueInstants } from './overdue.ts';
import type { ShardState } from './state.ts';
import { resendAtMs } from './transfers.ts';
import { holdInstants } from './unwritten.ts';

/** Jobs that arrive one by one are gathered for so long: every look costs the engine a few events. */
const ARRIVALS_GATHER_MS = 100;

/** The next instant later than now at which time alone changes something; null when none does. */
export function nextWake(state: ShardState, nowMs: number): number | null {
  const { report, fabricPolicy } = state;
  const tickMs = report.sentAtMs + fabricPolicy.tickMs;
  const instants: number[] = [];
  if (report.due || queueDepth(state, nowMs) !== report.depth) instants.push(tickMs);
  instants.push(turnAtMs(state) ?? nowMs);
  for (const feed of state.feeds) {
    const arrived = arrivedJobs(feed, nowMs);
    if (feed.failure !== null || arrived >= feed.spec.total) continue;
    const at = Math.max(arrivalMs(feed, arrived), nowMs + ARRIVALS_GATHER_MS);
    instants.push(mayDispatch(state) ? at : Math.max(at, tickMs));
  }
  const isClosing = state.closingAtMs !== null;
  for (const entry of state.outbox) {
    if (entry.sends > 0) instants.push(resendAtMs(entry, isClosing));
  }
  if (mayDispatch(state)) for (const jobs of state.queue) instants.push(jobs.notBeforeMs);
  if (mayDispatch(state) && state.queue.length > 0) instants.push(...holdInstants(state));
  for (const pending of state.pendingPauses) instants.push(pending.dueAtMs);
  instants.push(...nodeInstants(state.nodes), ...overdueInstants(state));
  instants.push(appendAtMs(state.ledger) ?? nowMs);
  const later = instants.filter((at) => at > nowMs);
  return later.length > 0 ? Math.min(...later) : null;
}
