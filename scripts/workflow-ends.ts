/**
 * How the workflows of a run end. The orchestrator waits for the reports of a shard and can't tell a
 * silent one from one that is gone, so whoever watches the run asks the server itself: a shard that
 * failed, or that somebody terminated, would otherwise hold the run up for ever.
 */
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { RunFailedError } from './exit-code.ts';
import type { FabricAccess } from './fabric-access.ts';
import type { OrchestratorResult, RunWorkflows } from './start-workflows.ts';

type ByServer = Pick<FabricAccess, 'call' | 'client'>;

/** States of a workflow that has ended without a result, in words. */
const ENDED_BADLY: Readonly<Record<string, string>> = {
  FAILED: 'failed',
  TERMINATED: 'was terminated',
  TIMED_OUT: 'timed out',
  CANCELLED: 'was cancelled',
};

interface Seen {
  readonly workflowId: string;
  /** As the server names it, `GONE` where it knows none, `UNKNOWN` where it doesn't answer. */
  readonly state: string;
  /** The workflow's current run. */
  readonly runId: string;
}

/** Looks up every workflow of a run that is not closing yet; to be asked again and again. */
export class EarlyEnds {
  readonly #access: ByServer;
  readonly #workflows: RunWorkflows;
  /** Shards that were found to have ended in order at the last look. */
  #inOrder: ReadonlySet<string> = new Set();

  constructor(access: ByServer, workflows: RunWorkflows) {
    this.#access = access;
    this.#workflows = workflows;
  }

  /**
   * Throws RunFailedError with the workflow's name and why it ended when a shard has ended before the
   * run is closed. A shard that ended in order counts from the second look on, since the run may have
   * begun to close between the caller's own look and this one. A server that doesn't answer proves nothing.
   */
  async refuse(): Promise<void> {
    const { all, orchestrator } = this.#workflows;
    const shards = [...all].filter(([, handle]) => handle !== orchestrator);
    const seen = await Promise.all(shards.map(([id, handle]) => this.#look(id, handle)));
    for (const { workflowId, state, runId } of seen) {
      if (state === 'GONE') throw gone(workflowId);
      const how = ENDED_BADLY[state];
      if (how !== undefined) throw endedBadly(workflowId, how, await this.#why(workflowId, runId));
    }
    const inOrder = seen.filter(({ state }) => state === 'COMPLETED');
    const again = inOrder.find(({ workflowId }) => this.#inOrder.has(workflowId));
    if (again !== undefined) throw endedBadly(again.workflowId, 'ended', 'the run was not closed');
    this.#inOrder = new Set(inOrder.map(({ workflowId }) => workflowId));
  }

  async #look(workflowId: string, handle: WorkflowHandle): Promise<Seen> {
    try {
      const { status, runId } = await this.#access.call(() => handle.describe());
      return { workflowId, state: status.name, runId };
    } catch (error) {
      const state = error instanceof WorkflowNotFoundError ? 'GONE' : 'UNKNOWN';
      return { workflowId, state, runId: '' };
    }
  }

  /** Asks the run that ended, and not the first of what may be many; in doubt says that nothing is known. */
  async #why(workflowId: string, runId: string): Promise<string> {
    const { call, client } = this.#access;
    try {
      await call(() => client.workflow.getHandle(workflowId, runId).result());
      return 'no cause is recorded';
    } catch (error) {
      if (error instanceof WorkflowFailedError) return deepestMessage(error);
      return 'its cause could not be fetched';
    }
  }
}

/** Resolves once every workflow of the run has ended. Throws RunFailedError at the first that failed. */
export async function allResults(workflows: RunWorkflows): Promise<OrchestratorResult> {
  const results = await Promise.all(
    [...workflows.all].map(async ([workflowId, handle]) => {
      try {
        const result: unknown = await handle.result();
        return handle === workflows.orchestrator ? (result as OrchestratorResult) : null;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) throw gone(workflowId);
        if (!(error instanceof WorkflowFailedError)) throw error;
        throw endedBadly(workflowId, 'did not end in order', deepestMessage(error));
      }
    }),
  );
  return results.find((result) => result !== null)!;
}

function endedBadly(workflowId: string, how: string, why: string): RunFailedError {
  return new RunFailedError(`The workflow ${workflowId} ${how}: ${why}`);
}

function gone(workflowId: string): RunFailedError {
  return endedBadly(workflowId, 'is gone', 'the server does not know it any more');
}

/** What happened, rather than that a workflow or an activity failed over it. */
function deepestMessage(error: Error): string {
  let deepest = error;
  while (deepest.cause instanceof Error) deepest = deepest.cause;
  return deepest.message;
}
