/**
 * One thread as its host sees it: started, handed one batch at a time, its answers read from the memory
 * that both share, whether it says so, ends, dies or overruns.
 */
import { Worker } from 'node:worker_threads';
import type { AgentJob } from '../../agents/agent.ts';
import { LIMITS } from '../../fabric/limits.ts';
import type { JobOutcome } from './adapter.ts';
import { timedOut } from './adapter.ts';
import type { ThreadData, ThreadNews, ThreadOrder } from './agent-thread.ts';
import type { Answer } from './answer-page.ts';
import { AnswerPage } from './answer-page.ts';

export interface WorkerOrder extends Omit<ThreadOrder, 'messageCharsMax'> {
  /** The most that the JavaScript heap of one thread may grow to. */
  readonly memoryMb: number;
  /** The compiled `agent-thread` module. */
  readonly entry: URL;
}

/** Jobs that go to a thread together, in order. */
export interface Batch {
  readonly jobs: readonly AgentJob[];
  /** When the job under way fails as `job-timeout` and the thread is ended, by `performance.now()`. */
  readonly endByMs: number;
  /** Then the thread is ended, and nothing said of the job under way. */
  readonly abandoned: AbortSignal;
  /** Called once for each job that was tried, with its place in `jobs`. */
  readonly onDone: (at: number, outcome: JobOutcome, ms: number) => void;
}

interface BatchUnderWay extends Batch {
  readonly startedMs: number;
  /** Answers that were read, and the time that their jobs took. */
  done: number;
  doneMs: number;
  /** The first thing that `onDone` threw: `run` rejects with it. */
  thrown: { readonly error: unknown } | null;
  readonly end: () => void;
}

/** Why the job under way failed when its thread ended. */
interface Death {
  readonly code: string;
  readonly message: string;
}

export class AgentWorker {
  readonly #worker: Worker;
  readonly #page: AnswerPage;
  #batch: BatchUnderWay | null = null;
  #isDead = false;
  #wasLoaded = false;
  /** Rejects with the agent's own words when it can't be loaded. */
  readonly loaded: Promise<void>;

  /** `onGone` is called once, when the thread has ended, whatever the reason. */
  constructor(order: WorkerOrder, onGone: () => void) {
    const { module, builtIn, resultBytesMax, entry, memoryMb } = order;
    const messageCharsMax = LIMITS.failureMessageCharsMax;
    const answerBytesMax = AnswerPage.answerBytesMax(resultBytesMax, messageCharsMax);
    const memory = AnswerPage.memory(answerBytesMax);
    const of = { module, builtIn, resultBytesMax, messageCharsMax };
    const workerData: ThreadData = { ...of, answerBytesMax, memory };
    // Past its own limit a thread ends by itself; without one it would take the whole host along.
    const resourceLimits = { maxOldGenerationSizeMb: memoryMb };
    this.#page = new AnswerPage(memory);
    this.#worker = new Worker(entry, { workerData, resourceLimits });
    this.loaded = new Promise((resolve, reject) => {
      this.#worker.on('message', (news: ThreadNews) => {
        if (news.type === 'answered') this.#readAnswers();
        else if (news.type === 'unloadable') reject(new Error(news.message));
        else {
          this.#wasLoaded = true;
          resolve();
        }
      });
      let died: Death = { code: 'agent-died', message: 'its thread ended' };
      this.#worker.on('error', (error) => (died = deathOf(error, memoryMb)));
      this.#worker.on('exit', () => {
        reject(new Error(died.message));
        this.#isDead = true;
        this.#stop(() => ({ status: 'failed', ...died }));
        onGone();
      });
    });
    this.loaded.catch(() => undefined);
  }

  get wasLoaded(): boolean {
    return this.#wasLoaded;
  }

  /** Ended or about to: it is not to be handed anything more. */
  get isDead(): boolean {
    return this.#isDead;
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  /**
   * Hands a batch over and resolves, when the thread is through with it or gone, to how many of its jobs
   * were tried: at least one, unless it was abandoned. To be called when no other batch is under way.
   */
  async run(batch: Batch): Promise<number> {
    this.#page.reset();
    this.#worker.postMessage(batch.jobs);
    const startedMs = performance.now();
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const underWay: BatchUnderWay = { ...batch, startedMs, done: 0, doneMs: 0, thrown: null, end };
    this.#batch = underWay;
    const late = setTimeout(() => this.#stop(timedOut), Math.max(0, batch.endByMs - startedMs));
    const leave = (): void => this.#stop(null);
    batch.abandoned.addEventListener('abort', leave);
    await ended;
    clearTimeout(late);
    batch.abandoned.removeEventListener('abort', leave);
    if (underWay.thrown !== null) throw underWay.thrown.error;
    return underWay.done;
  }

  /** Tells of the answers that have come, and ends the batch where the thread has. */
  #readAnswers(): void {
    const batch = this.#batch;
    if (batch === null) return;
    // In this order: of a batch that has ended, all answers are there.
    const { hasEnded, answered } = this.#page;
    while (batch.done < answered) {
      const answer = this.#page.read(batch.done);
      this.#tell(batch, outcomeOf(answer), answer.ms);
    }
    if (hasEnded) this.#end(batch);
  }

  /**
   * Gives the thread up as far as it has come, unless it is through and its news are only on their way. The
   * first job without an answer is the one under way and meets its fate, but not where the thread stood between
   * two jobs. Over the first one of all it was held up or has died, begun or not.
   */
  #stop(fate: ((ms: number) => JobOutcome) | null): void {
    this.#readAnswers();
    const batch = this.#batch;
    if (batch === null) return;
    const isUnderWay = this.#page.begun > batch.done || batch.done === 0;
    if (fate !== null && isUnderWay) {
      const ms = performance.now() - batch.startedMs - batch.doneMs;
      this.#tell(batch, fate(ms), ms);
    }
    this.#isDead = true;
    void this.#worker.terminate();
    this.#end(batch);
  }

  #tell(batch: BatchUnderWay, outcome: JobOutcome, ms: number): void {
    batch.doneMs += ms;
    const at = batch.done++;
    try {
      batch.onDone(at, outcome, ms);
    } catch (error) {
      batch.thrown ??= { error };
    }
  }

  #end(batch: BatchUnderWay): void {
    this.#batch = null;
    batch.end();
  }
}

function deathOf(error: Error, memoryMb: number): Death {
  if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') {
    const message = `its thread held more than ${memoryMb} MB and was ended`;
    return { code: 'memory', message };
  }
  const message = `its thread died: ${error.message}`.slice(0, LIMITS.failureMessageCharsMax);
  return { code: 'agent-died', message };
}

function outcomeOf({ isFailure, json }: Answer): JobOutcome {
  const value = JSON.parse(json) as unknown;
  if (!isFailure) return { status: 'completed', result: value };
  const [code, message] = value as [string, string];
  return { status: 'failed', code, message };
}
