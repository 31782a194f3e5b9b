// A lease that its node may never have heard of: asked for again, under the same fence, ever less often.
import { beforeEach, expect, test } from 'vitest';
import { range } from '../../fabric/ordinals.ts';
import { decide } from '../../fabric/shard/decide.ts';
import type { ShardEffect, ShardEvent } from '../../fabric/shard/events.ts';
import { openShard, type ShardState } from '../../fabric/shard/state.ts';
import { nextWake } from '../../fabric/shard/wake.ts';
import { nodeOf, specOf, TRAITS } from './small-world.ts';

const TIMEOUT_MS = 60_000;
const JOBS = 2;

let state: ShardState;
let effects: readonly ShardEffect[];

function tell(nowMs: number, ...events: ShardEvent[]): void {
  ({ state, effects } = decide(state, events, nowMs));
}

/** Fences of the leases asked for, at that time. */
function askedAt(nowMs: number): string[] {
  tell(nowMs, { on: 'wake' });
  return effects.flatMap((effect) => (effect.do === 'lease' ? [effect.grant.fence] : []));
}

/** A shard with one node, which holds one lease of two jobs from 0 ms on. */
function leaseOut(estimateMs: number): void {
  const spec = specOf({
    shards: [{ name: 'earth' }],
    feeds: [{ shard: 'earth', count: JOBS }],
    nodes: [{ id: 'a', shard: 'earth' }],
    policy: { leaseTimeoutMs: TIMEOUT_MS, leaseTargetMs: estimateMs, attemptsMax: 1 },
  });
  state = openShard(spec, 'earth', 0);
  const node = nodeOf({ id: 'a', shard: 'earth', slots: 1 });
  const classes = [{ ...TRAITS, estimateMs, ordinals: range(0, JOBS) }];
  tell(0, { on: 'opened' });
  tell(0, { on: 'nodeRegistered', node, session: 's1' });
  tell(0, { on: 'page', feed: 'feed-0', from: 0, count: JOBS, classes });
  expect(state.leases.map(({ jobs }) => jobs)).toEqual([1, 1]);
}

beforeEach(() => leaseOut(10));

test('it is asked for at 3 s, at twice that age, and so on until its time is over', () => {
  expect(askedAt(2_999)).toEqual([]);
  expect(nextWake(state, 2_999)).toBeLessThanOrEqual(3_000);
  const held = state.leases.map(({ fence }) => fence);
  const times = Array.from({ length: 100 }, (_, i) => 3_000 + i * 1_000);
  const asked = times.filter((at) => {
    const fences = askedAt(at);
    if (fences.length > 0) expect(fences).toEqual(held);
    return fences.length > 0;
  });
  expect(asked).toEqual([3_000, 6_000, 12_000, 24_000, 48_000]);
  expect(state.leases.map(({ fence }) => fence)).toEqual(held);
});

test('a decision that comes late asks once, and next at twice that age', () => {
  expect(askedAt(20_000)).toHaveLength(2);
  expect(askedAt(39_999)).toEqual([]);
  expect(askedAt(40_000)).toHaveLength(2);
});

test('one that should take long is given four times as long as that', () => {
  leaseOut(5_000);
  expect(askedAt(19_999)).toEqual([]);
  expect(askedAt(20_000)).toHaveLength(2);
});

test('a node that is not heard is not asked, and asked for all of it when it is back', () => {
  const gone = { node: 'a', incarnation: 1, change: 'lost', why: 'no beat' } as const;
  tell(2_500, { on: 'nodeGone', ...gone });
  expect(askedAt(3_100)).toEqual([]);
  tell(3_200, { on: 'nodeRegistered', node: state.nodes[0]!.spec, session: 's1' });
  expect(effects.filter((effect) => effect.do === 'lease')).toHaveLength(2);
  expect(askedAt(6_399)).toEqual([]);
  expect(askedAt(6_400)).toHaveLength(2);
});

test('one that was called back is only attached to', () => {
  const command = { commandId: 'c', name: 'pause', args: {}, by: 'ada', reason: '' };
  tell(100, { on: 'command', command: { ...command, via: 'orchestrator' } });
  tell(3_000, { on: 'wake' });
  const grants = effects.flatMap((effect) => (effect.do === 'lease' ? [effect.grant] : []));
  expect(grants.map(({ attachOnly }) => attachOnly)).toEqual([true, true]);
});
