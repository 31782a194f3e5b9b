/**
 * A pool of threads that all run the same agent. A handler computes in its thread as long as it needs
 * and stops nothing else; one that dies or overruns fails its one job, and its thread is replaced.
 */
import { Worker } from 'node:worker_threads';
import type { AgentJob } from '../../agents/agent.ts';
import { LIMITS } from '../../fabric/limits.ts';
import type { JobOutcome } from './adapter.ts';
import { timedOut } from './adapter.ts';
import type { ThreadAnswer, ThreadOrder } from './agent-thread.ts';

export interface ThreadsOrder extends ThreadOrder {
  readonly threads: number;
  /** The most that the JavaScript heap of one thread may grow to. */
  readonly memoryMb: number;
  /** The compiled `agent-thread` module. */
  readonly entry: URL;
}

interface Thread {
  readonly worker: Worker;
  readonly loaded: Promise<void>;
  /** Takes the answer to the job under way, or news of the thread's death. */
  answered: ((outcome: JobOutcome) => void) | null;
  wasLoaded: boolean;
  dead: boolean;
}

/** Why the job under way failed when its thread ended. */
interface Death {
  readonly code: string;
  readonly message: string;
}

/** Before a thread is started again that could not load its agent: trying harder won't mend it. */
const RELOAD_MS = 1_000;

export class AgentThreads {
  readonly #order: ThreadsOrder;
  readonly #threads = new Set<Thread>();
  readonly #free: Thread[] = [];
  readonly #waiting: ((thread: Thread) => void)[] = [];
  #closed = false;

  constructor(order: ThreadsOrder) {
    this.#order = order;
  }

  /** Starts all threads. Rejects when one can't load the agent, with the agent's own words. */
  async open(): Promise<void> {
    const started = Array.from({ length: this.#order.threads }, () => this.#start());
    const loaded = await Promise.allSettled(started.map((thread) => thread.loaded));
    const failed = loaded.find((each) => each.status === 'rejected');
    if (failed === undefined) return;
    await this.close();
    throw failed.reason;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#threads].map(({ worker }) => worker.terminate()));
  }

  /**
   * Runs one job in the next free thread. Past `endByMs` (by `performance.now()`) it fails and its
   * thread is ended. Null when it was abandoned, or no thread came free by then.
   */
  async run(job: AgentJob, endByMs: number, abandoned: AbortSignal): Promise<JobOutcome | null> {
    const thread = await this.#take(endByMs, abandoned);
    if (thread === null) return null;
    if (abandoned.aborted) {
      this.#release(thread);
      return null;
    }
    const startedMs = performance.now();
    return new Promise((resolve) => {
      const overrun = setTimeout(
        () => {
          end(timedOut(performance.now() - startedMs));
          this.#discard(thread);
        },
        Math.max(0, endByMs - startedMs),
      );
      const end = (outcome: JobOutcome | null): void => {
        clearTimeout(overrun);
        abandoned.removeEventListener('abort', leave);
        thread.answered = null;
        resolve(outcome);
      };
      const leave = (): void => {
        end(null);
        this.#discard(thread);
      };
      abandoned.addEventListener('abort', leave);
      thread.answered = (outcome) => {
        end(outcome);
        if (!thread.dead) this.#release(thread);
      };
      thread.worker.postMessage(job);
    });
  }

  #take(endByMs: number, abandoned: AbortSignal): Promise<Thread | null> {
    if (abandoned.aborted) return Promise.resolve(null);
    const free = this.#free.pop();
    if (free !== undefined) return Promise.resolve(free);
    return new Promise((resolve) => {
      const settle = (thread: Thread | null): void => {
        clearTimeout(late);
        abandoned.removeEventListener('abort', leave);
        resolve(thread);
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(settle), 1);
        settle(null);
      };
      const late = setTimeout(leave, Math.max(0, endByMs - performance.now()));
      abandoned.addEventListener('abort', leave);
      this.#waiting.push(settle);
    });
  }

  #release(thread: Thread): void {
    const next = this.#waiting.shift();
    if (next) next(thread);
    else this.#free.push(thread);
  }

  #start(): Thread {
    const { module, builtIn, resultBytesMax, entry, memoryMb } = this.#order;
    const workerData: ThreadOrder = { module, builtIn, resultBytesMax };
    // Past its own limit a thread ends by itself; without one it would take the whole host along.
    const resourceLimits = { maxOldGenerationSizeMb: memoryMb };
    const worker = new Worker(entry, { workerData, resourceLimits });
    let loaded: () => void = () => undefined;
    let unloadable: (error: Error) => void = () => undefined;
    const thread: Thread = {
      worker,
      loaded: new Promise((resolve, reject) => {
        loaded = resolve;
        unloadable = reject;
      }),
      answered: null,
      wasLoaded: false,
      dead: false,
    };
    thread.loaded.catch(() => undefined);
    this.#threads.add(thread);
    worker.on('message', (answer: ThreadAnswer) => {
      if (answer.type === 'loaded') {
        thread.wasLoaded = true;
        loaded();
        this.#release(thread);
      } else if (answer.type === 'unloadable') unloadable(new Error(answer.message));
      else thread.answered?.(outcomeOf(answer));
    });
    let died: Death = { code: 'agent-died', message: 'its thread ended' };
    worker.on('error', (error) => (died = deathOf(error, memoryMb)));
    worker.on('exit', () => {
      unloadable(new Error(died.message));
      this.#gone(thread, died);
    });
    return thread;
  }

  #discard(thread: Thread): void {
    thread.dead = true;
    void thread.worker.terminate();
  }

  #gone(thread: Thread, died: Death): void {
    thread.dead = true;
    this.#threads.delete(thread);
    const at = this.#free.indexOf(thread);
    if (at >= 0) this.#free.splice(at, 1);
    thread.answered?.({ status: 'failed', ...died });
    if (this.#closed) return;
    if (thread.wasLoaded) this.#start();
    else setTimeout(() => !this.#closed && this.#start(), RELOAD_MS).unref();
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

function outcomeOf(answer: Extract<ThreadAnswer, { type: 'completed' | 'failed' }>): JobOutcome {
  if (answer.type === 'completed') {
    return { status: 'completed', result: JSON.parse(answer.json) as unknown };
  }
  const message = answer.message.slice(0, LIMITS.failureMessageCharsMax);
  return { status: 'failed', code: answer.code, message };
}
