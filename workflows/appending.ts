/** The activities of the orchestrator's process: pages of feeds, and the ledger. */
import * as wf from '@temporalio/workflow';
import type { AppendInput, AppendOutput, OrchestratorActivities } from '../activities/contracts.ts';

/** Both are repeatable, and a killed process is noticed by its missing beats. */
export function orchestratorActivities(): OrchestratorActivities {
  return wf.proxyActivities<OrchestratorActivities>({
    startToCloseTimeout: '5 minutes',
    heartbeatTimeout: '2s',
    retry: {
      initialInterval: '100ms',
      maximumInterval: '5s',
      nonRetryableErrorTypes: ['IntegrityError'],
    },
  });
}

/**
 * Appends entries. A chain that holds something else under these numbers ends the workflow: what it would
 * go on to do could not be recorded, and only an operator can say what the other writer was.
 */
export function appendEntries(
  { appendLedger }: Pick<OrchestratorActivities, 'appendLedger'>,
  { folder, head, entries }: AppendInput,
  done: (output: AppendOutput) => void,
  fail: (error: Error) => void,
): void {
  void appendLedger({ folder, head, entries }).then(done, (error: unknown) => {
    const cause = error instanceof wf.ActivityFailure ? error.cause : error;
    const why = cause instanceof Error ? cause.message : 'unknown';
    const message = `The ledger in ${folder} can't be continued: ${why}`;
    fail(wf.ApplicationFailure.nonRetryable(message, 'IntegrityError'));
  });
}
