/**
 * A pool of threads that all run the same agent. A handler computes in its thread as long as it needs
 * and stops nothing else; one that dies or overruns fails its one job, and its thread is replaced.
 *
 * Jobs go to a thread in batches, since a message each way costs more than a small job does. A batch is made for
 * `BATCH_MS` of work as measured, so slow jobs go one by one.
 */
import type { AdapterRun } from './adapter.ts';
import { agentJob } from './adapter.ts';
import type { AgentJob } from '../../agents/agent.ts';
import type { WorkerOrder } from './agent-worker.ts';
import { AgentWorker } from './agent-worker.ts';
import { BATCH_JOBS_MAX, BATCH_MS } from './answer-page.ts';

export interface ThreadsOrder extends WorkerOrder {
  readonly threads: number;
}

/** Before a thread is started again that could not load its agent: trying harder won't mend it. */
const RELOAD_MS = 1_000;

/** Of all payloads of a batch, roughly, as characters of JSON: they are copied while the host waits. */
const BATCH_CHARS_MAX = 500_000;

export class AgentThreads {
  readonly #order: ThreadsOrder;
  readonly #threads = new Set<AgentWorker>();
  readonly #free: AgentWorker[] = [];
  readonly #waiting: ((thread: AgentWorker) => void)[] = [];
  /** What a job takes, lately. As long as nothing is known, a batch is one job. */
  #meanMs = BATCH_MS;
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
    await Promise.all([...this.#threads].map((thread) => thread.terminate()));
  }

  /**
   * Runs jobs from place `from` on in the next free thread, as many as make a batch, and resolves to how many
   * were tried. Past `endByMs` the one under way fails and its thread is ended. 0 when the run was abandoned, no
   * thread came free by then, or no job may start any more.
   */
  async run(run: AdapterRun, from: number): Promise<number> {
    const { jobs, mayStart, endByMs, abandoned, onDone } = run;
    const thread = await this.#take(endByMs, abandoned);
    if (thread === null) return 0;
    let tried = 0;
    let triedMs = 0;
    try {
      if (abandoned.aborted || !mayStart()) return 0;
      await thread.run({
        jobs: this.#batch(jobs, from),
        endByMs,
        abandoned,
        onDone: (at, outcome, ms) => {
          tried++;
          triedMs += ms;
          onDone(from + at, outcome, ms);
        },
      });
      if (tried > 0) this.#meanMs = (this.#meanMs + triedMs / tried) / 2;
      return tried;
    } finally {
      this.#release(thread);
    }
  }

  #batch(jobs: AdapterRun['jobs'], from: number): AgentJob[] {
    const most = Math.min(BATCH_JOBS_MAX, Math.max(1, Math.floor(BATCH_MS / this.#meanMs)));
    const batch: AgentJob[] = [];
    let chars = 0;
    for (const job of jobs.slice(from, from + most)) {
      chars += charsOf(job.body.payload);
      if (batch.length > 0 && chars > BATCH_CHARS_MAX) break;
      batch.push(agentJob(job));
    }
    return batch;
  }

  #take(endByMs: number, abandoned: AbortSignal): Promise<AgentWorker | null> {
    if (abandoned.aborted) return Promise.resolve(null);
    const free = this.#free.pop();
    if (free !== undefined) return Promise.resolve(free);
    return new Promise((resolve) => {
      const settle = (thread: AgentWorker | null): void => {
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

  #release(thread: AgentWorker): void {
    if (thread.isDead) return;
    const next = this.#waiting.shift();
    if (next) next(thread);
    else this.#free.push(thread);
  }

  #start(): AgentWorker {
    const thread = new AgentWorker(this.#order, () => this.#gone(thread));
    this.#threads.add(thread);
    thread.loaded.then(
      () => this.#release(thread),
      () => undefined,
    );
    return thread;
  }

  #gone(thread: AgentWorker): void {
    this.#threads.delete(thread);
    const at = this.#free.indexOf(thread);
    if (at >= 0) this.#free.splice(at, 1);
    if (this.#closed) return;
    if (thread.wasLoaded) this.#start();
    else setTimeout(() => !this.#closed && this.#start(), RELOAD_MS).unref();
  }
}

/** About how long a value is as JSON. */
function charsOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 8;
  let chars = 0;
  for (const inner of Object.values(value)) chars += 8 + charsOf(inner);
  return chars;
}
