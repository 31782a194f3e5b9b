/**
 * Saves the history of every workflow run beside the report, compressed, so that a replay or an audit
 * years later doesn't hang on how long a server keeps what has ended.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { temporal } from '@temporalio/proto';
import { writeAtomic } from './state.ts';

const compress = promisify(gzip);

type History = temporal.api.history.v1.IHistory;

/** What the run cost in history, over all runs of all its workflows. */
export interface HistoryFigures {
  readonly events: number;
  /** As the server counts them. */
  readonly bytes: number;
  /** Workflow runs: one a workflow, and one more for every continue-as-new. */
  readonly runs: number;
}

/**
 * Fetches and writes them as `<folder>/<workflow id>.<n>.json.gz`, n from 1 in order of time. Saved again,
 * a history has grown and takes the place of its beginning.
 */
export async function saveHistories(
  client: Client,
  workflows: ReadonlyMap<string, WorkflowHandle>,
  folder: string,
): Promise<HistoryFigures> {
  await mkdir(folder, { recursive: true });
  const total = { events: 0, bytes: 0, runs: 0 };
  for (const [workflowId, handle] of workflows) {
    let runId = await firstRunOf(handle);
    for (let n = 1; runId !== null; n++) {
      const run = client.workflow.getHandle(workflowId, runId);
      const [history, described] = await Promise.all([run.fetchHistory(), run.describe()]);
      const file = join(folder, `${workflowId}.${n}.json.gz`);
      await writeAtomic(file, await compress(historyToJSON(history)));
      total.events += history.events?.length ?? 0;
      total.bytes += described.historySize ?? 0;
      total.runs += 1;
      runId = nextRunOf(history);
    }
  }
  return total;
}

async function firstRunOf(handle: WorkflowHandle): Promise<string | null> {
  const { raw, runId } = await handle.describe();
  const first = raw.workflowExecutionInfo?.firstRunId ?? '';
  return first === '' ? runId : first;
}

/** The run that this one continued as, or null for the last. */
function nextRunOf({ events }: History): string | null {
  const last = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes;
  return last?.newExecutionRunId ?? null;
}
