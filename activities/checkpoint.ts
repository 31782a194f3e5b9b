/**
 * Checkpoints on disk. Each workflow's snapshot is written as a part; once all parts of an epoch are there
 * they become one file, which is written under a temporary name, synced and renamed, so that it is there
 * whole or not at all. It says itself whether it is whole: a schema version, and a checksum of its body.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { cutCounts, imbalance, type CutCounts } from '../fabric/checkpoint/counts.ts';
import type { CutPart } from '../fabric/checkpoint/cut.ts';
import { LIMITS } from '../fabric/limits.ts';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import type { SealedCheckpoint } from '../fabric/orchestrator/checkpoints.ts';
import { ORCHESTRATOR } from '../fabric/orchestrator/checkpoints.ts';
import type { OrchestratorState } from '../fabric/orchestrator/state.ts';
import type { ShardState } from '../fabric/shard/state.ts';
import type { SaveCutInput, SealInput } from './contracts.ts';
import { makeFolder, removeIfThere, writeWhole } from './durable-file.ts';

export const CHECKPOINT_SCHEMA = 'planetary-fabric/checkpoint@1';

/** One workflow as it was when its snapshot was taken. */
export interface CutWorkflow<State = unknown> {
  readonly workflowId: string;
  /** The run of it, and how many events that had. */
  readonly execution: string;
  readonly events: number;
  readonly state: State;
}

/** A whole fabric at one consistent cut. */
export interface Checkpoint {
  readonly runId: string;
  readonly fabric: string;
  readonly epoch: number;
  /** ms since the Unix epoch. */
  readonly atMs: number;
  /** Of jobs, by where they were. */
  readonly counts: CutCounts;
  readonly spec: RunSpec;
  readonly orchestrator: CutWorkflow<OrchestratorState>;
  /** In the order of the mission. */
  readonly shards: readonly CutWorkflow<ShardState>[];
}

/** A file that is no sound checkpoint; the message says why and what was expected. */
export class CheckpointError extends Error {
  override name = 'CheckpointError';
}

/** Writes one snapshot. The same again is success. Throws what the file system refuses. */
export async function saveCut(input: SaveCutInput): Promise<CutPart> {
  const { folder, epoch, chain, workflow } = input;
  const content = Buffer.from(JSON.stringify(workflow));
  const parts = partsFolder(folder, epoch);
  await makeFolder(parts);
  await writeWhole(parts, `${chain}.json`, content);
  return { bytes: content.length, sha256: digestOf(content) };
}

/**
 * Makes one file of the parts and removes them, and the oldest files beyond the cap. Throws CheckpointError
 * when a part is missing or changed or the counts don't balance, and what the file system refuses.
 */
export async function sealCheckpoint(input: SealInput): Promise<SealedCheckpoint> {
  const { folder, epoch, parts, spec, atMs } = input;
  const path = join(folder, checkpointName(epoch));
  // Sealed by a process that was killed before it could say so.
  const there = await readCheckpoint(path).catch(() => null);
  if (there !== null) return sealed(path, there.checkpoint, await readFile(path));
  const read = async <State>(chain: string): Promise<CutWorkflow<State>> => {
    const content = await readFile(join(partsFolder(folder, epoch), `${chain}.json`));
    if (digestOf(content) !== parts[chain]?.sha256) {
      throw new CheckpointError(`the snapshot of ${chain} is not the one that was written`);
    }
    return JSON.parse(content.toString()) as CutWorkflow<State>;
  };
  const orchestrator = await read<OrchestratorState>(ORCHESTRATOR);
  const shards: CutWorkflow<ShardState>[] = [];
  for (const { name } of spec.shards) shards.push(await read(name));
  const counts = cutCounts(shards.map(({ state }) => state));
  const { runId, fabric } = spec;
  const checkpoint = { runId, fabric, epoch, atMs, counts, spec, orchestrator, shards };
  requireBalance(path, checkpoint);
  const body = JSON.stringify(checkpoint);
  const sha256 = digestOf(body);
  const content = Buffer.from(
    `{"schema":"${CHECKPOINT_SCHEMA}","sha256":"${sha256}",\n"body":${body}}\n`,
  );
  await writeWhole(folder, checkpointName(epoch), content);
  await rm(partsFolder(folder, epoch), { recursive: true, force: true });
  await removeOldest(folder);
  return sealed(path, checkpoint, content);
}

/**
 * Reads a checkpoint and the digest of its file. Throws CheckpointError for one of another version, one that
 * was changed or cut off, and one whose counts don't balance; what the file system refuses, as it is.
 */
export async function readCheckpoint(
  path: string,
): Promise<{ readonly checkpoint: Checkpoint; readonly sha256: string }> {
  const content = await readFile(path);
  const file = parsed(path, content.toString());
  if (file.schema !== CHECKPOINT_SCHEMA) {
    const found = typeof file.schema === 'string' ? `"${file.schema}"` : 'no schema';
    throw new CheckpointError(`${path}: found ${found}; expected "${CHECKPOINT_SCHEMA}"`);
  }
  const found = digestOf(JSON.stringify(file.body));
  if (found !== file.sha256) {
    throw new CheckpointError(
      `${path} was changed after it was written: its body has digest ${found}, expected ${String(file.sha256)}`,
    );
  }
  const checkpoint = file.body as Checkpoint;
  requireBalance(path, checkpoint);
  return { checkpoint, sha256: digestOf(content) };
}

/** Checkpoint files of a run, oldest first; none where there is no folder. */
export async function checkpointFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .filter((name) => FILE.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** The number of the newest checkpoint in that folder; 0 where there is none. */
export async function newestNumber(folder: string): Promise<number> {
  const newest = (await checkpointFiles(folder)).at(-1);
  return newest === undefined ? 0 : Number.parseInt(basename(newest), 10);
}

const FILE = /^\d{9}\.json$/;

/** Name of the file of a checkpoint. */
export function checkpointName(epoch: number): string {
  return `${String(epoch).padStart(9, '0')}.json`;
}

function partsFolder(folder: string, epoch: number): string {
  return join(folder, `.parts-${epoch}`);
}

function parsed(
  path: string,
  text: string,
): { schema?: unknown; sha256?: unknown; body?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Told below, as any other text that is no checkpoint.
  }
  throw new CheckpointError(`${path} is no checkpoint, or only a part of one; expected JSON`);
}

function requireBalance(path: string, { shards }: Pick<Checkpoint, 'shards'>): void {
  const why = imbalance(cutCounts(shards.map(({ state }) => state)));
  if (why !== null) throw new CheckpointError(`${path}: the counts do not balance: ${why}`);
}

function sealed(path: string, { epoch, orchestrator, shards }: Checkpoint, content: Buffer) {
  const positions = [orchestrator, ...shards].map(
    ({ workflowId, events }) => [workflowId, events] as const,
  );
  return {
    epoch,
    path,
    sha256: digestOf(content),
    bytes: content.length,
    positions: Object.fromEntries(positions),
  };
}

async function removeOldest(folder: string): Promise<void> {
  const files = await checkpointFiles(folder);
  for (const file of files.slice(0, -LIMITS.checkpointsKept)) await removeIfThere(file);
}

function digestOf(content: Buffer | string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
