/** The checker itself: each thing that must never happen is made to happen, and is found. */
import { describe, expect, it } from 'vitest';
import { violations } from '../../fabric/invariants.ts';
import { LIMITS } from '../../fabric/limits.ts';
import { simulate } from '../../fabric/simulate/simulate.ts';
import type { ShardState } from '../../fabric/shard/state.ts';
import { jobsOf, specOf } from './small-world.ts';

/** Two shards in mid-run, with jobs queued, leased and in transit. */
function busyShards(): readonly ShardState[] {
  const spec = specOf({
    shards: [
      { name: 'earth', policy: { spilloverLimit: 30, spillTargets: ['luna'] } },
      { name: 'luna' },
    ],
    policy: { pageJobs: 200 },
    feeds: [{ shard: 'earth', count: 200, durationMs: 20 }],
    nodes: [
      { id: 'e', shard: 'earth' },
      { id: 'l', shard: 'luna' },
    ],
  });
  let found: readonly ShardState[] = [];
  const fabric = (shards: readonly ShardState[]): void => {
    const [earth, luna] = shards;
    const isBusy = earth!.outbox.length > 0 && earth!.leases.length > 0 && earth!.queue.length > 0;
    if (luna!.tally.spilledIn > 0) return;
    if (isBusy && found.length === 0) found = structuredClone(shards);
  };
  simulate({ spec, jobs: jobsOf(spec), watch: { fabric } });
  expect(found).toHaveLength(2);
  return found;
}

/** The same with the first shard changed. */
function planted(change: (earth: ShardState) => Partial<ShardState>): string[] {
  const [earth, luna] = busyShards();
  return violations([{ ...earth!, ...change(earth!) }, luna!]);
}

describe('the invariants', () => {
  it('hold for a busy fabric', () => {
    expect(violations(busyShards())).toEqual([]);
  });

  it.each([
    ['a queued class is forgotten', (earth) => ({ queue: earth.queue.slice(1) })],
    ['a lease is forgotten', (earth) => ({ leases: earth.leases.slice(1) })],
    ['a transfer is forgotten', (earth) => ({ outbox: [] as typeof earth.outbox })],
    [
      'an outcome is counted twice',
      (earth) => ({ tally: { ...earth.tally, completed: earth.tally.completed + 1 } }),
    ],
  ] as [string, (earth: ShardState) => Partial<ShardState>][])(
    'I2 is broken when %s',
    (_, change) => {
      expect(planted(change).join()).toContain('I2: ');
    },
  );

  it.each([
    [
      'a leased class is queued as well',
      (earth) => {
        const { feed, ordinals } = earth.leases[0]!.items[0]!;
        return { queue: [...earth.queue, { ...earth.queue[0]!, id: 999, feed, ordinals }] };
      },
    ],
    [
      'a job is leased twice',
      (earth) => ({ leases: [...earth.leases, { ...earth.leases[0]!, lease: 999 }] }),
    ],
    [
      'a transferred class stays in the queue',
      (earth) => {
        const { feed, ordinals } = earth.outbox[0]!.transfer.slices[0]!;
        return { queue: [...earth.queue, { ...earth.queue[0]!, id: 999, feed, ordinals }] };
      },
    ],
  ] as [string, (earth: ShardState) => Partial<ShardState>][])(
    'I3 is broken when %s',
    (_, change) => {
      expect(planted(change).join()).toContain('I3: ');
    },
  );

  it('caps are told by name when one is passed', () => {
    const found = planted((earth) => ({
      decisions: Array.from({ length: LIMITS.decisionsKept + 1 }, () => earth.decisions[0]!),
    }));
    expect(found.join()).toContain('cap: earth has 13 of decisionsKept');
  });
});
