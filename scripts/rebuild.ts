/**
 * A run from its checkpoint, for a Temporal server that knows nothing of it: the file is checked, the ledger
 * beyond it is read, and what comes of both is what the workflows are started with.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  CheckpointError,
  checkpointFiles,
  checkpointName,
  readCheckpoint,
  type Checkpoint,
} from '../activities/checkpoint.ts';
import { readLedgerGroups } from '../activities/ledger.ts';
import { rebuild, TailError, type FabricStates } from '../fabric/checkpoint/rebuild.ts';
import type { LedgerEntry, LedgerState } from '../fabric/ledger.ts';
import { grouped } from '../fabric/mission/problems.ts';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import { ORCHESTRATOR } from '../fabric/orchestrator/checkpoints.ts';
import { counted } from '../fabric/reasons.ts';
import { orchestratorId, shardId } from '../workflows/protocol.ts';
import type { ResumePoint } from '../reporting/resume-token.ts';
import { commandName } from './command-name.ts';
import { UsageError } from './exit-code.ts';

/** A checkpoint file that was found sound. */
export interface SoundCheckpoint {
  readonly path: string;
  readonly sha256: string;
  readonly checkpoint: Checkpoint;
}

/** What the workflows of a rebuilt run start with, and one line about it. */
export interface RebuiltRun {
  readonly carried: ReadonlyMap<string, { readonly state: unknown; readonly pending: [] }>;
  readonly told: string;
}

/** Where the checkpoints of a run are. */
export function checkpointFolder({ folders, runId }: Pick<RunSpec, 'folders' | 'runId'>): string {
  return join(folders.reports, 'checkpoints', runId);
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

/**
 * What a server that knows nothing of the run is to start with: from the checkpoint that was named, else from the
 * newest. A server of somebody else's is only filled when a checkpoint was named: it may be the wrong one.
 */
export async function rebuildOn(
  engine: { readonly kind: 'embedded' | 'external'; readonly address: string },
  spec: RunSpec,
  named?: { readonly path: string; readonly sha256?: string },
): Promise<RebuiltRun> {
  const unknown = `The Temporal server at ${engine.address} does not hold run ${spec.runId}: it ran on another one, or its database is gone.`;
  if (named !== undefined) {
    return await rebuildRun(spec, await soundCheckpoint(named.path, named.sha256));
  }
  const newest = await newestCheckpoint(spec);
  if (newest === null) throw new UsageError(`${unknown} No checkpoint of it was written.`);
  if (engine.kind === 'embedded') return await rebuildRun(spec, newest);
  const command = `${commandName()} resume ${newest.path}`;
  throw new UsageError(
    `${unknown} Name the server that it ran on with TEMPORAL_ADDRESS, or rebuild the run on this one:\n  ${command}`,
  );
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

/** The newest checkpoint of a run, or null where it has none. Throws UsageError where that is not sound. */
async function newestCheckpoint(spec: RunSpec): Promise<SoundCheckpoint | null> {
  const newest = (await checkpointFiles(checkpointFolder(spec))).at(-1);
  return newest === undefined ? null : await soundCheckpoint(newest);
}

/**
 * The states to go on from. Throws UsageError where the ledger is missing, damaged, or does not follow from
 * the checkpoint: nothing has been started then.
 */
async function rebuildRun(spec: RunSpec, from: SoundCheckpoint): Promise<RebuiltRun> {
  const { checkpoint, path, sha256 } = from;
  if (!existsSync(spec.folders.ledger)) throw new UsageError(noLedger(spec, checkpoint));
  const before: FabricStates = {
    orchestrator: checkpoint.orchestrator.state,
    shards: checkpoint.shards.map(({ state }) => state),
  };
  try {
    const chains = new Map([
      [ORCHESTRATOR, await chainOf(spec, ORCHESTRATOR, before.orchestrator)],
    ]);
    for (const state of before.shards) {
      chains.set(state.shard, await chainOf(spec, state.shard, state));
    }
    const { epoch } = checkpoint;
    const { states, entries, ended } = rebuild(before, chains, { epoch, sha256 }, Date.now());
    return { carried: carriedBy(spec, states), told: told(path, states, entries, ended) };
  } catch (error) {
    const isUnsound = error instanceof TailError || (error as Error).name === 'IntegrityError';
    if (!isUnsound) throw error;
    throw new UsageError(
      `Run ${spec.runId} can't be rebuilt: its ledger does not follow from ${path}. ${(error as Error).message}`,
    );
  }
}

/** A chain on disk: where it ends, and what it holds beyond the checkpoint, which it must lead through. */
async function chainOf(
  { folders }: RunSpec,
  chain: string,
  { ledger }: { readonly ledger: LedgerState },
) {
  const known = { entries: ledger.nextSeq - ledger.backlog.length, head: ledger.head };
  const entries: LedgerEntry[] = [];
  const end = { entries: 0, head: '' };
  for await (const group of readLedgerGroups(join(folders.ledger, chain), known)) {
    end.entries += group.entries.length;
    end.head = group.head;
    entries.push(...group.entries.filter(({ seq }) => seq >= ledger.nextSeq));
  }
  return { end, entries };
}

function carriedBy({ fabric }: RunSpec, { orchestrator, shards }: FabricStates) {
  const carried = new Map<string, { readonly state: unknown; readonly pending: [] }>();
  carried.set(orchestratorId(fabric), { state: orchestrator, pending: [] });
  for (const state of shards) carried.set(shardId(fabric, state.shard), { state, pending: [] });
  return carried;
}

function told(path: string, { shards }: FabricStates, entries: number, ended: number): string {
  const open = shards.reduce((sum, { tally }) => sum + openJobs(tally), 0);
  const beyond = `${counted(entries, 'entry', 'entries')} of the ledger beyond it, ${counted(ended, 'outcome')} among them`;
  return `rebuilt from ${path} and ${beyond}; ${grouped(open)} accepted jobs are still to end`;
}

function openJobs({
  accepted,
  completed,
  failed,
  cancelled,
}: FabricStates['shards'][number]['tally']) {
  return accepted - completed - failed - cancelled;
}

function noLedger({ runId, folders }: RunSpec, { counts }: Checkpoint): string {
  const { queued, leased, inTransit } = counts;
  const again = grouped(queued + leased + inTransit);
  return `Run ${runId} can't be rebuilt without its ledger, which was in ${folders.ledger}: the ${again} jobs that were open at the checkpoint may have ended since, and would run again. Put the folder back.`;
}
