/**
 * `.planetary-fabric/`: which fabrics run from this folder, and what each run needs to be continued.
 * A run has a folder of its own with its spec and, where the engine is embedded, the engine's database,
 * so that an interrupted run stays whole whatever is started after it.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolder, writeWhole } from '../activities/durable-file.ts';
import { withLock } from '../engine/lock.ts';
import { isSameProcess, processIdentity } from '../engine/process-identity.ts';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import { commandName } from './command-name.ts';
import { UsageError } from './exit-code.ts';

/** A process id with what the system says of its start, since ids alone are used again. */
export interface ProcessMark {
  readonly pid: number;
  readonly identity: string;
}

/** One fabric of this folder. */
export interface FabricRecord {
  readonly schema: 'planetary-fabric/fabric@1';
  readonly fabric: string;
  readonly runId: string;
  readonly scenario: string;
  /** Absolute. */
  readonly specFile: string;
  readonly startedAt: string;
  /** The process that keeps the fabric's processes alive. */
  readonly supervisor: ProcessMark;
  /** Null until the engine is up. */
  readonly engine: EngineMark | null;
  /** The fabric's own processes by role. */
  readonly pids: Readonly<Record<string, number>>;
}

export interface EngineMark {
  readonly kind: 'embedded' | 'external';
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string | null;
}

export interface FoundFabric {
  readonly record: FabricRecord;
  /** True while its supervisor runs. */
  readonly live: boolean;
}

export const DEFAULT_FABRIC = 'planetary-fabric';
const FABRIC_NAME = /^[a-z][a-z0-9-]{0,39}$/;
const RUN_ID = /^[a-z][a-z0-9-]{0,99}$/;

/** Folder of one run: its spec, and the embedded engine's database, log and endpoint. */
export function runFolder(stateDir: string, runId: string): string {
  return join(stateDir, 'runs', runId);
}

/** Where a run's spec is kept. */
export function runSpecFile(stateDir: string, runId: string): string {
  return join(runFolder(stateDir, runId), 'run-spec.json');
}

/**
 * Writes the file in one step: a reader sees the old content or the new one, never half of one. When it resolves,
 * the file and the names of its folders are on disk.
 */
export async function writeAtomic(file: string, content: string | Uint8Array): Promise<void> {
  const folder = dirname(file);
  await makeFolder(folder);
  await writeWhole(folder, basename(file), content);
}

/**
 * Keeps the spec for the processes of the run and for `resume`. It comes before the engine's start, whose
 * database is put into the same folder: SQLite syncs the names in that, and nobody else the names above it.
 */
export async function keepRunSpec(stateDir: string, spec: RunSpec): Promise<void> {
  await writeAtomic(runSpecFile(stateDir, spec.runId), `${JSON.stringify(spec, null, 2)}\n`);
}

/** The spec of an earlier run. Throws UsageError, with the runs that there are, when it is not here. */
export async function readRunSpec(stateDir: string, runId: string): Promise<RunSpec> {
  const file = runSpecFile(stateDir, runId);
  if (RUN_ID.test(runId) && existsSync(file)) {
    const spec = JSON.parse(await readFile(file, 'utf8')) as RunSpec;
    if (spec.schema === 'planetary-fabric/run@1') return spec;
  }
  const known = await knownRuns(stateDir);
  const there = known.length === 0 ? 'no run at all' : known.join(', ');
  throw new UsageError(`There is no run "${runId}" in this folder; there is ${there}.`);
}

/** Ids of the runs of this folder that can still be continued, oldest first. */
async function knownRuns(stateDir: string): Promise<string[]> {
  const names = await readdir(join(stateDir, 'runs')).catch(() => []);
  return names.filter((name) => existsSync(runSpecFile(stateDir, name))).sort();
}

/** The fabric of that name, live or left behind; null when none was started from this folder. */
export async function findFabric(stateDir: string, fabric: string): Promise<FoundFabric | null> {
  const record = await readRecord(stateDir, fabric);
  if (record === null) return null;
  const { pid, identity } = record.supervisor;
  return { record, live: await isSameProcess(pid, identity) };
}

