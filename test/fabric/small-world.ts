/** Small missions for tests of the core: drawn from numbers, complete in every field, never from files. */
import type { PageClass } from '../../fabric/job.ts';
import type { RunNode, RunSpec, TimelineCommand } from '../../fabric/mission/run-spec.ts';
import { range } from '../../fabric/ordinals.ts';
import type { Blueprint, FabricPolicy, FeedSpec, ShardPolicy } from '../../fabric/policy.ts';
import { seededUnit } from '../../fabric/seeded.ts';
import type { SimulatedJobs } from '../../fabric/simulate/world.ts';

export const POLICY: FabricPolicy = {
  tickMs: 100,
  attemptsMax: 3,
  hopsMax: 3,
  leaseTargetMs: 100,
  leaseJobsMax: 20,
  pageJobs: 50,
  unmatchedSkills: 'refuse',
  leaseTimeoutMs: 60_000,
  historyEventsMax: 600,
  checkpointEveryMs: 0,
};

/** What jobs of a hand-made page have in common. */
export const TRAITS = {
  kind: 'work',
  skills: [],
  priority: 5,
  latencyBudgetMs: null,
  value: 2,
  estimateMs: 10,
};

export interface SmallShard {
  readonly name: string;
  readonly policy?: Partial<ShardPolicy>;
  readonly linkMs?: number;
}

export interface SmallFeed {
  readonly shard: string;
  readonly count: number;
  readonly skills?: readonly string[];
  readonly durationMs?: number;
  readonly failureRate?: number;
  readonly priority?: number;
  readonly perSecond?: number;
}

export interface SmallNode {
  readonly id: string;
  readonly shard: string;
  readonly skills?: readonly string[];
  readonly slots?: number;
}

export interface SmallMission {
  readonly shards: readonly SmallShard[];
  readonly feeds?: readonly SmallFeed[];
  readonly nodes?: readonly SmallNode[];
  readonly policy?: Partial<FabricPolicy>;
  readonly timeline?: readonly TimelineCommand[];
  readonly seed?: number;
}

/** A run spec with everything that the small mission leaves out. */
export function specOf(mission: SmallMission): RunSpec {
  const names = mission.shards.map(({ name }) => name);
  const linkOf = new Map(mission.shards.map(({ name, linkMs }) => [name, linkMs ?? 5]));
  return {
    schema: 'planetary-fabric/run@1',
    runId: 'small-run',
    fabric: 'small',
    scenario: 'small',
    title: 'small',
    seed: mission.seed ?? 1,
    mode: 'mission',
    policy: { ...POLICY, ...mission.policy },
    timeScale: 1,
    shards: mission.shards.map(({ name, policy }) => ({
      name,
      policy: {
        spilloverLimit: 1_000,
        spillTargets: [],
        latencyBudgetMs: 600_000,
        ...policy,
      },
      linkMs: Object.fromEntries(
        names.filter((other) => other !== name).map((other) => [other, linkOf.get(other) ?? 5]),
      ),
    })),
    nodes: (mission.nodes ?? []).map(nodeOf),
    feeds: (mission.feeds ?? []).map(feedOf),
    timeline: mission.timeline ?? [],
    gates: [],
    presentation: null,
    folders: { ledger: '/ledger', results: '/results', reports: '/reports' },
  };
}

export function nodeOf({ id, shard, skills, slots }: SmallNode): RunNode {
  return {
    id,
    shard,
    skills: skills ?? [],
    slots: slots ?? 2,
    pricePerJob: 0.5,
    image: 'none',
    runtime: 'node',
    tags: [],
    adapter: { type: 'simulated', speed: 1 },
  };
}

function feedOf(feed: SmallFeed, i: number): FeedSpec {
  const blueprint: Blueprint = {
    kind: 'work',
    count: feed.count,
    skills: feed.skills ?? [],
    priority: feed.priority ?? 5,
    value: 2,
    latencyBudgetMs: null,
    durationMs: feed.durationMs ?? 10,
    failureRate: feed.failureRate ?? 0,
  };
  return {
    id: `feed-${i}`,
    shard: feed.shard,
    arrivals: feed.perSecond ? { mode: 'rate', perSecond: feed.perSecond } : { mode: 'at-once' },
    source: { type: 'synthetic', seed: 1, blueprints: [blueprint] },
    total: feed.count,
  };
}

/** The jobs of a small mission: one class a feed, and inbox jobs that take 5 ms and never fail. */
export function jobsOf(spec: RunSpec): SimulatedJobs {
  const blueprints = new Map(
    spec.feeds.map((feed) => [
      feed.id,
      feed.source.type === 'synthetic' ? feed.source.blueprints[0] : undefined,
    ]),
  );
  return {
    page: (feed, from, count) => ({
      count,
      classes: [classOf(blueprints.get(feed.id)!, from, count)],
    }),
    attempt: ({ feed, ordinal, attempt }) => {
      const blueprint = blueprints.get(feed);
      const drawn = seededUnit(spec.seed, 'outcome', feed, ordinal, attempt);
      const failed = drawn < (blueprint?.failureRate ?? 0);
      return { serviceMs: blueprint?.durationMs ?? 5, code: failed ? 'drawn' : null };
    },
  };
}

function classOf(blueprint: Blueprint, from: number, count: number): PageClass {
  const { kind, skills, priority, latencyBudgetMs, value, durationMs } = blueprint;
  const traits = { kind, skills, priority, latencyBudgetMs, value, estimateMs: durationMs };
  return { ...traits, ordinals: range(from, from + count) };
}
