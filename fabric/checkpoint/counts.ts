/** Where all jobs of a fabric are at a cut, and whether the sums agree (I2). */
import { queuedJobs } from '../shard/queue.ts';
import type { ShardState } from '../shard/state.ts';
import { isSettled } from '../shard/transfers.ts';

/** Jobs of the whole fabric at a cut. */
export interface CutCounts {
  readonly accepted: number;
  readonly queued: number;
  readonly leased: number;
  /** In a transfer that its target has not taken in: sent and not arrived, or refused and not yet back. */
  readonly inTransit: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
}

/** Counts jobs by where they are in these states of one cut. */
export function cutCounts(shards: readonly ShardState[]): CutCounts {
  const sum = (each: (state: ShardState) => number): number =>
    shards.reduce((total, state) => total + each(state), 0);
  return {
    accepted: sum(({ tally }) => tally.accepted),
    queued: sum(queuedJobs),
    leased: sum(({ leases }) => leases.reduce((jobs, lease) => jobs + lease.jobs, 0)),
    inTransit: sum((origin) =>
      origin.outbox.reduce(
        (jobs, entry) => jobs + (isTakenIn(shards, entry.transfer) ? 0 : entry.jobs),
        0,
      ),
    ),
    completed: sum(({ tally }) => tally.completed),
    failed: sum(({ tally }) => tally.failed),
    cancelled: sum(({ tally }) => tally.cancelled),
  };
}

/** Why the counts can't be those of one cut, in words; null when they balance. */
export function imbalance(counts: CutCounts): string | null {
  const { accepted, queued, leased, inTransit, completed, failed, cancelled } = counts;
  const held = queued + leased + inTransit + completed + failed + cancelled;
  if (accepted === held) return null;
  const parts = `${queued} queued, ${leased} leased, ${inTransit} in transit, ${completed} completed, ${failed} failed, ${cancelled} cancelled`;
  return `${accepted} jobs were accepted and ${held} are accounted for (${parts})`;
}

/** True when the transfer's target has it, so that its jobs are the target's. */
function isTakenIn(
  shards: readonly ShardState[],
  { from, to, no }: { readonly from: string; readonly to: string; readonly no: number },
): boolean {
  const record = shards.find(({ shard }) => shard === to)?.received[from];
  return record !== undefined && isSettled(record, no) && !record.refused.includes(no);
}
