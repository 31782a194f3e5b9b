// Which nodes share a process: a fault of one must not take others along.
import { expect, test } from 'vitest';
import type { RunFault, RunNode } from '../../fabric/mission/run-spec.ts';
import { hostedNodes } from '../../scripts/fabric-processes.ts';

const nodes = ['a', 'b', 'c'].map((id) => ({ id }) as RunNode);
const kill = (node: string): RunFault => ({ kind: 'kill-node', node, atMs: 0, atOutcomes: null });

test('without a fault of a node one process hosts them all', () => {
  const faults: RunFault[] = [{ kind: 'kill-orchestrator', atMs: 0, atOutcomes: null }];
  const all = [{ role: 'node host', nodes: ['a', 'b', 'c'], isAll: true }];
  expect(hostedNodes({ nodes, faults })).toEqual(all);
  expect(hostedNodes({ nodes })).toEqual(all);
});

test('a node that a fault names has a process of its own, however often it is named', () => {
  expect(hostedNodes({ nodes, faults: [kill('b'), kill('b')] })).toEqual([
    { role: 'node host', nodes: ['a', 'c'], isAll: false },
    { role: 'node b', nodes: ['b'], isAll: false },
  ]);
});

test('a node that is slowed or cut off is alone as well, and the orchestrator always is', () => {
  const due = { atMs: 0, atOutcomes: null };
  const faults: RunFault[] = [
    { ...due, kind: 'slow-node', node: 'a', times: 2, forMs: 1 },
    { ...due, kind: 'cut-network', node: 'c', how: 'closed', forMs: 1 },
    { ...due, kind: 'cut-network', node: null, how: 'closed', forMs: 1 },
  ];
  expect(hostedNodes({ nodes, faults }).map(({ nodes: own }) => own)).toEqual([
    ['b'],
    ['a'],
    ['c'],
  ]);
});

test('where every node is named, nothing is left for a common process', () => {
  const faults = [kill('a'), kill('b'), kill('c')];
  expect(hostedNodes({ nodes, faults }).map(({ role }) => role)).toEqual([
    'node a',
    'node b',
    'node c',
  ]);
});
