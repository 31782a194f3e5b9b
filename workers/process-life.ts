/**
 * The life of one fabric process: it says `ready`, ends in order on SIGTERM or when its supervisor is
 * gone, and at once on a second signal. A supervisor holds the other end of standard input; a process that
 * was started by hand has none, and ends by itself when its run is over.
 */
import { readFileSync } from 'node:fs';
import { externalLink } from '../engine/links/external.ts';
import type { EngineEndpoint } from '../engine/connect.ts';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import { say } from './log.ts';

/** What a process does between its start and its end. */
export interface FabricProcess {
  /** Ends it in order; jobs under way get `graceMs`. */
  stop(graceMs: number): Promise<void>;
  /** Resolves after `stop`; rejects when the process can't go on. */
  readonly ended: Promise<void>;
}

/** How it lives. */
export interface LifeOrder {
  /** What jobs under way get at the first signal. */
  readonly graceMs: number;
  /** Somebody holds the other end of standard input, and its closing ends the process. */
  readonly isSupervised: boolean;
  /** Resolves with the reason when there is nothing more to do. */
  readonly over?: Promise<string>;
}

interface Stop {
  readonly graceMs: number;
  /** What it ends with when it does not end in time. */
  readonly overdueCode: number;
}

const GRACE_MS = 10_000;
/** Nobody is left to wait for it. */
const ORPHAN_GRACE_MS = 2_000;
/** Past its grace by this much a process ends as it is: an engine that is gone takes no farewell. */
const OVERDUE_MS = 1_000;

/**
 * Runs a supervised process to its end and exits: 0 when it ended in order, 1 when it could not start or
 * go on, with the reason on standard error. The run's spec is the file that its first argument names.
 */
export async function live(start: (spec: RunSpec) => Promise<FabricProcess>): Promise<never> {
  try {
    const begin = async (): Promise<FabricProcess> => start(readSpec(process.argv[2]));
    await liveOut(begin, { graceMs: GRACE_MS, isSupervised: true });
    process.exit(0);
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`${reason}\n`);
    process.exit(1);
  }
}

/**
 * Starts a process, says `ready` and resolves when it has ended in order. Rejects with what kept it from
 * starting or going on. A second signal exits with 130, an end that is overdue with 1.
 */
export async function liveOut(
  begin: () => Promise<FabricProcess>,
  { graceMs, isSupervised, over }: LifeOrder,
): Promise<void> {
  const signalled = stopSignal(graceMs, isSupervised);
  const idle = over?.then((reason): Stop => {
    say(`${reason}: ending in order`);
    return { graceMs: Math.min(graceMs, ORPHAN_GRACE_MS), overdueCode: 0 };
  });
  const fabricProcess = await begin();
  process.stdout.write(`ready, process ${process.pid}\n`);
  const asked = Promise.race(idle === undefined ? [signalled] : [signalled, idle]).then((stop) => {
    setTimeout(() => endOverdue(stop.overdueCode), stop.graceMs + OVERDUE_MS).unref();
    return fabricProcess.stop(stop.graceMs);
  });
  await Promise.race([fabricProcess.ended, asked.then(() => fabricProcess.ended)]);
}

function endOverdue(code: number): never {
  say('it did not end within its grace, and is ended as it is');
  process.exit(code);
}

/** The engine that the environment names; a worker never starts one of its own. */
export async function engineEndpoint(): Promise<EngineEndpoint> {
  const link = externalLink({}, process.env);
  const probed = await link.probe();
  if (probed.state === 'refused') throw new Error(probed.why);
  if (probed.state !== 'found') throw new Error('TEMPORAL_ADDRESS names no engine');
  return link.provide(() => undefined);
}

/** Resolves at the first call to end. A second signal ends the process at once. */
function stopSignal(graceMs: number, isSupervised: boolean): Promise<Stop> {
  return new Promise((resolve) => {
    let signals = 0;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        signals += 1;
        if (signals > 1) process.exit(130);
        say(`${signal}: ending in order`);
        resolve({ graceMs, overdueCode: 1 });
      });
    }
    if (!isSupervised) return;
    process.stdin.on('error', () => undefined);
    process.stdin.once('close', () => {
      say('the supervisor is gone: ending in order');
      resolve({ graceMs: ORPHAN_GRACE_MS, overdueCode: 1 });
    });
    process.stdin.resume();
  });
}

function readSpec(path: string | undefined): RunSpec {
  if (path === undefined) throw new Error('usage: node <process> <run spec file>');
  const spec = JSON.parse(readFileSync(path, 'utf8')) as RunSpec;
  if (spec.schema !== 'planetary-fabric/run@1') {
    throw new Error(`${path}: found schema ${JSON.stringify(spec.schema)}, not the one of a run`);
  }
  return spec;
}
