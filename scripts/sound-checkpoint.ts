/** The checkpoints of a run on disk: checked, the newest of them, and what a resume token names of it. */
import { join } from 'node:path';
import {
  CheckpointError,
  checkpointFiles,
  checkpointName,
  readCheckpoint,
  type Checkpoint,
} from '../activities/checkpoint.ts';
import { checkpointFolder, type RunSpec } from '../fabric/mission/run-spec.ts';
import type { ResumePoint } from '../reporting/resume-token.ts';
import { UsageError } from './exit-code.ts';

/** A checkpoint file that was found sound. */
export interface SoundCheckpoint {
  readonly path: string;
  readonly sha256: string;
  readonly checkpoint: Checkpoint;
}

/** The checkpoint of that number. */
export function checkpointFile(spec: Pick<RunSpec, 'folders' | 'runId'>, epoch: number): string {
  return join(checkpointFolder(spec), checkpointName(epoch));
}

/** Reads and checks a checkpoint. Throws UsageError that says what is wrong with it. */
export async function soundCheckpoint(path: string, sha256?: string): Promise<SoundCheckpoint> {
  try {
    const read = await readCheckpoint(path);
    if (sha256 === undefined || read.sha256 === sha256) return { path, ...read };
    throw new UsageError(
      `${path} is not the checkpoint that the token names: its digest is ${read.sha256}, expected ${sha256}`,
    );
  } catch (error) {
    if (error instanceof CheckpointError) throw new UsageError(error.message);
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new UsageError(`There is no checkpoint ${path}.`);
    throw error;
  }
}

/** The newest checkpoint of a run, or null where it has none. Throws UsageError where that is not sound. */
export async function newestCheckpoint(spec: RunSpec): Promise<SoundCheckpoint | null> {
  const newest = (await checkpointFiles(checkpointFolder(spec))).at(-1);
  return newest === undefined ? null : await soundCheckpoint(newest);
}

/** What a token of this run names, its newest checkpoint included, and where that is. */
export async function resumePoint(
  spec: RunSpec,
): Promise<{ readonly point: ResumePoint; readonly path: string | null }> {
  const { fabric, runId } = spec;
  const newest = await newestCheckpoint(spec).catch(() => null);
  if (newest === null) return { point: { fabric, runId }, path: null };
  const { checkpoint, sha256, path } = newest;
  const workflows = [checkpoint.orchestrator, ...checkpoint.shards];
  const positions = Object.fromEntries(
    workflows.map(({ workflowId, events }) => [workflowId, events]),
  );
  return {
    point: { fabric, runId, checkpoint: { epoch: checkpoint.epoch, sha256, positions } },
    path,
  };
}
