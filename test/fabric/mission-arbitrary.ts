/** Missions, owner commands and disorder as fast-check draws them: small, so that thousands fit a minute. */
import fc from 'fast-check';
import type { SimulationOrder } from '../../fabric/simulate/simulate.ts';
import type { Disorder } from '../../fabric/simulate/world.ts';
import type { SmallFeed, SmallMission, SmallNode, SmallShard } from './small-world.ts';

export interface Drawn {
  readonly mission: SmallMission;
  readonly disorder: Disorder;
  readonly commands: NonNullable<SimulationOrder['commands']>;
}

const NAMES = ['earth', 'luna', 'mars'];
/** By then every drawn command was sent and every drawn fault is over; then all pauses are cleared. */
const CALM_FROM_MS = 4_000;

const skills = fc.constantFrom<readonly string[]>([], [], ['x'], ['x', 'y']);

function shard(name: string, names: readonly string[]): fc.Arbitrary<SmallShard> {
  const others = names.filter((other) => other !== name);
  return fc.record({
    name: fc.constant(name),
    linkMs: fc.integer({ min: 0, max: 200 }),
    policy: fc.record({
      spilloverLimit: fc.constantFrom(0, 5, 20, 1_000),
      spillTargets: fc.shuffledSubarray(others),
      latencyBudgetMs: fc.constantFrom(50, 1_000, 600_000),
    }),
  });
}

function feeds(names: readonly string[]): fc.Arbitrary<SmallFeed[]> {
  const feed = fc.record({
    shard: fc.constantFrom(...names),
    count: fc.integer({ min: 1, max: 40 }),
    skills,
    durationMs: fc.constantFrom(0, 5, 40),
    failureRate: fc.constantFrom(0, 0, 0.3, 1),
    priority: fc.integer({ min: 0, max: 9 }),
    perSecond: fc.constantFrom(0, 0, 100, 1_000),
  });
  return fc.array(feed, { minLength: 1, maxLength: 3 });
}

function nodes(names: readonly string[]): fc.Arbitrary<SmallNode[]> {
  const node = fc.record({
    shard: fc.constantFrom(...names),
    skills,
    slots: fc.integer({ min: 1, max: 3 }),
  });
  return fc
    .array(node, { minLength: 1, maxLength: 4 })
    .map((all) => all.map((each, i) => ({ ...each, id: `node-${i}` })));
}

function disorder(nodeCount: number): fc.Arbitrary<Disorder> {
  const most = fc.record({
    seed: fc.integer({ min: 0, max: 1_000_000 }),
    duplicated: fc.constantFrom(0, 0.3),
    dropped: fc.constantFrom(0, 0.3),
    delayMsMax: fc.constantFrom(0, 50, 800),
    renewEvery: fc.constantFrom(0, 0, 5, 20),
    losses: fc.array(mishap(nodeCount, 3_000), { maxLength: 2 }),
    // Longer than a suspect is waited for, so that some work on after they were given up.
    silences: fc.array(mishap(nodeCount, 6_000), { maxLength: 2 }),
    crashes: fc.record({
      share: fc.constantFrom(0, 0.02, 0.2),
      points: fc.constant([]),
      downMs: fc.constantFrom(0, 300, 2_000),
    }),
    // Those before the first checkpoint do nothing.
    engineLosses: fc.array(fc.integer({ min: 100, max: CALM_FROM_MS - 500 }), { maxLength: 2 }),
    untilMs: fc.constant(CALM_FROM_MS),
  });
  // In every third mission a fifth of the leases is lost on the way.
  return most.map((each) => ({ ...each, undelivered: each.seed % 3 === 0 ? 0.2 : 0 }));
}

function mishap(nodeCount: number, forMsMax: number) {
  return fc.record({
    node: fc.integer({ min: 0, max: nodeCount - 1 }).map((i) => `node-${i}`),
    atMs: fc.integer({ min: 50, max: CALM_FROM_MS }),
    forMs: fc.integer({ min: 0, max: forMsMax }),
  });
}

