/**
 * Replays recorded histories through the workflow code as it is now: every task is run again with what had
 * come in by then, and has to ask for what it asked for then. Nothing reaches an engine.
 */
import { DefaultLogger, Runtime, Worker, type ReplayWorkerOptions } from '@temporalio/worker';
import { bundlePath, payloadConverterPath } from '../workers/workflow-bundle.ts';
import { nextRunOf, runIdOf, type History, type ReadHistory } from './histories.ts';

/** What became of one workflow run: `why` it could not be replayed, null when all came out as recorded. */
export interface Replayed {
  readonly workflowId: string;
  readonly n: number;
  readonly events: number;
  readonly why: string | null;
}

const REASON_CHARS_MAX = 400;

/** With the prebuilt bundle, as the orchestrator's process runs it. */
export const ownCode: ReplayWorkerOptions = {
  workflowBundle: { codePath: bundlePath },
  dataConverter: { payloadConverterPath },
};

let isQuiet = false;

/**
 * Replays them with one worker, which reads on while it replays, so they come out in the order in which they
 * are done. A history that does not follow on the one before it (a file between them is missing, or was
 * swapped) is an entry with a reason as well, and so is one that can't be read.
 */
export async function* replayHistories(
  histories: AsyncIterable<ReadHistory>,
  code: ReplayWorkerOptions = ownCode,
): AsyncGenerator<Replayed> {
  beQuiet();
  const known = new Map<string, Omit<Replayed, 'why'>>();
  const unfit: Replayed[] = [];
  for await (const { runId, error } of Worker.runReplayHistories(
    code,
    sifted(histories, known, unfit),
  )) {
    yield* unfit.splice(0);
    const about = known.get(runId);
    if (about) yield { ...about, why: error === undefined ? null : reasonOf(error) };
  }
  yield* unfit;
}

/** Hands on what can be replayed, and notes what it was and what can't. */
async function* sifted(
  histories: AsyncIterable<ReadHistory>,
  known: Map<string, Omit<Replayed, 'why'>>,
  unfit: Replayed[],
): AsyncGenerator<{ workflowId: string; history: History }> {
  let before = null as Before | null;
  for await (const read of histories) {
    const { workflowId, n } = read;
    if (before?.workflowId !== workflowId) unfit.push(...missingAfter(before));
    if ('unreadable' in read) {
      before = null;
      unfit.push({ workflowId, n, events: 0, why: `it can't be read: ${read.unreadable}` });
      continue;
    }
    const { history } = read;
    const runId = runIdOf(history);
    const gap = gapBefore(before, workflowId, n, runId);
    if (gap !== null) unfit.push({ workflowId, n, events: 0, why: gap });
    before = { workflowId, n, next: nextRunOf(history) };
    known.set(runId, { workflowId, n, events: history.events?.length ?? 0 });
    yield { workflowId, history };
  }
  unfit.push(...missingAfter(before));
}

/** The run that the last one of a workflow continued as, where that is nowhere. */
function missingAfter(before: Before | null): Replayed[] {
  if (before === null || before.next === null) return [];
  const { workflowId, n } = before;
  return [
    { workflowId, n: n + 1, events: 0, why: `it is missing, though run ${n} continued as it` },
  ];
}

interface Before {
  readonly workflowId: string;
  readonly n: number;
  /** The run that this one continued as. */
  readonly next: string | null;
}

function gapBefore(
  before: Before | null,
  workflowId: string,
  n: number,
  runId: string,
): string | null {
  const isSame = before?.workflowId === workflowId;
  if (!isSame) return n === 1 || before === null ? null : `its first ${n - 1} runs are missing`;
  if (n !== before.n + 1) return `run ${before.n + 1} of it is missing`;
  return before.next === runId ? null : `it does not follow on run ${before.n}`;
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\s+/g, ' ').slice(0, REASON_CHARS_MAX);
}

/** What does not come out as recorded is told once, by the command; the SDK would add its own lines. */
function beQuiet(): void {
  if (isQuiet) return;
  isQuiet = true;
  try {
    const logger = new DefaultLogger('ERROR', () => undefined);
    const filter = 'OFF';
    Runtime.install({ logger, telemetryOptions: { logging: { filter, forward: {} } } });
  } catch {
    // A program that replays beside other work has its own.
  }
}