/** Every fabric that was started from this folder and not ended in order, live or left behind, by name. */
export async function knownFabrics(stateDir: string): Promise<FoundFabric[]> {
  const files = await readdir(join(stateDir, 'fabrics')).catch(() => []);
  const names = files.flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -5)] : []));
  const found = await Promise.all(names.sort().map((name) => findFabric(stateDir, name)));
  return found.filter((each) => each !== null);
}

/** Throws UsageError, with the three ways on, when a fabric of that name is live. Changes nothing. */
export async function refuseLive(stateDir: string, fabric: string): Promise<void> {
  const found = await findFabric(stateDir, fabric);
  if (found?.live === true) throw new UsageError(alreadyLive(found.record));
}

/**
 * Takes the fabric's name for this process, and returns the record that a fabric before it left behind,
 * if one did. Throws UsageError when a fabric of that name is live.
 */
export async function claimFabric(
  stateDir: string,
  spec: RunSpec,
  specFile: string,
): Promise<FabricRecord | null> {
  await mkdir(join(stateDir, 'fabrics'), { recursive: true });
  const lock = join(stateDir, 'fabrics', `${spec.fabric}.lock`);
  return await withLock(
    lock,
    () => undefined,
    async () => {
      const found = await findFabric(stateDir, spec.fabric);
      if (found?.live === true && !isHandedOver(found.record, spec)) {
        throw new UsageError(alreadyLive(found.record));
      }
      await writeRecord(stateDir, {
        schema: 'planetary-fabric/fabric@1',
        fabric: spec.fabric,
        runId: spec.runId,
        scenario: spec.scenario,
        specFile,
        startedAt: new Date().toISOString(),
        supervisor: await ownMark(),
        engine: null,
        pids: {},
      });
      return found?.record ?? null;
    },
  );
}

/** Changes the record of a fabric that this process holds. */
export async function updateFabric(
  stateDir: string,
  fabric: string,
  change: Partial<Pick<FabricRecord, 'engine' | 'pids'>>,
): Promise<void> {
  const record = await readRecord(stateDir, fabric);
  if (record?.supervisor.pid === process.pid) {
    await writeRecord(stateDir, { ...record, ...change });
  }
}

/** Gives the name up if that run still holds it; `left` is the record that it was taken from. */
export async function dropFabric(
  stateDir: string,
  { fabric, runId }: Pick<RunSpec, 'fabric' | 'runId'>,
  left: FabricRecord | null = null,
): Promise<void> {
  const record = await readRecord(stateDir, fabric);
  if (record?.runId !== runId) return;
  if (left === null) await rm(recordFile(stateDir, fabric), { force: true });
  else await writeRecord(stateDir, left);
}

/** `--keep`: the run's own command starts this process to go on in its place. */
function isHandedOver(record: FabricRecord, spec: RunSpec): boolean {
  return record.runId === spec.runId && record.supervisor.pid === process.ppid;
}

function alreadyLive({ fabric, scenario, runId }: FabricRecord): string {
  const named = fabric === DEFAULT_FABRIC ? '' : ` --fabric ${fabric}`;
  const command = commandName();
  return `A fabric named "${fabric}" is live: ${scenario}, run ${runId}. Three ways on:
  watch it:              ${command} watch${named}
  give it more jobs:     ${command} submit FILE.ndjson${named}
  start another beside:  the same command with --fabric ANOTHER-NAME`;
}

async function ownMark(): Promise<ProcessMark> {
  return { pid: process.pid, identity: (await processIdentity(process.pid)) ?? 'ended' };
}

function recordFile(stateDir: string, fabric: string): string {
  if (!FABRIC_NAME.test(fabric)) {
    const expected = 'small letters, digits and hyphens, a letter first, at most 40';
    throw new UsageError(`--fabric: found ${JSON.stringify(fabric)}; expected ${expected}`);
  }
  return join(stateDir, 'fabrics', `${fabric}.json`);
}

async function readRecord(stateDir: string, fabric: string): Promise<FabricRecord | null> {
  try {
    const text = await readFile(recordFile(stateDir, fabric), 'utf8');
    const record = JSON.parse(text) as FabricRecord;
    return record.schema === 'planetary-fabric/fabric@1' ? record : null;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return null;
  }
}

async function writeRecord(stateDir: string, record: FabricRecord): Promise<void> {
  await writeAtomic(recordFile(stateDir, record.fabric), `${JSON.stringify(record, null, 2)}\n`);
}
