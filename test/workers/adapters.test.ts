import { expect, test } from 'vitest';
import type { AdapterSpec, RunNode } from '../../fabric/mission/run-spec.ts';
import { adaptersOf } from '../../workers/adapters.ts';

const node = (id: string, adapter: AdapterSpec): RunNode => ({
  id,
  shard: 'earth',
  skills: [],
  slots: 2,
  pricePerJob: 0,
  image: '',
  runtime: '',
  tags: [],
  adapter,
});

test('nodes with the same agent share its threads, others share nothing', () => {
  const agent = { type: 'agent', agent: 'earthquake', module: null } as const;
  const own = { type: 'agent', agent: 'mine', module: '/opt/agents/mine.js' } as const;
  const adapters = adaptersOf([
    node('a', agent),
    node('b', { ...agent }),
    node('c', own),
    node('d', { type: 'simulated', speed: 1 }),
    node('e', { type: 'simulated', speed: 2 }),
  ]);
  expect(adapters.get('a')).toBe(adapters.get('b'));
  expect(new Set(adapters.values()).size).toBe(4);
});
