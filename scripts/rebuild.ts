/**
 * A run from its checkpoint, for a Temporal server that knows nothing of it: the file is checked, the ledger
 * beyond it is read, and what comes of both is what the workflows are started with.
 */
import { join } from 'node:path';
import { newestNumber, type Checkpoint } from '../activities/checkpoint.ts';
import { isIntegrityError } from '../activities/integrity-error.ts';
import { readLedgerGroups } from '../activities/ledger.ts';
import { fork } from '../fabric/checkpoint/fork.ts';
import { rebuild, TailError, type FabricStates } from '../fabric/checkpoint/rebuild.ts';
import type { LedgerEntry, LedgerState } from '../fabric/ledger.ts';
import { grouped } from '../fabric/mission/problems.ts';
import { checkpointFolder, type RunSpec } from '../fabric/mission/run-spec.ts';
import { ORCHESTRATOR } from '../fabric/orchestrator/checkpoints.ts';
import { counted } from '../fabric/reasons.ts';
import { orchestratorId, shardId } from '../workflows/protocol.ts';
import { commandName } from './command-name.ts';
import { UsageError } from './exit-code.ts';
import { newestCheckpoint, soundCheckpoint, type SoundCheckpoint } from './sound-checkpoint.ts';

/** What the workflows of a rebuilt run start with, and one line about it. */
export interface RebuiltRun {
  readonly carried: ReadonlyMap<string, { readonly state: unknown; readonly pending: [] }>;
  readonly told: string;
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
    return await rebuildRun(spec, await soundCheckpoint(named.path, named.sha256), true);
  }
  const newest = await newestCheckpoint(spec);
  if (newest === null) throw new UsageError(`${unknown} No checkpoint of it was written.`);
  if (engine.kind === 'embedded') return await rebuildRun(spec, newest, false);
  const command = `${commandName()} resume ${newest.path}`;
  throw new UsageError(
    `${unknown} Name the server that it ran on with TEMPORAL_ADDRESS, or rebuild the run on this one:\n  ${command}`,
  );
}

/**
 * The states to go on from. Throws UsageError where the ledger is damaged, or does not follow from the
 * checkpoint: nothing has been started then. Without any ledger chains are forked, if the checkpoint was
 * named: whoever names it has been told what that costs, or knows.
 */
async function rebuildRun(
  spec: RunSpec,
  from: SoundCheckpoint,
  isNamed: boolean,
): Promise<RebuiltRun> {
  const { checkpoint, path, sha256 } = from;
  const { epoch, atMs } = checkpoint;
  try {
    const found = await ledgerOf(spec, sha256);
    if (found === 'none' && !isNamed) throw new UsageError(withoutLedger(spec, from));
    const known = statesOf(checkpoint);
    const before = found === 'own' ? known : fork(known, { epoch, sha256 }, atMs);
    const chains = new Map([
      [ORCHESTRATOR, await chainOf(spec, ORCHESTRATOR, before.orchestrator)],
    ]);
    for (const state of before.shards) {
      chains.set(state.shard, await chainOf(spec, state.shard, state));
    }
    const newestEpoch = await newestNumber(checkpointFolder(spec));
    const point = { epoch, sha256, newestEpoch };
    const { states, entries, ended } = rebuild(before, chains, point, Date.now());
    const line = found === 'none' ? toldOfFork(spec, from) : told(path, states, entries, ended);
    return { carried: carriedBy(spec, states), told: line };
  } catch (error) {
    if (!(error instanceof TailError) && !isIntegrityError(error)) throw error;
    throw new UsageError(
      `Run ${spec.runId} can't be rebuilt: its ledger does not follow from ${path}. ${error.message}\nPut back what is missing in ${spec.folders.ledger}. Or move that folder away: without any ledger the run goes on from the checkpoint alone.`,
    );
  }
}

/**
 * What ledger a run has on disk: none, one that begins with a fork of this very checkpoint, or its own,
 * which is to lead through the point at which the checkpoint was taken.
 */
async function ledgerOf({ folders, shards }: RunSpec, sha256: string) {
  let found: 'none' | 'fork' = 'none';
  for (const chain of [ORCHESTRATOR, ...shards.map(({ name }) => name)]) {
    for await (const { entries } of readLedgerGroups(join(folders.ledger, chain))) {
      const [first] = entries;
      if (first?.type !== 'forked' || first.sha256 !== sha256) return 'own';
      found = 'fork';
      break;
    }
  }
  return found;
}

function statesOf({ orchestrator, shards }: Checkpoint): FabricStates {
  return { orchestrator: orchestrator.state, shards: shards.map(({ state }) => state) };
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

function withoutLedger({ runId, folders }: RunSpec, { checkpoint, path }: SoundCheckpoint): string {
  const again = `the ${openAt(checkpoint)} that were open then run again, also those that have ended since`;
  return `The ledger of run ${runId} is not in ${folders.ledger}. Put it back. Or go on without it, from the newest checkpoint: ${again}:\n  ${commandName()} resume ${path}`;
}

function toldOfFork(spec: RunSpec, { checkpoint, path }: SoundCheckpoint): string {
  const { atMs, counts, shards } = checkpoint;
  const { completed, failed, cancelled } = counts;
  const total = spec.feeds.reduce((sum, feed) => sum + feed.total, 0);
  const pulled = shards.reduce(
    (sum, { state }) => sum + state.feeds.reduce((jobs, { cursor }) => jobs + cursor, 0),
    0,
  );
  return [
    `no ledger: going on from ${path}, as a forked chain`,
    `  ${openAt(checkpoint)} that were open at ${new Date(atMs).toISOString()} run again, and ${grouped(total - pulled)} that were not pulled yet: also those of them that have ended since`,
    `  ${grouped(completed + failed + cancelled)} jobs had ended by then: they are counted, and what became of each of them is not known any more`,
    '  jobs and commands that were sent by hand since then are lost: send them again',
  ].join('\n');
}

function openAt({ counts: { queued, leased, inTransit } }: Checkpoint): string {
  return `${grouped(queued + leased + inTransit)} jobs`;
}