function commands(names: readonly string[], nodeCount: number): fc.Arbitrary<Drawn['commands']> {
  const shardName = fc.constantFrom(...names, 'pluto');
  const nodeName = fc.integer({ min: 0, max: nodeCount }).map((i) => `node-${i}`);
  const jobs = fc.integer({ min: 1, max: 5 }).chain((count) =>
    fc.record({
      jobs: fc.constant(
        Array.from({ length: count }, (_, i) => ({ id: `by-hand-${i}`, kind: 'k' })),
      ),
    }),
  );
  const order = fc.oneof(
    fc.record({ name: fc.constantFrom('pauseAll', 'resumeAll'), input: fc.constant({}) }),
    fc.record({
      name: fc.constantFrom('pauseShard', 'resumeShard'),
      input: fc.record({ shard: shardName }),
    }),
    fc.record({
      name: fc.constant('updateSpilloverLimit'),
      input: fc.record({ shard: shardName, limit: fc.constantFrom(0, 3, 50, -1, 0.5) }),
    }),
    fc.record({
      name: fc.constant('updateLatencyBudget'),
      input: fc.record({ shard: shardName, ms: fc.constantFrom(1, 500, 60_000, 'soon') }),
    }),
    fc.record({
      name: fc.constant('setTickInterval'),
      input: fc.record({ seconds: fc.constantFrom(0.05, 0.5, 0) }),
    }),
    fc.record({
      name: fc.constantFrom('cordonNode', 'uncordonNode'),
      input: fc.record({ node: nodeName }),
    }),
    fc.record({
      name: fc.constant('drainNode'),
      input: fc.record({ node: nodeName, seconds: fc.constantFrom(0, 0.3, 60) }),
    }),
    fc.record({ name: fc.constant('checkpoint'), input: fc.constant({}) }),
    fc.record({ name: fc.constant('submitJobs'), input: jobs }),
    fc.record({ name: fc.constant('launchRockets'), input: fc.anything() }),
  );
  const timed = fc.record({ atMs: fc.integer({ min: 0, max: CALM_FROM_MS }), order });
  const resume = { atMs: CALM_FROM_MS, name: 'resumeAll', input: { commandId: 'the-last-resume' } };
  return fc.array(timed, { maxLength: 4 }).map((all) => {
    const cordoned = all.flatMap(({ order: { name, input } }) =>
      name === 'cordonNode' || name === 'drainNode' ? [input as { node: string }] : [],
    );
    const open = cordoned.map(({ node }, i) => {
      const input = { node, commandId: `the-last-uncordon-${i}` };
      return { atMs: CALM_FROM_MS, name: 'uncordonNode', input };
    });
    return [...all.map(({ atMs, order: each }) => ({ atMs, ...each })), ...open, resume];
  });
}

/** A mission with everything that may happen to it. */
export const drawn: fc.Arbitrary<Drawn> = fc
  .integer({ min: 1, max: NAMES.length })
  .chain((count) => {
    const names = NAMES.slice(0, count);
    return fc
      .record({
        shards: fc.tuple(...names.map((name) => shard(name, names))),
        feeds: feeds(names),
        nodes: nodes(names),
        policy: fc.record({
          leaseJobsMax: fc.constantFrom(3, 20),
          pageJobs: fc.constantFrom(10, 50),
          attemptsMax: fc.integer({ min: 1, max: 3 }),
          hopsMax: fc.integer({ min: 1, max: 3 }),
          checkpointEveryMs: fc.constantFrom(0, 300, 1_500),
        }),
        seed: fc.integer({ min: 0, max: 1_000 }),
      })
      .chain((mission) =>
        fc.record({
          mission: fc.constant<SmallMission>(mission),
          disorder: disorder(mission.nodes.length),
          commands: commands(names, mission.nodes.length),
        }),
      );
  });
