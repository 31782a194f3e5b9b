/** Snapshots and checkpoints as activities; both are repeatable, and a failure of either is an event. */
import * as wf from '@temporalio/workflow';
import type { OrchestratorActivities } from '../activities/contracts.ts';
import type { CutEffect, CutEvent } from '../fabric/checkpoint/cut.ts';
import { checkpointFolder, type RunSpec } from '../fabric/mission/run-spec.ts';
import type { SealEvent } from '../fabric/orchestrator/checkpoints.ts';
import type { OrchestratorEffect } from '../fabric/orchestrator/events.ts';
import { causeOf } from './activity-cause.ts';

/** Far above what writing takes; the orchestrator waits for ten seconds and then gives a checkpoint up. */
const WITHIN = '10s';

const { saveCut, sealCheckpoint } = wf.proxyActivities<OrchestratorActivities>({
  startToCloseTimeout: WITHIN,
  scheduleToCloseTimeout: WITHIN,
  heartbeatTimeout: '1s',
  retry: { initialInterval: '100ms', nonRetryableErrorTypes: ['CheckpointError'] },
});

/** Writes the snapshot of this workflow, with where its history stands. */
export function saveSnapshot(
  spec: RunSpec,
  chain: string,
  { epoch, snapshot }: CutEffect<unknown>,
  happened: (event: CutEvent) => void,
): void {
  const { workflowId, runId: execution, historyLength: events } = wf.workflowInfo();
  const workflow = { workflowId, execution, events, state: snapshot };
  void saveCut({ folder: checkpointFolder(spec), epoch, chain, workflow }).then(
    (answer) =>
      happened(
        'unwritable' in answer
          ? { on: 'cutFailed', epoch, why: answer.unwritable }
          : { on: 'cutWritten', epoch, part: answer },
      ),
    (error: unknown) => happened({ on: 'cutFailed', epoch, why: whyOf(error) }),
  );
}

/** Makes one file of all snapshots of an epoch. */
export function seal(
  spec: RunSpec,
  { epoch, parts }: Extract<OrchestratorEffect, { do: 'seal' }>,
  happened: (event: SealEvent) => void,
): void {
  const input = { folder: checkpointFolder(spec), epoch, parts, spec, atMs: Date.now() };
  void sealCheckpoint(input).then(
    (answer) =>
      happened(
        'unwritable' in answer
          ? { on: 'sealFailed', epoch, why: answer.unwritable }
          : { on: 'sealed', checkpoint: answer },
      ),
    (error: unknown) => happened({ on: 'sealFailed', epoch, why: whyOf(error) }),
  );
}

function whyOf(error: unknown): string {
  const cause = causeOf(error);
  return cause instanceof Error ? cause.message : 'unknown';
}
