/**
 * Jobs that were accepted though no node can do them yet. A mission may let such jobs wait, since a node
 * may still join; whoever submits them should hear of it and not watch a queue that never moves.
 */
import { grouped } from '../fabric/mission/problems.ts';
import { canDo } from '../fabric/shard/skills.ts';
import type { FabricStatus } from '../workflows/protocol.ts';
import type { JobToSubmit } from './owner-console.ts';

/** Jobs of one line that are named; the rest are counted. */
const NAMED_MAX = 3;

/**
 * One line for each set of skills that no ready node has which the jobs could come to: a node of the job's
 * own shard or of one that it may spill to, or any node where the job names no shard.
 */
export function waitingLines(
  jobs: readonly JobToSubmit[],
  accepted: readonly string[],
  { shards }: Pick<FabricStatus, 'shards'>,
): string[] {
  const taken = new Set(accepted);
  const bySkills = new Map<string, string[]>();
  for (const { id, shard, skills = [] } of jobs) {
    if (skills.length === 0 || !taken.has(id)) continue;
    const near = shard === undefined ? Object.keys(shards) : reach(shards, shard);
    const nodes = near.flatMap((name) => shards[name]?.nodes ?? []);
    if (nodes.some(({ state, spec }) => state === 'ready' && canDo(spec.skills, skills))) continue;
    const key = [...skills].sort().join(', ');
    bySkills.set(key, [...(bySkills.get(key) ?? []), id]);
  }
  return [...bySkills].map(([skills, ids]) => waitingLine(skills, ids));
}

function reach(shards: FabricStatus['shards'], shard: string): readonly string[] {
  return [shard, ...(shards[shard]?.policy.spillTargets ?? [])];
}

function waitingLine(skills: string, ids: readonly string[]): string {
  const more = ids.length - NAMED_MAX;
  const named = ids.slice(0, NAMED_MAX).join(', ');
  const who = more > 0 ? `${named} and ${grouped(more)} more` : named;
  const wait = ids.length === 1 ? 'waits' : 'wait';
  return `no node in reach has the skills ${skills} now: ${who} ${wait} until one joins`;
}
