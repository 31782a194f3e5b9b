/** What the shards report: the newest report of each counts, whatever the order they arrive in. */
import { LIMITS } from '../limits.ts';
import type { LoadReport } from '../messages.ts';
import { recordDirect } from './commands.ts';
import { send, type Draft } from './draft.ts';
import { depthKept } from './plan.ts';
import { watchStranded } from './planning.ts';
import type { OrchestratorState } from './state.ts';
import { allEnded } from './status.ts';

export function takeReport(draft: Draft, report: LoadReport): void {
  const { state } = draft;
  const { shard } = report;
  const before = state.reports[shard];
  if (!state.shards.includes(shard) || (before && before.seq >= report.seq)) return;
  state.reports = { ...state.reports, [shard]: report };
  state.openOrders = state.openOrders.filter(
    (open) => open.from !== shard || open.order.plan > report.planSeen,
  );
  const { paused, policy } = report;
  state.governed = { ...state.governed, [shard]: { paused, policy } };
  for (const { command, answer } of report.direct) recordDirect(draft, command, answer);
  // A shard that can take work now is news to those above their limits, just as their own crossing is.
  const takes = report.jobsPerSecond > 0 && !(before && before.jobsPerSecond > 0);
  if (takes || (isOver(report) && !(before && isOver(before)))) draft.planNow = true;
  watchStranded(draft, shard);
  addPoint(draft, report);
}

/** So long nothing may move before shards are asked whether a report of theirs was lost; then less often. */
const SILENCE_MS = 5_000;
const SILENCE_MAX_MS = 60_000;

/** Asks all shards for news when there is work and nothing moves. */
export function askWhenStill(draft: Draft): void {
  const { state, nowMs } = draft;
  // Where all work has ended nobody is silent, however long: the wait begins when there is work again.
  const count = allEnded(state) ? null : movement(state);
  if (count === null || count !== state.progress.count) {
    state.progress = { atMs: nowMs, count, asks: 0 };
  }
  const askAt = askAtMs(state);
  if (askAt === null || nowMs < askAt) return;
  for (const shard of state.shards) send(draft, shard, { kind: 'ask' });
  state.progress = { atMs: nowMs, count, asks: state.progress.asks + 1 };
}

/**
 * When shards are asked next, or null while all work has ended: after 5, 15, 35 and 75 s, and then every
 * minute. Each wait counts from the ask before it, so that none is made up for after a time without workers.
 */
export function askAtMs(state: OrchestratorState): number | null {
  if (state.closingAtMs !== null || allEnded(state)) return null;
  const { atMs, asks } = state.progress;
  return atMs + Math.min(SILENCE_MS * 2 ** asks, SILENCE_MAX_MS);
}

/** A number that rises whenever a job is taken in, moved or ended. */
function movement({ reports }: OrchestratorState): number {
  return Object.values(reports).reduce((sum, { tally }) => {
    const { accepted, refused, completed, failed, retried, spilledIn, leasesGranted } = tally;
    return sum + accepted + refused + completed + failed + retried + spilledIn + leasesGranted;
  }, 0);
}

function isOver(report: LoadReport): boolean {
  return report.queued > depthKept(report);
}

/** A point of the depth's curve. A full curve loses every second point and takes them half as often. */
function addPoint({ state }: Draft, { shard, queued, atMs }: LoadReport): void {
  const points = state.series[shard] ?? [];
  const at = atMs - state.startedAtMs;
  const last = points.at(-1);
  if (last && at - last[0] < state.seriesEveryMs && (last[1] === 0) === (queued === 0)) return;
  const added = [...points, [at, queued] as const];
  if (added.length <= LIMITS.seriesPointsMax) {
    state.series = { ...state.series, [shard]: added };
    return;
  }
  state.seriesEveryMs *= 2;
  state.series = { ...state.series, [shard]: added.filter((_, i) => i % 2 === 0) };
}
