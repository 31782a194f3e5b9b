/**
 * A fabric of one's own for a test, as an operator has it: the built command line in an empty folder,
 * with its server and its processes, and what they leave on disk.
 */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ServiceError, type WorkflowHandle } from '@temporalio/client';
import { vi } from 'vitest';
import { readLedger } from '../../activities/ledger.ts';
import { recordsOf, type ResultRecord } from '../../activities/segment-lines.ts';
import type { LedgerEntry } from '../../fabric/ledger.ts';
import type { MissionInput } from '../../fabric/mission/schema.ts';
import type { Report } from '../../reporting/schema.ts';
import type { FabricRecord } from '../../scripts/state.ts';

const packageFolder = fileURLToPath(new URL('../..', import.meta.url));
const bin = join(packageFolder, 'bin', 'planetary-fabric');

/** Tests bring servers of their own, whatever the operator's shell names; only executables are shared. */
export const ownEnv: NodeJS.ProcessEnv = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^TEMPORAL_(?!CLI_PATH|TEST_SERVER_PATH)/.test(name),
    ),
  ),
  TEMPORAL_CONFIG_FILE: join(tmpdir(), 'no-such-profile.toml'),
  NO_COLOR: '1',
};

/** The end of a command that ran to its end. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that still runs. */
export interface Running {
  readonly child: ChildProcess;
  /** Both of its outputs so far. */
  said: () => string;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
}

/** An empty folder with the commands that run in it. */
export class LiveFabric {
  readonly folder: string;
  readonly #running: Running[] = [];

  constructor(folder = mkdtempSync(join(tmpdir(), 'live-fabric-'))) {
    if (!existsSync(join(packageFolder, 'dist')))
      throw new Error('dist/ is missing: run `npm run build` first');
    this.folder = folder;
  }

  /** Writes a mission file and returns its name. */
  mission(mission: MissionInput): string {
    const name = `${mission.scenario}.json`;
    writeFileSync(join(this.folder, name), JSON.stringify(mission));
    return name;
  }

  /** Runs a command line to its end, within a minute unless told otherwise; `under` another program. */
  run(args: readonly string[], timeoutMs = 60_000, under: readonly string[] = []): Ended {
    const [program, ...rest] = [...under, process.execPath, bin, ...args];
    const { status, stdout, stderr } = spawnSync(program!, rest, {
      cwd: this.folder,
      env: ownEnv,
      encoding: 'utf8',
      timeout: timeoutMs,
      killSignal: 'SIGINT',
    });
    return { status, stdout, stderr };
  }

  /**
   * Starts a command line. It ends with the tests when they are ended from outside, unless it stands in a
   * process group of its own, as a terminal's foreground job does.
   */
  start(
    args: readonly string[],
    { ownGroup = false, folder = this.folder, env = {} as NodeJS.ProcessEnv } = {},
  ): Running {
    const child = spawn(process.execPath, [bin, ...args], {
      cwd: folder,
      env: { ...ownEnv, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: ownGroup,
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ended = once(child, 'close').then(([code]) => code as number | null);
    const running = { child, said: () => said, ended };
    this.#running.push(running);
    return running;
  }

  /** Waits until the workflows and processes of a started fabric are up. Throws when it ends instead. */
  async untilUp({ said, child }: Running): Promise<FabricRecord> {
    await until('the fabric is up', () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${said()}`);
      return /^fabric: /m.test(said());
    });
    return this.record();
  }

  /** What the folder says of its one fabric. */
  record(fabric = 'planetary-fabric'): FabricRecord {
    const file = join(this.folder, '.planetary-fabric', 'fabrics', `${fabric}.json`);
    return JSON.parse(readFileSync(file, 'utf8')) as FabricRecord;
  }

  /** The run's chain of a shard or of `orchestrator`, as far as it is on disk. */
  async ledger(runId: string, chain: string): Promise<LedgerEntry[]> {
    const entries: LedgerEntry[] = [];
    for await (const entry of readLedger(this.#reports('ledger', runId, chain))) {
      entries.push(entry);
    }
    return entries;
  }

  /** The chains that a run has. */
  chains(runId: string): string[] {
    return readdirSync(this.#reports('ledger', runId));
  }

  /** Every record of every results segment, also of those that no outcome points at. */
  results(runId: string): ResultRecord[] {
    const folder = this.#reports('results', runId);
    if (!existsSync(folder)) return [];
    return readdirSync(folder).flatMap((name) =>
      readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .slice(0, -1)
        .flatMap((line) => recordsOf(line)),
    );
  }

  /** The folder of the histories that a run has kept. */
  histories(runId: string): string {
    return this.#reports('histories', runId);
  }

  /** The report of a run that has ended. */
  report(runId: string): Report {
    return JSON.parse(readFileSync(this.#reports('runs', `${runId}.json`), 'utf8')) as Report;
  }

  /** The one run of this folder. */
  runId(): string {
    const [runId, ...others] = readdirSync(join(this.folder, '.planetary-fabric', 'runs'));
    if (runId === undefined || others.length > 0) throw new Error('expected exactly one run');
    return runId;
  }

  /** Process ids that the records of this folder name: supervisor, workers, server and its watchdog. */
  recordedPids(): number[] {
    const { supervisor, pids, runId } = this.record();
    const engineFile = join(this.folder, '.planetary-fabric', 'runs', runId, 'engine.json');
    const engine = JSON.parse(readFileSync(engineFile, 'utf8')) as Record<string, unknown>;
    const ofEngine = [engine['pid'], engine['watchdogPid']].filter((pid) => pid !== null);
    return [supervisor.pid, ...Object.values(pids), ...(ofEngine as number[])];
  }

  /** Command lines of live processes that name this folder. */
  processes(): string[] {
    const all = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,stat=,args='], { encoding: 'utf8' });
    return all.split('\n').filter((line) => line.includes(this.folder) && !/^\s*\d+ Z/.test(line));
  }

  /** Ends what was started and removes the folder; `between` the two, what stands in it is taken away. */
  async end(between: () => void = () => undefined): Promise<void> {
    for (const { child, ended } of this.#running) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT');
      await ended;
    }
    between();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #reports(...parts: string[]): string {
    return join(this.folder, 'reports', 'planetary-fabric', ...parts);
  }
}

const TAKEN_TRIES_MAX = 5;

/**
 * Sends an update as any client does. One that meets the moment in which a workflow continues as new is
 * thrown out by the server with this error, before the workflow has seen it, and is sent again.
 */
export async function update<T>(
  workflow: WorkflowHandle,
  name: string,
  input: Readonly<Record<string, unknown>>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await workflow.executeUpdate<T, [unknown]>(name, { args: [input] });
    } catch (error) {
      const why = error instanceof ServiceError ? String(error.cause) : '';
      if (!why.includes('unexpected workflow task failure') || tries >= TAKEN_TRIES_MAX)
        throw error;
    }
  }
}

/** True for a process that is there and no zombie. */
export function isAlive(pid: number): boolean {
  try {
    const stat = execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
    return !stat.trim().startsWith('Z');
  } catch {
    return false;
  }
}

/** Waits until the condition holds, looking every 100 ms; says what was waited for when it doesn't. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  try {
    await vi.waitUntil(holds, { timeout: timeoutMs, interval: 100 });
  } catch (error) {
    if (error instanceof Error && !/timed out/i.test(error.message)) throw error;
    throw new Error(`waited ${timeoutMs} ms in vain until ${what}`, { cause: error });
  }
}
