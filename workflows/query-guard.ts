/**
 * Keeps a query from deciding anything. A query that the engine hands to a worker without its cached
 * workflow brings the history along, as far as it is by then: a timer may have fired since the last
 * task, and its own task not have started. The SDK then runs the workflow up to that timer, at the time
 * of the last task, keeps the commands that come of it, and sends them with the timer's task. A replay
 * sees the timer at the time of its own task and decides otherwise, so the workflow could never go on.
 *
 * Such an activation is no replay, has more history than the last one and yet the same time. Refused here,
 * before the workflow sees it, it fails the query alone and drops the cached workflow; the timer's task
 * then replays the whole and goes its ordinary way.
 */
import type { ActivateInput, WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { ASK_AGAIN } from './protocol.ts';

interface Activated {
  readonly historyLength: number;
  readonly time: string;
}

/** True when more has happened since `last` and no task has begun since. */
export function isBetweenTasks(
  last: Activated,
  now: Activated & { readonly isReplaying: boolean },
): boolean {
  return !now.isReplaying && now.historyLength > last.historyLength && now.time === last.time;
}

export const interceptors: WorkflowInterceptorsFactory = () => {
  let last: Activated | null = null;
  const look = ({ activation, batchIndex }: ActivateInput): void => {
    if (batchIndex > 0 || activation.jobs?.some((job) => job.queryWorkflow)) return;
    const { seconds, nanos } = activation.timestamp ?? {};
    const now = {
      historyLength: activation.historyLength ?? 0,
      time: `${String(seconds)}.${String(nanos)}`,
      isReplaying: activation.isReplaying === true,
    };
    if (last !== null && isBetweenTasks(last, now)) throw new Error(ASK_AGAIN);
    last = now;
  };
  return {
    internals: [
      {
        activate: (input, next) => {
          look(input);
          next(input);
        },
      },
    ],
  };
};
