/**
 * What somebody was told is on disk, by the histories of a run. The engine's own record says when an append,
 * a lease or a checkpoint was reported as done: the files it names were there before. It says as well when a worker
 * had got a task, and with it all that had happened before. From that instant on, this must outlive any loss of power.
 *
 * An event's own time is no such instant: it is taken before the event is written. Nor is the start of a task
 * that the worker whose answer made it gets in return: it is written together with what came before it.
 */
import { runIdOf, type RecordedHistory } from '../../scripts/histories.ts';
import type { AppendAnswer } from '../../activities/contracts.ts';
import type { Segment } from '../../fabric/ledger.ts';
import type { LeaseResult } from '../../fabric/messages.ts';
import type { SealedCheckpoint } from '../../fabric/orchestrator/checkpoints.ts';

/** A group of the ledger, and the events that ask for it and tell of its answer. */
export interface AppendedGroup {
  readonly kind: 'group';
  readonly atMs: number;
  readonly runId: string;
  readonly askedIn: number;
  readonly answeredIn: number;
  readonly chain: string;
  readonly entries: number;
  readonly head: string;
}

/** A workflow run's events up to this one, by the run id that the engine gave it. */
export interface ToldEvents {
  readonly kind: 'events';
  readonly atMs: number;
  readonly runId: string;
  readonly through: number;
}

export type Acknowledged =
  | AppendedGroup
  | ToldEvents
  | { readonly kind: 'segment'; readonly atMs: number; readonly segment: Segment }
  | {
      readonly kind: 'checkpoint';
      readonly atMs: number;
      readonly path: string;
      readonly sha256: string;
    };

/** All of a run, in order of time; at `endedMs` its histories had been read whole. */
export function acknowledgedIn(
  histories: readonly RecordedHistory[],
  endedMs: number,
): Acknowledged[] {
  return histories
    .flatMap((each): Acknowledged[] => {
      const runId = runIdOf(each.history);
      const through = each.history.events?.length ?? 0;
      return [...acknowledgedBy(each, runId), { kind: 'events', atMs: endedMs, runId, through }];
    })
    .sort((a, b) => a.atMs - b.atMs);
}

function* acknowledgedBy(
  { workflowId, history }: RecordedHistory,
  runId: string,
): Generator<Acknowledged> {
  const chain = workflowId.split('.').at(-1)!;
  const scheduled = new Map<number, { readonly type: string; readonly taskQueue: string }>();
  let ownTaskQueue = '';
  for (const event of history.events ?? []) {
    const eventId = Number(event.eventId);
    const { seconds, nanos } = event.eventTime ?? {};
    const atMs = Number(seconds ?? 0) * 1_000 + (nanos ?? 0) / 1e6;
    const opened = event.workflowExecutionStartedEventAttributes;
    if (opened) ownTaskQueue = opened.taskQueue?.name ?? '';
    const asked = event.activityTaskScheduledEventAttributes;
    if (asked) {
      const [type, taskQueue] = [asked.activityType?.name ?? '', asked.taskQueue?.name ?? ''];
      scheduled.set(eventId, { type, taskQueue });
    }
    const decided = event.workflowTaskCompletedEventAttributes;
    if (decided) {
      yield { kind: 'events', atMs, runId, through: Number(decided.scheduledEventId) - 1 };
    }
    const begun = event.activityTaskStartedEventAttributes;
    if (begun) {
      const through = Number(begun.scheduledEventId);
      // In return for its answer a worker gets tasks of its own queue alone.
      if (scheduled.get(through)!.taskQueue !== ownTaskQueue) {
        yield { kind: 'events', atMs, runId, through };
      }
    }
    const done = event.activityTaskCompletedEventAttributes;
    const data = done?.result?.payloads?.[0]?.data;
    if (!done || !data) continue;
    const askedIn = Number(done.scheduledEventId);
    yield { kind: 'events', atMs, runId, through: askedIn };
    const answer = JSON.parse(Buffer.from(data).toString()) as AppendAnswer &
      LeaseResult &
      SealedCheckpoint;
    const { type } = scheduled.get(askedIn)!;
    if (type === 'appendLedger' && !('unwritable' in answer)) {
      const { throughSeq, head } = answer;
      const group = { chain, entries: throughSeq + 1, head };
      yield { kind: 'group', atMs, runId, askedIn, answeredIn: eventId, ...group };
    } else if (type === 'runLease' && answer.segment !== null) {
      yield { kind: 'segment', atMs, segment: answer.segment };
    } else if (type === 'sealCheckpoint' && !('unwritable' in answer)) {
      yield { kind: 'checkpoint', atMs, path: answer.path, sha256: answer.sha256 };
    }
  }
}
