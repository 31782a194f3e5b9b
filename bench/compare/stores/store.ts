/** A store that a contender needs: started empty for one run, by the benchmark, and ended with it. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface Store {
  /** The root of its processes. */
  readonly pid: number;
  /** How its clients reach it, as they are told. */
  readonly reach: Readonly<Record<string, string | number>>;
  readonly stop: () => Promise<void>;
}

const READY_MS = 30_000;
const LOOK_MS = 20;
const STOP_MS = 10_000;
const LOG_TAIL_LINES = 5;

export interface StoreProgram {
  readonly command: string;
  readonly args: readonly string[];
  /** Its log stands here. */
  readonly folder: string;
  readonly ids?: { readonly uid: number; readonly gid: number };
  readonly isReady: () => Promise<boolean>;
  /** What tells it to end in order. */
  readonly endSignal?: NodeJS.Signals;
}

/** Starts the program and waits until it answers. Throws, with the end of its log, when it doesn't. */
export async function startProgram(
  program: StoreProgram,
): Promise<{ readonly pid: number; readonly stop: () => Promise<void> }> {
  const { command, args, folder, ids = {}, isReady, endSignal = 'SIGTERM' } = program;
  const logFile = join(folder, 'store.log');
  const log = openSync(logFile, 'a');
  const child = spawn(command, args, { stdio: ['ignore', log, log], cwd: folder, ...ids });
  closeSync(log);
  const ended = endOf(child);
  const stop = async (): Promise<void> => {
    child.kill(endSignal);
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(late);
  };
  let hasEnded = false;
  void ended.then(() => (hasEnded = true));
  const deadlineMs = Date.now() + READY_MS;
  while (!(await isReady())) {
    if (!hasEnded && Date.now() < deadlineMs) {
      await pause(LOOK_MS);
      continue;
    }
    await stop();
    const tail = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES);
    throw new Error(`${command} did not start:\n${tail.join('\n')}`);
  }
  return { pid: child.pid!, stop };
}

async function endOf(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
}
