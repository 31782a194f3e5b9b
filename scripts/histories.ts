/**
 * Saves the history of every workflow run beside the report, compressed, and reads it again, so that a replay or an audit
 * years later doesn't hang on how long a server keeps what has ended.
 */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { temporal } from '@temporalio/proto';
import type { HistoryPeaks } from '../reporting/history-limits.ts';
import { higherPeaks, NO_PEAKS, peaksOf } from './history-peaks.ts';
import { writeAtomic } from './state.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);
/** `<workflow id>.<n>.json.gz` */
const SAVED = /^(.+)\.(\d+)\.json\.gz$/;

export type History = temporal.api.history.v1.IHistory;

/** What the run cost in history, over all runs of all its workflows. */
export interface HistoryFigures {
  readonly events: number;
  /** As the server counts them. */
  readonly bytes: number;
  /** Workflow runs: one a workflow, and one more for every continue-as-new. */
  readonly runs: number;
  /** How near any of them came to the engine's limits. */
  readonly peaks: HistoryPeaks;
}

/** One workflow run of a run: the `n`th of its workflow, from 1 in order of time. */
export interface RecordedHistory {
  readonly workflowId: string;
  readonly n: number;
  readonly history: History;
}

/** Fetches the histories of all runs of these workflows from the engine, one at a time. */
export async function* fetchHistories(
  client: Client,
  workflows: ReadonlyMap<string, WorkflowHandle>,
): AsyncGenerator<RecordedHistory & { readonly bytes: number }> {
  for (const [workflowId, handle] of workflows) {
    let runId = await firstRunOf(handle);
    for (let n = 1; runId !== null; n++) {
      const run = client.workflow.getHandle(workflowId, runId);
      const [history, described] = await Promise.all([run.fetchHistory(), run.describe()]);
      yield { workflowId, n, history, bytes: described.historySize ?? 0 };
      runId = nextRunOf(history);
    }
  }
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
  const total = { events: 0, bytes: 0, runs: 0, peaks: NO_PEAKS };
  for await (const { workflowId, n, history, bytes } of fetchHistories(client, workflows)) {
    const file = join(folder, `${workflowId}.${n}.json.gz`);
    await writeAtomic(file, await compress(historyToJSON(history)));
    total.events += history.events?.length ?? 0;
    total.bytes += bytes;
    total.runs += 1;
    total.peaks = higherPeaks(total.peaks, peaksOf(history, bytes));
  }
  return total;
}

/** What can't be read is handed on as its reason, so that one bad file hides no other. */
export type ReadHistory =
  RecordedHistory | (Omit<RecordedHistory, 'history'> & { readonly unreadable: string });

/** Reads what `saveHistories` wrote, in order. A folder that is not there holds none. */
export async function* readHistories(folder: string): AsyncGenerator<ReadHistory> {
  for (const { file, workflowId, n } of await savedFiles(folder)) {
    try {
      const text = (await decompress(await readFile(join(folder, file)))).toString();
      yield { workflowId, n, history: historyFromJSON(JSON.parse(text)) };
    } catch (error) {
      yield { workflowId, n, unreadable: error instanceof Error ? error.message : String(error) };
    }
  }
}

/** The run that this one continued as, or null for the last. */
export function nextRunOf({ events }: History): string | null {
  const last = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes;
  return last?.newExecutionRunId ?? null;
}

/** The id that the engine gave this workflow run. */
export function runIdOf({ events }: History): string {
  return events?.[0]?.workflowExecutionStartedEventAttributes?.originalExecutionRunId ?? '';
}

async function savedFiles(folder: string) {
  const files = await readdir(folder).catch(() => []);
  return files
    .flatMap((file) => {
      const [, workflowId, n] = SAVED.exec(file) ?? [];
      return workflowId === undefined ? [] : [{ file, workflowId, n: Number(n) }];
    })
    .sort((a, b) =>
      a.workflowId < b.workflowId ? -1 : a.workflowId > b.workflowId ? 1 : a.n - b.n,
    );
}

async function firstRunOf(handle: WorkflowHandle): Promise<string | null> {
  const { raw, runId } = await handle.describe();
  const first = raw.workflowExecutionInfo?.firstRunId ?? '';
  return first === '' ? runId : first;
}
