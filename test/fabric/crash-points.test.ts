/**
 * Every crash point of one small mission. The deciding process is killed at each instant at which it could
 * be: before each decision is committed, and after each append is written and before it is answered. Then
 * every workflow hands its state over through JSON after each of its decisions. What comes of the jobs is
 * the same every time.
 */
import { describe, expect, it } from 'vitest';
import { violations } from '../../fabric/invariants.ts';
import { simulate, type SimulatedRun } from '../../fabric/simulate/simulate.ts';
import { CALM, type Disorder } from '../../fabric/simulate/world.ts';
import { JobTable } from '../../reporting/job-table.ts';
import { outcomeDigest } from '../../reporting/outcome-digest.ts';
import { ProblemList } from '../../reporting/problems.ts';
import { problemsOf } from './ledger-of-run.ts';
import { jobsOf, specOf, type SmallMission } from './small-world.ts';

/** Spillover, retries, a pause and its end, submitted jobs, and nodes that are lost and come back. */
const MISSION: SmallMission = {
  shards: [
    { name: 'earth', policy: { spilloverLimit: 6, spillTargets: ['luna'] } },
    { name: 'luna', policy: { spilloverLimit: 200 } },
  ],
  feeds: [
    { shard: 'earth', count: 60, failureRate: 0.3, durationMs: 20 },
    { shard: 'luna', count: 10, durationMs: 20 },
  ],
  nodes: [
    { id: 'earth-1', shard: 'earth', slots: 1 },
    { id: 'luna-1', shard: 'luna', slots: 1 },
    { id: 'luna-2', shard: 'luna', slots: 1 },
  ],
  policy: { leaseJobsMax: 5, pageJobs: 20 },
};
const COMMANDS = [
  { atMs: 120, name: 'pauseShard', input: { shard: 'luna' } },
  { atMs: 400, name: 'resumeAll', input: {} },
  { atMs: 90, name: 'submitJobs', input: { jobs: [{ id: 'by-hand', kind: 'k', shard: 'earth' }] } },
];
/** One is back before it was missed, the other long after. */
const LOSSES: Disorder['losses'] = [
  { node: 'earth-1', atMs: 145, forMs: 100 },
  { node: 'luna-2', atMs: 445, forMs: 1_500 },
];
const DOWN_MS = 1_000;
/** Longer than leases and closing may take together, where leases may take a second. */
const LONG_DOWN_MS = 20_000;

function run(
  disorder: Partial<Disorder>,
  mission = MISSION,
): { run: SimulatedRun; broken: string[] } {
  const spec = specOf(mission);
  const broken: string[] = [];
  const ended = simulate({
    spec,
    jobs: jobsOf(spec),
    commands: COMMANDS,
    disorder: { ...CALM, losses: LOSSES, ...disorder },
    decisionsMax: 5_000,
    watch: { fabric: (shards) => void broken.push(...violations(shards)) },
  });
  return { run: ended, broken };
}

function digestOf({ ledger }: SimulatedRun): string {
  const table = new JobTable(new ProblemList());
  for (const entries of ledger.values()) for (const entry of entries) table.apply(entry);
  return outcomeDigest(table);
}

function expectWhole({ run: ended, broken }: ReturnType<typeof run>, digest: string): void {
  expect(broken).toEqual([]);
  expect(ended.ended).toBe('closed');
  expect(problemsOf(ended)).toEqual([]);
  expect(digestOf(ended)).toBe(digest);
}

describe('a small mission', () => {
  const whole = run({});
  const digest = digestOf(whole.run);

  it('does all that a crash could break', () => {
    expectWhole(whole, digest);
    const kinds = new Set([...whole.run.ledger.values()].flat().map(({ type }) => type));
    const wanted = ['accept', 'lease', 'outcome', 'requeue', 'transfer-done', 'node', 'command'];
    expect(wanted.filter((type) => !kinds.has(type as never))).toEqual([]);
    expect(whole.run.shards.some(({ tally }) => tally.retried > 0)).toBe(true);
    const ends = [...whole.run.ledger.values()].flat().filter(({ type }) => type === 'outcome');
    expect(ends.filter((entry) => 'lost' in entry).length).toBeGreaterThan(1);
  });

  it('comes to the same outcomes when its process is killed at any one instant', () => {
    const { crashPoints } = whole.run;
    expect(crashPoints).toBeGreaterThan(100);
    for (let point = 0; point < crashPoints; point++) {
      const killed = run({ crashes: { share: 0, points: [point], downMs: DOWN_MS } });
      expect(killed.run.kills, `at point ${point}`).toBe(1);
      expectWhole(killed, digest);
    }
    console.log(`${crashPoints} of ${crashPoints} crash points come to the same outcome digest`);
  });

  it('closes when a stop at any instant lasts longer than all that may be waited for', () => {
    const policy = { ...MISSION.policy, leaseTimeoutMs: 1_000 };
    const mission = { ...MISSION, policy };
    const undisturbed = run({}, mission);
    const { crashPoints } = undisturbed.run;
    for (let point = 0; point < crashPoints; point++) {
      const killed = run({ crashes: { share: 0, points: [point], downMs: LONG_DOWN_MS } }, mission);
      expect(killed.run.kills, `at point ${point}`).toBe(1);
      expectWhole(killed, digestOf(undisturbed.run));
    }
    console.log(`${crashPoints} of ${crashPoints} crash points close after a stop of 20 s`);
  });

  it('comes to the same outcomes when every state goes through JSON after every decision', () => {
    const renewed = run({ renewEvery: 1 });
    expectWhole(renewed, digest);
    console.log(`${renewed.run.decisions} decisions, each state handed over as JSON after it`);
  });

  it('comes to the same outcomes when it is killed at every point once, all in one run', () => {
    // Every second point: one that follows a kill is the same decision tried again.
    const points = Array.from({ length: 2_000 }, (_, i) => 2 * i);
    const killed = run({ crashes: { share: 0, points, downMs: 20 } });
    expect(killed.run.kills).toBeGreaterThan(100);
    expectWhole(killed, digest);
  });
});
