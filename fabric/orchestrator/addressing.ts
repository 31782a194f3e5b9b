/** Which shards an owner command is for, and what each of them is told. */
import type { ShardCommand, SubmittedJob } from '../messages.ts';
import { reason, type Reason } from '../reasons.ts';
import { someCanDo } from '../shard/skills.ts';
import type { ParsedCommand, RelayedCommandName } from './command-schema.ts';
import type { Draft } from './draft.ts';
import type { OrchestratorState } from './state.ts';
import { admitIds } from './submitted-ids.ts';

/** A command as it is relayed, by shard. */
export interface Addressed {
  readonly relayed: Readonly<Record<string, ShardCommand>>;
  /** Jobs that were refused before any shard saw them. */
  readonly refusedJobs: readonly { id: string; because: string }[];
}

/** Makes of an owner command what each shard that it is for is sent. Takes ids and switches as it goes. */
export function addressCommand(
  draft: Draft,
  name: RelayedCommandName,
  { commandId, by, reason: why, args }: ParsedCommand,
): Addressed {
  const { shards } = draft.state;
  const { shard, jobs, ...rest } = args!;
  const command = (shardName: ShardCommand['name'], own: ShardCommand['args']): ShardCommand => ({
    commandId,
    name: shardName,
    args: own,
    by,
    reason: why,
    via: 'orchestrator',
  });
  const toAll = (shardName: ShardCommand['name']): Addressed => ({
    relayed: Object.fromEntries(shards.map((each) => [each, command(shardName, rest)])),
    refusedJobs: [],
  });
  const toOne = (shardName: ShardCommand['name']): Addressed => ({
    relayed: { [shard!]: command(shardName, rest) },
    refusedJobs: [],
  });
  switch (name) {
    case 'pauseAll':
      draft.state.fabricPaused = true;
      return toAll('fabricPause');
    case 'resumeAll':
      draft.state.fabricPaused = false;
      return toAll('fabricResume');
    case 'pauseShard':
      return toOne('pause');
    case 'resumeShard':
      return toOne('resume');
    case 'setTickInterval':
      return toAll('setTickInterval');
    case 'updateSpilloverLimit':
    case 'updateLatencyBudget':
      return toOne(name);
    case 'cordonNode':
    case 'uncordonNode':
    case 'drainNode':
    case 'removeNode':
    case 'updateNode':
      return {
        relayed: { [shardOf(draft.state, rest.node!)!]: command(name, rest) },
        refusedJobs: [],
      };
    case 'registerNode':
      draft.state.nodeShards = { ...draft.state.nodeShards, [rest.node!]: shard! };
      return toOne(name);
    case 'submitJobs':
      return addressJobs(draft, jobs!, (own) => command('submitJobs', { jobs: own }));
  }
}

/** Jobs to the shards they name; those that name none to where they fit best now. */
function addressJobs(
  draft: Draft,
  jobs: readonly SubmittedJob[],
  command: (jobs: readonly SubmittedJob[]) => ShardCommand,
): Addressed {
  const { admitted, refusedJobs } = admitIds(draft, jobs);
  const byShard = new Map<string, SubmittedJob[]>();
  for (const job of admitted) {
    const shard = job.shard ?? emptiestFor(draft.state, job.skills);
    byShard.set(shard, [...(byShard.get(shard) ?? []), job]);
  }
  const relayed = [...byShard].map(([shard, own]) => [shard, command(own)] as const);
  return { relayed: Object.fromEntries(relayed), refusedJobs };
}

/** The shard with the shortest queue for its limit among those whose nodes have the skills. */
function emptiestFor({ shards, reports }: OrchestratorState, skills: readonly string[]): string {
  const filled = (shard: string): number => {
    const report = reports[shard];
    if (!report) return Number.MAX_VALUE;
    const able = someCanDo(report.skillSets, skills);
    const share = report.queued / Math.max(report.policy.spilloverLimit, 1);
    return able && !report.paused ? share : 1e6 + share;
  };
  return shards.reduce((best, shard) => (filled(shard) < filled(best) ? shard : best), shards[0]!);
}

/**
 * Why a command can't be about that node, or null. It has to be there; one that is to come must be nowhere, or be
 * known to its own shard, which says whether it may come again.
 */
export function nodeObstacle(
  state: OrchestratorState,
  name: string,
  node: string,
  wanted: string | undefined,
): Reason | null {
  const shard = shardOf(state, node);
  if (name !== 'registerNode') {
    return shard === null ? reason('unknown-node', { node, shard: 'any shard' }) : null;
  }
  if (shard === null) return null;
  const reported = state.reports[shard]?.nodes.find(({ id }) => id === node);
  if (shard === wanted && reported) return null;
  return reason('node-there', { node, shard, state: reported?.state ?? 'expected' });
}

/** The shard that the node serves, by the newest reports or the mission; null when nobody knows it. */
export function shardOf(
  { shards, reports, nodeShards }: OrchestratorState,
  node: string,
): string | null {
  const reported = shards.find((shard) => reports[shard]?.nodes.some(({ id }) => id === node));
  return reported ?? (Object.hasOwn(nodeShards, node) ? nodeShards[node]! : null);
}
