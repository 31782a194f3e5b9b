/** The process of a contender as the benchmark sees it: orders go in and answers come out as JSON lines. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageFolder } from '../../scripts/mission/mission-file.ts';
import type { PathName, Settings } from './contender.ts';
import { ownServerEnv } from './stores/temporal.ts';

export interface PeerOrder {
  readonly jobsFile: string;
  readonly path: PathName;
  readonly handlerMs: number;
  /** `work`: submits nothing, and does what lies in the store. */
  readonly role: 'drive' | 'work';
  /** Its own; whatever it writes belongs there. */
  readonly folder: string;
  readonly store: Readonly<Record<string, string | number>>;
  readonly settings: Settings;
}

/** What it answers to each order; `bench/peers/line.mjs` has the other end. */
export interface Answers {
  readonly ready: object;
  readonly run: {
    readonly startedAtMs: number;
    readonly endedAtMs: number;
    readonly elapsedMs: number;
    /** Outcomes that were confirmed more than once. */
    readonly confirmedTwice: number;
  };
  readonly openLoop: { readonly latenciesMs: readonly number[]; readonly confirmedTwice: number };
  /** Work was submitted in bulk, and the first outcome came. */
  readonly begin: object;
  readonly firstOutcome: { readonly atMs: number };
  /** Only of those that supervise themselves. */
  readonly killWorker: { readonly afterMs: number };
  readonly results: { readonly historyBytes: number | null };
  readonly close: object;
}

interface Waiting {
  readonly name: keyof Answers;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

const LOG_TAIL_LINES = 8;

export class PeerProcess {
  readonly #child: ChildProcess;
  readonly #logFile: string;
  readonly #exited: Promise<void>;
  #waiting: Waiting[] = [];
  #why: string | null = null;
  #hasEnded = false;
  /** Resolves once it is connected and its worker waits for jobs. */
  readonly ready: Promise<object>;
  /** Told while it works. */
  onProgress: (ended: number) => void = () => undefined;

  constructor(module: string, order: PeerOrder) {
    this.#logFile = join(order.folder, `${order.role}.log`);
    const log = openSync(this.#logFile, 'a');
    const file = join(packageFolder(), 'bench', 'peers', module);
    this.#child = spawn(process.execPath, [file, JSON.stringify(order)], {
      stdio: ['pipe', 'pipe', log],
      cwd: order.folder,
      env: ownServerEnv(),
    });
    closeSync(log);
    this.#child.stdin?.on('error', () => undefined);
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#take(line));
    this.#exited = new Promise((resolve) => {
      this.#child.once('close', () => {
        this.#hasEnded = true;
        for (const { reject } of this.#waiting.splice(0)) reject(this.#death());
        resolve();
      });
    });
    this.ready = this.#answer('ready');
    this.ready.catch(() => undefined);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Gives an order and waits for its answer. Rejects when the process ends instead. */
  async ask<Name extends keyof Answers>(name: Name, args: object = {}): Promise<Answers[Name]> {
    const answer = this.#answer(name);
    this.#child.stdin?.write(`${JSON.stringify({ do: name, ...args })}\n`);
    return await answer;
  }

  /** Ends it at once; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** Ends it in order, or at once when that takes longer than `graceMs`. */
  async close(graceMs: number): Promise<void> {
    const late = setTimeout(() => this.#child.kill('SIGKILL'), graceMs);
    await this.ask('close').catch(() => undefined);
    await this.#exited;
    clearTimeout(late);
  }

  #answer<Name extends keyof Answers>(name: Name): Promise<Answers[Name]> {
    return new Promise((resolve, reject) => {
      if (this.#hasEnded) reject(this.#death());
      else this.#waiting.push({ name, resolve, reject });
    });
  }

  #take(line: string): void {
    // A library may print what it likes on standard output.
    if (!line.startsWith('{"event":')) return;
    const { event, ...rest } = JSON.parse(line) as { event: string; ended?: number; why?: string };
    if (event === 'progress') this.onProgress(rest.ended ?? 0);
    else if (event === 'failed') this.#why = rest.why ?? null;
    const at = this.#waiting.findIndex(({ name }) => name === event);
    if (at >= 0) this.#waiting.splice(at, 1)[0]!.resolve(rest as never);
  }

  #death(): Error {
    const tail = readFileSync(this.#logFile, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES);
    return new Error(`its process ended: ${this.#why ?? tail.join('\n')}`);
  }
}
