/**
 * One job as a process, from its start to its outcome. It leads a process group of its own, which is killed
 * when it ends, whichever way, so that nothing it started stays behind. It waits at a gate until the
 * reaper knows of it: at no instant could the death of this process leave it running.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import type { AgentJob } from '../../agents/agent.ts';
import { LIMITS } from '../../fabric/limits.ts';
import type { CommandSpec } from '../../fabric/mission/run-spec.ts';
import type { JobOutcome } from './adapter.ts';
import { timedOut } from './adapter.ts';
import type { GroupMemory } from './group-memory.ts';
import type { GroupReaper } from './group-reaper.ts';

export interface CommandHost {
  readonly spec: CommandSpec;
  /** All that the command is given. */
  readonly env: NodeJS.ProcessEnv;
  readonly reaper: GroupReaper;
  readonly memory: GroupMemory;
}

/** `read` takes one line and not a byte more; without one, nobody is left to run for. */
const GATE = 'read -r gate || exit 127; exec "$@"';
/** SIGTERM first, which a container's client passes on; then SIGKILL. */
const TERM_GRACE_MS = 500;
/** A process that left the group may hold the output open for ever. */
const OUTPUT_GRACE_MS = 500;
const STDERR_BYTES_KEPT = 4_096;
const PRINTED_CHARS_SHOWN = 60;
/** What Node prints behind an error that nobody caught; the error itself stands before it. */
const NOISE = /^(at .*(:\d+\)?|<anonymous>\))|Node\.js v\d.*|\^+)$/;
const MEGABYTE = 1_048_576;

type Failed = Extract<JobOutcome, { status: 'failed' }>;

export class CommandProcess {
  /**
   * Resolves when the process is gone. Failures are `exit-<code>`, `killed-<signal>`, `timed-out`,
   * `job-timeout` (its lease left it no more), `memory`, `output-too-large`, `bad-result`, `not-started`
   * and, after `abandon`, `abandoned`.
   */
  readonly outcome: Promise<JobOutcome>;
  readonly #host: CommandHost;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #startedMs = performance.now();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #printed: Buffer[] = [];
  #printedBytes = 0;
  #stderr: Buffer = Buffer.alloc(0);
  /** Why it was ended from here; the first reason counts. */
  #because: Failed | null = null;

  constructor(host: CommandHost, job: AgentJob, endByMs: number) {
    this.#host = host;
    const { command, folder } = host.spec;
    this.#child = spawn('/bin/sh', ['-c', GATE, 'sh', ...command], {
      cwd: folder,
      env: host.env,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.outcome = this.#live(job, endByMs);
  }

  /** Ends it; what it would have come to is nobody's concern any more. */
  abandon(): void {
    this.#end(failed('abandoned', 'the node leaves'));
  }

