/**
 * Keeps one process of the fabric alive: started with a pipe on its standard input, by which it notices
 * the loss of its supervisor, and started again, ever less eagerly, when it dies. Each has a process
 * group of its own, so that Ctrl-C in a terminal reaches only the supervisor, which ends them in order.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { RunFailedError } from './exit-code.ts';

const BACK_OFF_FIRST_MS = 200;
const BACK_OFF_MAX_MS = 5_000;
/** A process that lived this long starts the back-off anew. */
const SETTLED_MS = 30_000;
/** Deaths before it was ready even once: it can't be started here, and more tries won't mend that. */
const FIRST_STARTS_MAX = 3;
const LOG_TAIL_LINES = 5;

/** What to run. */
export interface ProcessOrder {
  /** For people: `orchestrator`, `node host`. */
  readonly role: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Absolute; both outputs are appended to it. */
  readonly logFile: string;
  /** Called whenever the process was started, again included. */
  readonly onStart?: (pid: number) => void;
  /** Called whenever it said `ready`. */
  readonly onReady?: () => void;
  /** Called when it died unasked. */
  readonly onDeath?: (how: string, nextStartMs: number) => void;
}

export interface SupervisedProcess {
  /** Resolves when it first said `ready`; rejects when it can't be started. */
  readonly ready: Promise<void>;
  /** SIGTERM, then SIGKILL after `graceMs`. Resolves when it is gone; it isn't started again. */
  stop(graceMs: number): Promise<void>;
  /**
   * SIGKILL, as a fault of a mission: no reason to hesitate with the next start, which follows at once,
   * or not at all when `again` is false. `struck` is called in the instant of the kill.
   */
  kill(again: boolean, struck?: () => void): Promise<void>;
  /** Resolves once the process that runs now, or is started next, has said `ready`. */
  whenReady(): Promise<void>;
  /**
   * Halts the process as it runs now with SIGSTOP, and returns what lets it go on. Halted several times
   * over, it goes on with the last of them.
   */
  halt(): () => void;
}

/** Starts the process and keeps it alive until `stop`. */
export function superviseProcess(order: ProcessOrder): SupervisedProcess {
  mkdirSync(dirname(order.logFile), { recursive: true });
  const supervisor = new Supervisor(order);
  supervisor.start();
  return supervisor;
}

class Supervisor implements SupervisedProcess {
  readonly ready: Promise<void>;
  readonly #order: ProcessOrder;
  #becameReady: () => void = () => undefined;
  #gaveUp: (error: Error) => void = () => undefined;
  #child: ChildProcess | null = null;
  /** Who halts the child, one object for each. */
  #halts = new Set<object>();
  #exited: Promise<void> = Promise.resolve();
  #restart: NodeJS.Timeout | null = null;
  #stopping = false;
  #killed = false;
  #isReady = false;
  #waiting: (() => void)[] = [];
  #wasReady = false;
  #deaths = 0;

  constructor(order: ProcessOrder) {
    this.#order = order;
    this.ready = new Promise((resolve, reject) => {
      this.#becameReady = resolve;
      this.#gaveUp = reject;
    });
    this.ready.catch(() => undefined);
  }

  start(): void {
    const { command, args, env, logFile, onStart } = this.#order;
    const log = openSync(logFile, 'a');
    const startedMs = Date.now();
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', log], env, detached: true });
    this.#child = child;
    this.#halts = new Set();
    this.#isReady = false;
    let said: string | null = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      keep(log, chunk);
      if (said === null) return;
      said = (said + chunk.toString()).slice(-4_096);
      if (!/^ready\b/m.test(said)) return;
      said = null;
      this.#nowReady();
    });
    // The pipe breaks when the process dies first; its death is handled below.
    child.stdin?.on('error', () => undefined);
    this.#exited = new Promise((resolve) => {
      const ended = (how: string): void => {
        if (this.#child !== child) return;
        this.#child = null;
        closeSync(log);
        this.#died(how, Date.now() - startedMs);
        resolve();
      };
      child.once('error', (error) => ended(error.message));
      child.once('close', (code, signal) => ended(signal ?? `exit code ${code}`));
    });
    if (child.pid !== undefined) onStart?.(child.pid);
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    if (this.#restart !== null) clearTimeout(this.#restart);
    this.#gaveUp(new RunFailedError(`the ${this.#order.role} process was ended`));
    const child = this.#child;
    if (child === null) return;
    child.kill('SIGTERM');
    // One that a fault has halted would not hear of it.
    child.kill('SIGCONT');
    const deadline = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await this.#exited;
    clearTimeout(deadline);
  }

  async kill(again: boolean, struck?: () => void): Promise<void> {
    if (this.#restart !== null) {
      clearTimeout(this.#restart);
      this.#restart = null;
      if (again) this.start();
    }
    if (!again) this.#stopping = true;
    this.#killed = true;
    struck?.();
    this.#child?.kill('SIGKILL');
    await this.#exited;
  }

  async whenReady(): Promise<void> {
    if (!this.#isReady) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  halt(): () => void {
    const child = this.#child;
    const halts = this.#halts;
    const halt = {};
    halts.add(halt);
    child?.kill('SIGSTOP');
    return () => {
      if (halts.delete(halt) && halts.size === 0) child?.kill('SIGCONT');
    };
  }

  #nowReady(): void {
    this.#wasReady = true;
    this.#isReady = true;
    for (const resolve of this.#waiting.splice(0)) resolve();
    this.#becameReady();
    this.#order.onReady?.();
  }

  #died(how: string, livedMs: number): void {
    if (this.#stopping) return;
    if (this.#killed) {
      this.#killed = false;
      this.#order.onDeath?.(how, 0);
      return this.start();
    }
    this.#deaths = livedMs >= SETTLED_MS ? 1 : this.#deaths + 1;
    if (!this.#wasReady && this.#deaths >= FIRST_STARTS_MAX) {
      this.#stopping = true;
      return this.#gaveUp(new RunFailedError(this.#cannotStart(how)));
    }
    const nextMs = backOffMs(this.#deaths);
    this.#order.onDeath?.(how, nextMs);
    this.#restart = setTimeout(() => {
      this.#restart = null;
      this.start();
    }, nextMs);
  }

  #cannotStart(how: string): string {
    const { role, logFile } = this.#order;
    const tail = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES);
    return [`The ${role} process can't be started (${how}). Its log, ${logFile}, ends with:`]
      .concat(tail.map((line) => `  ${line}`))
      .join('\n');
  }
}

/** The first death is an accident, as a kill is, and waits for nothing. */
function backOffMs(deaths: number): number {
  return deaths === 1 ? 0 : Math.min(BACK_OFF_FIRST_MS * 2 ** (deaths - 2), BACK_OFF_MAX_MS);
}

/** A full disk takes no log, and that is no reason to end what is logged: it is lost, and the process goes on. */
function keep(log: number, chunk: Buffer): void {
  try {
    writeSync(log, chunk);
  } catch {
    return;
  }
}
