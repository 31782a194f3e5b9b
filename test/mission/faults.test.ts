// A mission's faults: what is refused, and how times and targets are fixed from the seed.
import { expect, test } from 'vitest';
import {
  faultTarget,
  missionFault,
  runFaults,
  type MissionFault,
} from '../../fabric/mission/faults.ts';
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
    { kind: 'slow-node', share: 0.2, times: 4 },
    { kind: 'cut-network', target: 'orchestrator', how: 'closed', random: {} },
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
  [
    'a node so slow that it would be lost',
    { kind: 'slow-node', at: 0, times: 40 },
    'faults[0].times: found 40; expected a whole number from 2 to 16',
  ],
  [
    'a cut of the orchestrator that names a node',
    { kind: 'cut-network', at: 0, target: 'orchestrator', node: 'earth-a' },
    'faults[0].node: found "earth-a"; expected none, since the target is the orchestrator',
  ],
])('%s is refused', (_, entry, line) => {
  expect(problemLines(faults(entry))).toEqual([line]);
});

const KINDS: [MissionFault['kind'], object, string][] = [
  ['kill-orchestrator', {}, 'orchestrator'],
  ['kill-server', {}, 'server'],
  ['kill-node', { node: 'b' }, 'b'],
  ['stop-node', { node: 'b', forMs: 40 }, 'b'],
  ['slow-node', { node: 'b' }, 'b'],
  ['cut-network', { node: 'b' }, 'b'],
  ['cut-network', { target: 'orchestrator' }, 'orchestrator'],
];

test.each(KINDS)('%s %j is due at a time, after outcomes, or drawn', (kind, more, target) => {
  const [timed, counted, ...drawn] = run(
    { kind, ...more, at: '3s' },
    { kind, ...more, outcomes: 9 },
    { kind, ...more, random: { times: 2, from: 0.5, to: 1 } },
  );
  expect(timed).toMatchObject({ kind, atMs: 3_000, atOutcomes: null });
  expect(counted).toMatchObject({ kind, atMs: null, atOutcomes: 9 });
  expect(drawn).toHaveLength(2);
  for (const { atOutcomes } of drawn) expect(atOutcomes).toBeGreaterThanOrEqual(100);
  expect(new Set([timed, counted, ...drawn].map((each) => faultTarget(each!)))).toEqual(
    new Set([target]),
  );
});

test('a slow node and a cut network are told by their kind alone, and the node is drawn', () => {
  const at = 0;
  const [slow, cut] = run({ kind: 'slow-node', at }, { kind: 'cut-network', at });
  expect(slow).toMatchObject({ times: 10, forMs: 10_000, node: expect.stringMatching(/^[abc]$/) });
  const stalled = { how: 'stalled', forMs: 3_000, node: expect.stringMatching(/^[abc]$/) };
  expect(cut).toMatchObject(stalled);
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
