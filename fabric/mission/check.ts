/**
 * Looks a mission over before anything is started: first its shape, then what its parts say about one
 * another. Every problem is found at once, so that an author mends a file in one go.
 */
import { LIMITS } from '../limits.ts';
import { canDo } from '../shard/skills.ts';
import { positionOf } from '../topology.ts';
import { timeoutProblem } from './adapter.ts';
import { FAULT_TIMES, faultInRange } from './faults.ts';
import { nodeIds } from './fill.ts';
import { RANGES } from './fields.ts';
import {
  expectedText,
  foundText,
  grouped,
  pathText,
  quoted,
  schemaProblems,
  type Problem,
} from './problems.ts';
import { missionSchema, type Mission } from './schema.ts';
import { dueInRange } from './timeline.ts';

export type MissionCheck =
  | { readonly ok: true; readonly mission: Mission; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

type Path = readonly PropertyKey[];

/** What the cross-checks write to. */
interface Findings {
  readonly problems: Problem[];
  readonly warnings: Problem[];
}

const DEPTH_MAX = 32;
/** Node ids that a message names; the mission has the rest. */
const NAMED_NODES_MAX = 8;
const RESERVED_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Checks any value as a mission. Never throws; the files it names are not looked at. */
export function checkMission(input: unknown): MissionCheck {
  const unsafe = unsafeKeys(input);
  if (unsafe.length > 0) return { ok: false, problems: unsafe };
  const parsed = missionSchema.safeParse(input, { error: expectedText });
  if (!parsed.success) return { ok: false, problems: schemaProblems(input, parsed.error) };
  const mission = parsed.data;
  const findings: Findings = { problems: [], warnings: [] };
  checkShards(mission, findings.problems);
  if (Object.keys(mission.shards).length === 0) return { ok: false, problems: findings.problems };
  checkNodes(mission, findings.problems);
  checkFeeds(mission, findings.problems);
  checkTimeline(mission, findings.problems);
  checkFaults(mission, findings.problems);
  checkPolicy(mission, findings.problems);
  checkWork(mission, findings);
  checkSkills(mission, findings);
  const { problems, warnings } = findings;
  return problems.length > 0 ? { ok: false, problems } : { ok: true, mission, warnings };
}

/**
 * Keys that could reach an object's prototype, and nesting that no mission needs. The schema can't do
 * this: it passes over `__proto__`. Walks without recursion, so that depth itself does no harm.
 */
export function unsafeKeys(input: unknown): Problem[] {
  const problems: Problem[] = [];
  const rest: { value: unknown; path: Path }[] = [{ value: input, path: [] }];
  for (let next = rest.pop(); next; next = rest.pop()) {
    const { value, path } = next;
    if (typeof value !== 'object' || value === null) continue;
    if (path.length >= DEPTH_MAX) {
      return [problem(path, 'more nesting', `at most ${DEPTH_MAX} levels`)];
    }
    const isList = Array.isArray(value);
    for (const [key, child] of Object.entries(value)) {
      const inside = [...path, isList ? Number(key) : key];
      if (!isList && RESERVED_KEYS.has(key)) {
        problems.push(problem(inside, 'a reserved key', 'another name'));
      } else rest.push({ value: child, path: inside });
    }
  }
  return problems;
}

function checkShards({ shards }: Mission, problems: Problem[]): void {
  const names = Object.keys(shards);
  if (names.length === 0 || names.length > LIMITS.shardsMax) {
    problems.push(problem(['shards'], `${names.length} shards`, `1 to ${LIMITS.shardsMax}`));
  }
  for (const [name, shard] of Object.entries(shards)) {
    if (name === 'orchestrator') {
      // The ledger keeps one chain a shard and one of this name.
      problems.push(problem(['shards', name], 'a reserved name', 'another name'));
    }
    if (!shard.position && !positionOf(name)) {
      const where = '{ "xKm", "yKm", "zKm" }, since this shard is none of the five regions';
      problems.push(problem(['shards', name, 'position'], 'nothing', where));
    }
    for (const [i, target] of shard.spillTargets.entries()) {
      const path = ['shards', name, 'spillTargets', i];
      if (target === name) {
        problems.push(problem(path, `the shard itself, ${quoted(name)}`, 'another shard'));
      } else if (shard.spillTargets.indexOf(target) < i) {
        problems.push(problem(path, `${quoted(target)} a second time`, 'every target once'));
      } else checkShardName(shards, path, target, problems);
    }
  }
}

function checkNodes({ shards, nodes, policy }: Mission, problems: Problem[]): void {
  const seen = new Map<string, number>();
  const perShard = new Map<string, number>();
  for (const [i, node] of nodes.entries()) {
    checkShardName(shards, ['nodes', i, 'shard'], node.shard, problems);
    const late = timeoutProblem(node.adapter, policy.leaseTimeoutMs, `nodes[${i}].adapter`);
    if (late !== null) problems.push(late);
    for (const id of nodeIds(node)) {
      const first = seen.get(id);
      if (first !== undefined) {
        const found = `${quoted(id)}, taken by nodes[${first}]`;
        problems.push(problem(['nodes', i, 'id'], found, 'an id of its own'));
        break;
      }
      seen.set(id, i);
    }
    const held = (perShard.get(node.shard) ?? 0) + node.count;
    perShard.set(node.shard, held);
    if (held > LIMITS.nodesPerShardMax && held - node.count <= LIMITS.nodesPerShardMax) {
      const found = `${held} nodes on ${quoted(node.shard)}`;
      problems.push(problem(['nodes', i], found, `at most ${LIMITS.nodesPerShardMax} a shard`));
    }
  }
}

function checkFeeds({ shards, feeds, blueprints }: Mission, problems: Problem[]): void {
  const shorthand = new Set(blueprints.map(({ shard }) => `${shard}-blueprints`));
  const seen = new Map<string, number>();
  const perShard = new Map<string, number>();
  for (const shard of new Set(blueprints.map((each) => each.shard))) perShard.set(shard, 1);
  for (const [i, { id, shard, source, arrivals }] of feeds.entries()) {
    checkShardName(shards, ['feeds', i, 'shard'], shard, problems);
    const first = seen.get(id);
    const owner = first === undefined ? "the mission's own blueprints" : `feeds[${first}]`;
    if (first !== undefined || shorthand.has(id)) {
      const found = `${quoted(id)}, taken by ${owner}`;
      problems.push(problem(['feeds', i, 'id'], found, 'an id of its own'));
    } else seen.set(id, i);
    if (source.type === 'synthetic') {
      if (arrivals.mode === 'event-time') {
        const expected = 'at-once or rate: simulated jobs have no times of their own';
        problems.push(problem(['feeds', i, 'arrivals', 'mode'], '"event-time"', expected));
      }
      checkCount(['feeds', i, 'source', 'blueprints'], source.blueprints, problems);
    }
    const held = (perShard.get(shard) ?? 0) + 1;
    perShard.set(shard, held);
    if (held === LIMITS.feedsPerShardMax + 1) {
      const found = `${held} feeds on ${quoted(shard)}`;
      problems.push(problem(['feeds', i], found, `at most ${LIMITS.feedsPerShardMax} a shard`));
    }
  }
  for (const [i, { shard }] of blueprints.entries()) {
    checkShardName(shards, ['blueprints', i, 'shard'], shard, problems);
  }
  checkCount(['blueprints'], blueprints, problems);
}

function checkCount(path: Path, parts: readonly { count: number }[], problems: Problem[]): void {
  const jobs = parts.reduce((sum, { count }) => sum + count, 0);
  if (jobs <= RANGES.jobsPerFeed.max) return;
  const expected = `at most ${grouped(RANGES.jobsPerFeed.max)} jobs together`;
  problems.push(problem(path, `${grouped(jobs)} jobs`, expected));
}

function checkTimeline({ shards, timeline }: Mission, problems: Problem[]): void {
  for (const [i, entry] of timeline.entries()) {
    const path = ['timeline', i];
    if ((entry.at === undefined) === (entry.outcomes === undefined)) {
      const found =
        entry.at === undefined ? 'neither "at" nor "outcomes"' : 'both "at" and "outcomes"';
      problems.push(problem(path, found, 'one of the two'));
    }
    if (!dueInRange(entry)) {
      problems.push(problem([...path, 'at'], foundText(entry.at), '30 days at the most'));
    }
    if (entry.command === 'submitJobs') {
      for (const [j, { shard }] of entry.args.jobs.entries()) {
        checkShardName(shards, [...path, 'args', 'jobs', j, 'shard'], shard, problems);
      }
    } else if ('shard' in entry.args) {
      checkShardName(shards, [...path, 'args', 'shard'], entry.args.shard, problems);
    }
  }
}

function checkFaults({ faults, nodes }: Mission, problems: Problem[]): void {
  const ids = new Set(nodes.flatMap(nodeIds));
  for (const [i, fault] of faults.entries()) {
    const path = ['faults', i];
    const given = FAULT_TIMES.filter((time) => fault[time] !== undefined);
    if (given.length !== 1) {
      const found = given.length === 0 ? 'no time' : given.map(quoted).join(' and ');
      problems.push(problem(path, found, `one of ${FAULT_TIMES.map(quoted).join(', ')}`));
    }
    if (!faultInRange(fault)) {
      problems.push(problem([...path, 'at'], foundText(fault.at), '30 days at the most'));
    }
    if (fault.random && fault.random.from > fault.random.to) {
      const found = `from ${fault.random.from} to ${fault.random.to}`;
      problems.push(problem([...path, 'random'], found, 'from at most as large as to'));
    }
    if (fault.kind === 'cut-network' && fault.target === 'orchestrator' && fault.node) {
      const expected = 'none, since the target is the orchestrator';
      problems.push(problem([...path, 'node'], quoted(fault.node), expected));
    } else if ('node' in fault && fault.node !== undefined && !ids.has(fault.node)) {
      const known = [...ids].slice(0, NAMED_NODES_MAX).join(', ');
      const expected = `the id of one node, such as ${known}`;
      problems.push(problem([...path, 'node'], quoted(fault.node), expected));
    }
  }
}

function checkPolicy({ policy }: Mission, problems: Problem[]): void {
  if (policy.leaseTimeoutMs > policy.leaseTargetMs) return;
  const expected = `more than leaseTargetMs, ${grouped(policy.leaseTargetMs)}`;
  problems.push(problem(['policy', 'leaseTimeoutMs'], grouped(policy.leaseTimeoutMs), expected));
}

/** A run needs jobs, and somebody to do them; a service may wait for both. */
function checkWork(mission: Mission, { problems, warnings }: Findings): void {
  const isService = mission.mode === 'service';
  if (mission.nodes.length === 0) {
    const expected = 'at least one node; without any, no job is done';
    (isService ? warnings : problems).push(problem(['nodes'], 'no nodes', expected));
  }
  const submits = mission.timeline.some(({ command }) => command === 'submitJobs');
  if (isService || submits || mission.feeds.length + mission.blueprints.length > 0) return;
  problems.push(problem(['feeds'], 'no jobs', 'a feed, a blueprint, or "mode": "service"'));
}

/** Jobs that no node of their shard or of its spill targets can do: what the shard itself goes by. */
function checkSkills(mission: Mission, { problems, warnings }: Findings): void {
  if (mission.nodes.length === 0) return;
  const waitsForEver = mission.policy.unmatchedSkills === 'wait' && mission.mode === 'mission';
  for (const { path, shard, skills } of neededSkills(mission)) {
    if (!Object.hasOwn(mission.shards, shard)) continue;
    const targets = mission.policy.hopsMax > 0 ? mission.shards[shard]!.spillTargets : [];
    const near = [shard, ...targets];
    const reach = mission.nodes.filter((node) => near.includes(node.shard));
    if (reach.some((node) => canDo(node.skills, skills))) continue;
    const found =
      skills.length === 0 ? 'jobs' : `jobs that need ${skills.map(quoted).join(' and ')}`;
    const what = skills.length === 0 ? 'a node' : 'a node with all of these skills';
    const because = waitsForEver
      ? 'they would wait for ever'
      : UNMATCHED[mission.policy.unmatchedSkills];
    const expected = `${what} on ${near.join(' or ')}; ${because}`;
    (waitsForEver ? problems : warnings).push(problem(path, found, expected));
  }
}

const UNMATCHED = {
  refuse: 'as it is, they will be refused',
  wait: 'as it is, they will wait for one',
} as const;

function neededSkills({ feeds, blueprints, timeline }: Mission) {
  const needs: { path: Path; shard: string; skills: readonly string[] }[] = [];
  for (const [i, { shard, source }] of feeds.entries()) {
    const path = ['feeds', i, 'source'];
    if (source.type === 'geojson') needs.push({ path, shard, skills: source.skills });
    if (source.type !== 'synthetic') continue;
    for (const [j, { skills }] of source.blueprints.entries()) {
      needs.push({ path: [...path, 'blueprints', j], shard, skills });
    }
  }
  for (const [i, { shard, skills }] of blueprints.entries()) {
    needs.push({ path: ['blueprints', i], shard, skills });
  }
  for (const [i, entry] of timeline.entries()) {
    if (entry.command !== 'submitJobs') continue;
    for (const [j, { shard, skills }] of entry.args.jobs.entries()) {
      needs.push({ path: ['timeline', i, 'args', 'jobs', j], shard, skills });
    }
  }
  return needs;
}

function checkShardName(
  shards: Mission['shards'],
  path: Path,
  name: string,
  problems: Problem[],
): void {
  if (Object.hasOwn(shards, name)) return;
  const known = Object.keys(shards).join(', ');
  problems.push(problem(path, quoted(name), `one of the mission's shards: ${known}`));
}

function problem(path: Path, found: string, expected: string): Problem {
  return { path: pathText(path), found, expected };
}
