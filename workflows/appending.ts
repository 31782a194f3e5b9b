/** The activities of the orchestrator's process: pages of feeds, the ledger, and what is on disk of results. */
import * as wf from '@temporalio/workflow';
import type { AppendAnswer, AppendInput, OrchestratorActivities } from '../activities/contracts.ts';
import { causeOf } from './activity-cause.ts';

/** About a minute and a half: by then a page that can't be read has no feed to come from any more. */
const PULL_ATTEMPTS_MAX = 20;

/** A lost node's jobs wait for it: should the disk not answer by then they run again. */
const READ_BACK_WITHIN = '3s';

type RecordActivities = Pick<OrchestratorActivities, 'appendLedger' | 'pullPage' | 'readBack'>;

/** All are repeatable, and a killed process is noticed by its missing beats. */
export function orchestratorActivities(): RecordActivities {
  const options: wf.ActivityOptions = {
    startToCloseTimeout: '5 minutes',
    heartbeatTimeout: '1s',
    retry: {
      initialInterval: '100ms',
      maximumInterval: '5s',
      nonRetryableErrorTypes: ['IntegrityError'],
    },
  };
  const { appendLedger } = wf.proxyActivities<OrchestratorActivities>(options);
  const { pullPage } = wf.proxyActivities<OrchestratorActivities>({
    ...options,
    retry: { ...options.retry, maximumAttempts: PULL_ATTEMPTS_MAX },
  });
  const { readBack } = wf.proxyActivities<OrchestratorActivities>({
    ...options,
    scheduleToCloseTimeout: READ_BACK_WITHIN,
  });
  return { appendLedger, pullPage, readBack };
}

type AppendEvent =
  | { readonly on: 'appended'; readonly throughSeq: number; readonly head: string }
  | { readonly on: 'appendFailed'; readonly why: string };

/**
 * Appends entries, and tells what came of it. A chain that holds something else under these numbers ends the workflow: what it would
 * go on to do could not be recorded, and only an operator can say what the other writer was.
 */
export function appendEntries(
  { appendLedger }: Pick<RecordActivities, 'appendLedger'>,
  { folder, head, entries }: AppendInput,
  happened: (event: AppendEvent) => void,
  fail: (error: Error) => void,
): void {
  const told = (answer: AppendAnswer): void => happened(appendEvent(answer));
  void appendLedger({ folder, head, entries }).then(told, (error: unknown) => {
    const cause = causeOf(error);
    const why = cause instanceof Error ? cause.message : 'unknown';
    const message = `The ledger in ${folder} can't be continued: ${why}`;
    fail(wf.ApplicationFailure.nonRetryable(message, 'IntegrityError'));
  });
}

function appendEvent(answer: AppendAnswer): AppendEvent {
  if ('unwritable' in answer) return { on: 'appendFailed', why: answer.unwritable };
  return { on: 'appended', ...answer };
}
