// A mission's faults: what is refused, and how times and targets are fixed from the seed.
import { expect, test } from 'vitest';
import { missionFault, runFaults, type MissionFault } from '../../fabric/mission/faults.ts';
import type { RunNode } from '../../fabric/mission/run-spec.ts';
import { problemLines, sample } from './sample.ts';

const faults = (...entries: object[]) => sample({ faults: entries });
const parsed = (entry: object): MissionFault => missionFault.parse(entry);
const nodes = ['a', 'b', 'c'].map((id) => ({ id }) as RunNode);
const run = (...entries: object[]) => runFaults(entries.map(parsed), { seed: 7, nodes, jobs: 200 });

test('a fault at a time, after outcomes, after a share of the jobs or drawn is taken', () => {
  const mission = faults(
    { kind: 'kill-orchestrator', share: 0.5 },
    { kind: 'kill-node', node: 'earth-a', at: '2s' },
    { kind: 'kill-node', random: { times: 3 } },
    { kind: 'kill-server', at: 400 },
    { kind: 'stop-node', node: 'luna-a', forMs: 3_000, outcomes: 10 },
  );
  expect(problemLines(mission)).toEqual([]);
});

test.each([
  [
    'a node that the mission does not have',
    { kind: 'kill-node', node: 'mars-a', at: 0 },
    'faults[0].node: found "mars-a"; expected the id of one node, such as earth-a, luna-a',
  ],
  [
    'a fault that is never due',
    { kind: 'kill-orchestrator' },
    'faults[0]: found no time; expected one of "at", "outcomes", "share", "random"',
  ],
  [
    'a fault that is due twice',
    { kind: 'kill-orchestrator', at: 1, share: 0.5 },
    'faults[0]: found "at" and "share"; expected one of "at", "outcomes", "share", "random"',
  ],
  [
    'a time beyond thirty days',
    { kind: 'kill-orchestrator', at: '1000h' },
    'faults[0].at: found "1000h"; expected 30 days at the most',
  ],
  [
    'a draw from an empty range',
    { kind: 'kill-node', random: { from: 0.5, to: 0.2 } },
    'faults[0].random: found from 0.5 to 0.2; expected from at most as large as to',
  ],
  [
    'a halt without an end',
    { kind: 'stop-node', at: 0 },
    'faults[0].forMs: found nothing; expected a whole number from 1 to 3,600,000',
  ],
])('%s is refused', (_, entry, line) => {
  expect(problemLines(faults(entry))).toEqual([line]);
});

test('a share is taken of the jobs that this run has', () => {
  expect(run({ kind: 'kill-orchestrator', share: 0.5 })).toEqual([
    { kind: 'kill-orchestrator', atMs: null, atOutcomes: 100 },
  ]);
});

test('what is drawn lies in its range, comes from the seed, and differs from draw to draw', () => {
  const entry = { kind: 'kill-node', random: { times: 20, from: 0.25, to: 0.75 } };
  const drawn = run(entry);
  expect(drawn).toHaveLength(20);
  expect(run(entry)).toEqual(drawn);
  const times = drawn.map(({ atOutcomes }) => atOutcomes!);
  expect(Math.min(...times)).toBeGreaterThanOrEqual(50);
  expect(Math.max(...times)).toBeLessThanOrEqual(150);
  const targets = new Set(drawn.map((each) => (each.kind === 'kill-node' ? each.node : '')));
  expect(targets).toEqual(new Set(['a', 'b', 'c']));
  expect(runFaults([parsed(entry)], { seed: 8, nodes, jobs: 200 })).not.toEqual(drawn);
});

test('a named node, a time with a unit and the length of a halt are kept', () => {
  expect(run({ kind: 'stop-node', node: 'b', at: '1.5s', forMs: 40 })).toEqual([
    { kind: 'stop-node', node: 'b', atMs: 1_500, atOutcomes: null, forMs: 40 },
  ]);
});
