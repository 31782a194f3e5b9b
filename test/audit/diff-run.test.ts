/** What the audit says of two instants of a run: simulated ones, whose ends the core knows. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { diffRun, type RunDiff } from '../../audit/diff-run.ts';
import { instantOf, offsetText, spanOf } from '../../audit/instants.ts';
import { verifyRun } from '../../audit/verify-run.ts';
import { COUNTS, type Counts } from '../../audit/run-state.ts';
import { simulate } from '../../fabric/simulate/simulate.ts';
import { drawn } from '../fabric/mission-arbitrary.ts';
import { jobsOf, specOf, type SmallMission } from '../fabric/small-world.ts';
import { recordRun } from './simulated-ledger.ts';

const SEED = Number(process.env['FABRIC_TEST_SEED'] ?? 20_180_206);
const MISSIONS = 200;

const MISSION: SmallMission = {
  shards: [
    { name: 'earth', policy: { spilloverLimit: 6, spillTargets: ['luna'] } },
    { name: 'luna', policy: { spilloverLimit: 200 } },
  ],
  feeds: [{ shard: 'earth', count: 60, durationMs: 20 }],
  nodes: [
    { id: 'earth-1', shard: 'earth', slots: 1 },
    { id: 'luna-1', shard: 'luna', slots: 1 },
  ],
  policy: { leaseJobsMax: 5, pageJobs: 20 },
};

const COMMANDS = [
  { atMs: 100, name: 'pauseShard', input: { shard: 'luna', by: 'ada', reason: 'solar storm' } },
  { atMs: 110, name: 'updateSpilloverLimit', input: { shard: 'earth', limit: 9 } },
  { atMs: 120, name: 'setTickInterval', input: { seconds: 0.05 } },
  { atMs: 130, name: 'cordonNode', input: { node: 'luna-1' } },
  { atMs: 140, name: 'updateLatencyBudget', input: { shard: 'luna', ms: -1 } },
  { atMs: 1_500, name: 'uncordonNode', input: { node: 'luna-1' } },
  { atMs: 1_600, name: 'resumeAll', input: {} },
];

async function compared(from: string, until: string): Promise<RunDiff> {
  const spec = specOf(MISSION);
  const { records, run } = recordRun(simulate, { spec, jobs: jobsOf(spec), commands: COMMANDS });
  expect(run.ended).toBe('closed');
  const span = (await spanOf(records)).span!;
  return await diffRun(records, instantOf(from, span)!, instantOf(until, span)!);
}

it('tells which policy, switches and nodes were changed, and by which commands', async () => {
  const { differences, between } = await compared('90ms', '+1.4s');
  const changed = differences.map(({ where, what, before, after }) => [where, what, before, after]);
  expect(changed).toContainEqual([null, 'tick, ms', 100, 50]);
  expect(changed).toContainEqual(['earth', 'spillover limit', 6, 9]);
  expect(changed).toContainEqual(['luna', 'paused', 'no', 'by the shard']);
  expect(changed).toContainEqual(['luna', 'node luna-1', 'ready', 'cordoned']);
  const names = new Set(changed.map(([, what]) => what));
  for (const same of ['spill targets', 'latency budget, ms', 'node earth-1', 'refused']) {
    expect(names).not.toContain(same);
  }
  const ordered = between.commands.map(({ name, outcome }) => `${name} ${outcome}`);
  expect(ordered.toSorted()).toEqual([
    'cordonNode applied',
    'pauseShard applied',
    'setTickInterval applied',
    'updateLatencyBudget refused',
    'updateSpilloverLimit applied',
  ]);
  const pause = between.commands.find(({ name }) => name === 'pauseShard')!;
  expect(pause).toMatchObject({ by: 'ada', reason: 'solar storm', args: { shard: 'luna' } });
});

it('tells what was planned and moved in between', async () => {
  const { before, after, between } = await compared('0s', '1s');
  const [sent] = between.transfers;
  expect(sent).toMatchObject({ from: 'earth', to: 'luna', refused: 0 });
  expect(between.jobsOrdered).toBeGreaterThan(0);
  expect(between.jobsOrdered).toBeGreaterThanOrEqual(sent!.jobs);
  const { spilledIn } = after.shards['luna']!.jobs;
  expect(spilledIn).toBeGreaterThan(0);
  expect(after.shards['earth']!.jobs.inTransit + spilledIn).toBe(sent!.jobs);
  expect(before.jobs.spilledIn).toBe(0);
});

it('tells of a node that is expected, and of what one offers by the command that changed it', async () => {
  const spec = specOf(MISSION);
  const commands = [
    { atMs: 100, name: 'registerNode', input: { node: 'guest', shard: 'luna' } },
    { atMs: 110, name: 'updateNode', input: { node: 'earth-1', slots: 3 } },
    { atMs: 120, name: 'registerNode', input: { node: 'earth-1', shard: 'luna' } },
  ];
  const { records } = recordRun(simulate, { spec, jobs: jobsOf(spec), commands });
  const audit = await verifyRun(records, { mustBeClosed: true, isWhole: true });
  expect(audit.checks.filter(({ held }) => !held)).toEqual([]);
  const { firstMs, lastMs } = (await spanOf(records)).span!;
  const { differences, between } = await diffRun(records, firstMs + 90, lastMs);
  const guest = { where: 'luna', what: 'node guest', before: null, after: 'expected' };
  expect(differences).toContainEqual(guest);
  const ordered = between.commands.map(({ name, outcome, effect }) => [name, outcome, effect]);
  expect(ordered).toEqual([
    ['registerNode', 'applied', expect.stringContaining('guest is expected')],
    ['updateNode', 'applied', 'earth: earth-1: slots 1 → 3.'],
    ['registerNode', 'refused', expect.stringContaining('"earth-1" on earth already')],
    ['close', 'applied', expect.anything()],
  ]);
});

it('finds nothing between an instant and itself', async () => {
  const { differences, between } = await compared('50ms', '50ms');
  expect([differences, between.entries]).toEqual([[], 0]);
});

it('is under a pause of all from when all have acknowledged it', async () => {
  const spec = specOf(MISSION);
  const commands = [
    { atMs: 100, name: 'pauseAll', input: {} },
    { atMs: 2_000, name: 'resumeAll', input: {} },
  ];
  const { records } = recordRun(simulate, { spec, jobs: jobsOf(spec), commands });
  const { firstMs, lastMs } = (await spanOf(records)).span!;
  const { before, after } = await diffRun(records, firstMs + 1_500, lastMs);
  const paused = (each: RunDiff['before']): unknown[] => [
    each.paused,
    ...Object.values(each.shards).map(({ pausedBy }) => pausedBy),
  ];
  expect(paused(before)).toEqual([true, ['fabric'], ['fabric']]);
  expect(paused(after)).toEqual([false, [], []]);
});

it(`conserves jobs at every instant of ${MISSIONS} drawn missions, and ends as they did`, async () => {
  let inTransit = 0;
  const lost = ({ accepted, queued, leased, ...rest }: Counts): number =>
    accepted - queued - leased - rest.inTransit - rest.completed - rest.failed - rest.cancelled;
  for (const { mission, disorder, commands } of fc.sample(drawn, {
    numRuns: MISSIONS,
    seed: SEED,
  })) {
    const spec = specOf(mission);
    const { run, records } = recordRun(simulate, { spec, jobs: jobsOf(spec), disorder, commands });
    const { firstMs, lastMs } = (await spanOf(records)).span!;
    for (const share of [0, 0.1, 0.4, 0.7]) {
      const { before, after } = await diffRun(
        records,
        firstMs + share * (lastMs - firstMs),
        lastMs,
      );
      expect([lost(before.jobs), lost(after.jobs)]).toEqual([0, 0]);
      inTransit += before.jobs.inTransit;
      for (const { shard, tally } of run.shards) {
        const { jobs } = after.shards[shard]!;
        for (const key of COUNTS) if (key in tally) expect(jobs[key]).toBe(tally[key as 'failed']);
      }
    }
  }
  expect(inTransit).toBeGreaterThan(0);
});

it('reads instants as offsets in four units and as points in time with a zone', () => {
  const span = { firstMs: Date.parse('2026-01-02T03:04:05Z'), lastMs: 0 };
  const from = (text: string): number | null => {
    const ms = instantOf(text, span);
    return ms === null ? null : ms - span.firstMs;
  };
  expect(['+2.5s', '90s', '250ms', '1.5m', '2h', '0s'].map(from)).toEqual([
    2_500, 90_000, 250, 90_000, 7_200_000, 0,
  ]);
  expect(from('2026-01-02T03:04:06.250Z')).toBe(1_250);
  expect(from('2026-01-02T05:04:06+02:00')).toBe(1_000);
  for (const bad of ['', 'now', '5', '-5s', '5 s', '2026-01-02T03:04:06', '2026-13-02T03:04:06Z']) {
    expect(from(bad), bad).toBeNull();
  }
  expect(offsetText(instantOf('+2.5s', span)!, span)).toBe('+2.5s');
});
