/** What the shards report: the newest report of each counts, whatever the order they arrive in. */
import { LIMITS } from '../limits.ts';
import type { LoadReport } from '../messages.ts';
import { recordDirect } from './commands.ts';
import type { Draft } from './draft.ts';
import { depthKept } from './plan.ts';
import { watchStranded } from './planning.ts';

export function takeReport(draft: Draft, report: LoadReport): void {
  const { state } = draft;
  const { shard } = report;
  const before = state.reports[shard];
  if (before && before.seq >= report.seq) return;
  state.reports = { ...state.reports, [shard]: report };
  state.openOrders = state.openOrders.filter(
    (open) => open.from !== shard || open.order.plan > report.planSeen,
  );
  const { paused, policy } = report;
  state.governed = { ...state.governed, [shard]: { paused, policy } };
  for (const { command, answer } of report.direct) recordDirect(draft, command, answer);
  if (isOver(report) && !(before && isOver(before))) draft.planNow = true;
  watchStranded(draft, shard);
  addPoint(draft, report);
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