  async #live(job: AgentJob, endByMs: number): Promise<JobOutcome> {
    const { reaper, memory, spec } = this.#host;
    const gone = this.#gone();
    const group = this.#child.pid;
    // Without a process there are no streams either.
    if (group === undefined) return await gone;
    this.#listen();
    await reaper.hold(group);
    this.#open(job);
    this.#timeOut(endByMs);
    const megabytes = spec.memoryMb;
    const forget = memory.watch(group, megabytes * MEGABYTE, (bytes) => {
      const message = `its processes held ${Math.round(bytes / MEGABYTE)} MB; at most ${megabytes} are allowed`;
      this.#end(failed('memory', message), 'SIGKILL');
    });
    const outcome = await gone;
    forget();
    reaper.release(group);
    return outcome;
  }

  /** Resolves to the outcome when the process has ended and its output is read. */
  #gone(): Promise<JobOutcome> {
    return new Promise((resolve) => {
      const settle = (code: number | null, signal: NodeJS.Signals | null): void => {
        for (const timer of this.#timers) clearTimeout(timer);
        resolve(this.#outcomeOf(code, signal));
      };
      this.#child.once('error', (error) => {
        this.#because ??= failed('not-started', error.message);
        settle(null, null);
      });
      this.#child.once('exit', () => {
        this.#kill('SIGKILL');
        const { stdout, stderr } = this.#child;
        const streams = [stdout, stderr];
        this.#after(OUTPUT_GRACE_MS, () => streams.forEach((stream) => stream.destroy()));
      });
      this.#child.once('close', settle);
    });
  }

  #listen(): void {
    const { stdin, stdout, stderr } = this.#child;
    const { outputBytesMax } = this.#host.spec;
    // A job that never reads its input breaks the pipe, and may be done all the same.
    for (const stream of [stdin, stdout, stderr]) stream.on('error', () => undefined);
    stdout.on('data', (chunk: Buffer) => {
      this.#printedBytes += chunk.length;
      if (this.#printedBytes <= outputBytesMax) return void this.#printed.push(chunk);
      const message = `it printed more than ${outputBytesMax} bytes`;
      this.#end(failed('output-too-large', message), 'SIGKILL');
    });
    stderr.on('data', (chunk: Buffer) => {
      this.#stderr = Buffer.concat([this.#stderr, chunk]).subarray(-STDERR_BYTES_KEPT);
    });
  }

  #open(job: AgentJob): void {
    this.#child.stdin.end(`go\n${JSON.stringify(job)}\n`);
  }

  #timeOut(endByMs: number): void {
    const ownEndMs = this.#startedMs + this.#host.spec.timeoutMs;
    this.#after(Math.min(ownEndMs, endByMs) - performance.now(), () => {
      const tookMs = performance.now() - this.#startedMs;
      const message = `it did not end within ${this.#host.spec.timeoutMs} ms`;
      this.#end(ownEndMs <= endByMs ? failed('timed-out', message) : (timedOut(tookMs) as Failed));
    });
  }

  #after(ms: number, act: () => void): void {
    this.#timers.push(setTimeout(act, Math.max(0, ms)));
  }

  #end(because: Failed, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): void {
    if (this.#because !== null) return;
    this.#because = because;
    this.#kill(signal);
    if (signal === 'SIGTERM') this.#after(TERM_GRACE_MS, () => this.#kill('SIGKILL'));
  }

  #kill(signal: NodeJS.Signals): void {
    if (this.#child.pid !== undefined) killGroup(this.#child.pid, signal);
  }

  #outcomeOf(code: number | null, signal: NodeJS.Signals | null): JobOutcome {
    const because =
      this.#because ??
      (signal !== null
        ? failed(`killed-${signal}`, `it was killed by ${signal}`)
        : code !== 0
          ? failed(`exit-${code}`, `it ended with exit code ${code}`)
          : null);
    if (because === null) return resultOf(Buffer.concat(this.#printed));
    return { ...because, message: withLastWords(because.message, this.#stderr) };
  }
}

/** Kills all of a process group; one that is gone already is what was wanted. */
function killGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // Nobody of it is left.
  }
}

function resultOf(printed: Buffer): JobOutcome {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(printed);
    if (text.trim() === '') return failed('bad-result', 'it printed nothing; expected JSON');
    return { status: 'completed', result: JSON.parse(text) as unknown };
  } catch {
    const shown = onOneLine(printed.toString('utf8', 0, 4 * PRINTED_CHARS_SHOWN));
    const cut = JSON.stringify(shown.slice(0, PRINTED_CHARS_SHOWN));
    return failed('bad-result', `it printed what is not one JSON value: ${cut}`);
  }
}

/** The message with as much of the end of standard error as there is room for. */
function withLastWords(message: string, stderr: Buffer): string {
  const words = onOneLine(stderr.toString('utf8'));
  const room = LIMITS.failureMessageCharsMax - message.length - 2;
  return words === '' || room <= 0 ? message : `${message}: ${words.slice(-room)}`;
}

function onOneLine(text: string): string {
  const lines = stripVTControlCharacters(text).split(/[\r\n]+/);
  const plain = lines.map((line) => line.replace(/\p{Cc}/gu, ' ').trim());
  return plain.filter((line) => line !== '' && !NOISE.test(line)).join(' | ');
}

function failed(code: string, message: string): Failed {
  return { status: 'failed', code, message };
}
