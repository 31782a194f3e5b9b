/**
 * What somebody was told is on disk, by the histories of a run: the engine's own record of when an append,
 * a lease or a checkpoint was reported as done. From that instant on, what it names must outlive any loss of power.
 */
import { readHistories, type History } from '../../scripts/histories.ts';
import type { AppendAnswer } from '../../activities/contracts.ts';
import type { Segment } from '../../fabric/ledger.ts';
import type { LeaseResult } from '../../fabric/messages.ts';
import type { SealedCheckpoint } from '../../fabric/orchestrator/checkpoints.ts';

export type Acknowledged = { readonly atMs: number } & (
  | {
      readonly kind: 'group';
      readonly chain: string;
      readonly entries: number;
      readonly head: string;
    }
  | { readonly kind: 'segment'; readonly segment: Segment }
  | { readonly kind: 'checkpoint'; readonly path: string; readonly sha256: string }
);

/** All of a run, in order of time. Throws where a history can't be read. */
export async function acknowledgedIn(folder: string): Promise<Acknowledged[]> {
  const found: Acknowledged[] = [];
  for await (const read of readHistories(folder)) {
    if ('unreadable' in read) throw new Error(read.unreadable);
    const chain = read.workflowId.split('.').at(-1)!;
    found.push(...acknowledgedBy(read.history, chain));
  }
  return found.sort((a, b) => a.atMs - b.atMs);
}

function* acknowledgedBy({ events }: History, chain: string): Generator<Acknowledged> {
  const types = new Map<string, string>();
  for (const event of events ?? []) {
    const name = event.activityTaskScheduledEventAttributes?.activityType?.name;
    if (name) types.set(String(event.eventId), name);
    const done = event.activityTaskCompletedEventAttributes;
    const data = done?.result?.payloads?.[0]?.data;
    if (!done || !data) continue;
    const atMs =
      Number(event.eventTime?.seconds ?? 0) * 1_000 + (event.eventTime?.nanos ?? 0) / 1e6;
    const answer = JSON.parse(Buffer.from(data).toString()) as AppendAnswer &
      LeaseResult &
      SealedCheckpoint;
    const type = types.get(String(done.scheduledEventId));
    if (type === 'appendLedger' && !('unwritable' in answer)) {
      yield { atMs, kind: 'group', chain, entries: answer.throughSeq + 1, head: answer.head };
    } else if (type === 'runLease' && answer.segment !== null) {
      yield { atMs, kind: 'segment', segment: answer.segment };
    } else if (type === 'sealCheckpoint' && !('unwritable' in answer)) {
      yield { atMs, kind: 'checkpoint', path: answer.path, sha256: answer.sha256 };
    }
  }
}
