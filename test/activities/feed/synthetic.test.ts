import { describe, expect, test } from 'vitest';
import { FeedReaders } from '../../../activities/feed/index.ts';
import { PAGE_INTERVALS_MAX, PageSorter } from '../../../activities/feed/reader.ts';
import { pullPage } from '../../../activities/pull.ts';
import type { JobTraits } from '../../../fabric/job.ts';
import { LIMITS } from '../../../fabric/limits.ts';
import { size } from '../../../fabric/ordinals.ts';
import type { Blueprint, FeedSpec } from '../../../fabric/policy.ts';

const blueprint = (kind: string, count: number, durationMs = 0): Blueprint => ({
  kind,
  count,
  skills: [],
  priority: 5,
  value: 1,
  latencyBudgetMs: null,
  durationMs,
  failureRate: 0.02,
});

const feed = (blueprints: Blueprint[]): FeedSpec => ({
  id: 'f',
  shard: 'earth',
  arrivals: { mode: 'at-once' },
  source: { type: 'synthetic', seed: 9, blueprints },
  total: blueprints.reduce((sum, { count }) => sum + count, 0),
});

const traits = (kind: string): JobTraits => ({
  kind,
  skills: [],
  priority: 5,
  latencyBudgetMs: null,
  value: 1,
  estimateMs: null,
});

describe('a synthetic feed', () => {
  const spec = feed([blueprint('a', 10, 4), blueprint('b', 5), blueprint('a', 3, 4)]);

  test('gives a page with one class for all blueprints of the same traits', async () => {
    const page = await pullPage(new FeedReaders(), { feed: spec, from: 8, count: 9 });
    expect(page.count).toBe(9);
    expect(page.classes.map(({ kind, ordinals }) => [kind, ordinals])).toEqual([
      ['a', [8, 10, 15, 17]],
      ['b', [10, 15]],
    ]);
    expect(page.classes[0]).toMatchObject({ estimateMs: 4, priority: 5 });
  });

  test('ends where its jobs end', async () => {
    const readers = new FeedReaders();
    expect((await pullPage(readers, { feed: spec, from: 16, count: 100 })).count).toBe(2);
    const behind = await pullPage(readers, { feed: spec, from: 18, count: 1 });
    expect(behind).toEqual({ count: 0, classes: [] });
  });

  test('gives no more jobs than a page may hold', async () => {
    const long = feed([blueprint('a', 20_000)]);
    const page = await pullPage(new FeedReaders(), { feed: long, from: 0, count: 20_000 });
    expect(page.count).toBe(LIMITS.pageJobsMax);
  });

  test('cuts a page short at the last class it may hold', async () => {
    const kinds = Array.from({ length: 100 }, (_, i) => blueprint(`k${i}`, 2));
    const page = await pullPage(new FeedReaders(), { feed: feed(kinds), from: 1, count: 200 });
    expect(page.classes).toHaveLength(LIMITS.pageClassesMax);
    expect(page.count).toBe(2 * LIMITS.pageClassesMax - 1);
  });

  test('hands a body what its fate is drawn from, under an id of its own', async () => {
    const reader = await new FeedReaders().open(spec);
    const bodies = await reader.bodies([9, 11, 17, 18]);
    expect(bodies).toEqual([
      { id: 'f-9', kind: 'a', payload: { durationMs: 4, failureRate: 0.02, seed: 9 } },
      { id: 'f-10', kind: 'b', payload: { durationMs: 0, failureRate: 0.02, seed: 9 } },
      { id: 'f-17', kind: 'a', payload: { durationMs: 4, failureRate: 0.02, seed: 9 } },
    ]);
    await expect(reader.bodies([18, 19])).rejects.toThrow('has no job 18');
  });
});

test('a page of jobs that keep changing is cut short by its intervals', () => {
  const sorter = new PageSorter(0);
  let jobs = 0;
  while (sorter.add(traits(jobs % 2 === 0 ? 'even' : 'odd'))) jobs++;
  expect(jobs).toBe(PAGE_INTERVALS_MAX);
  const { count, classes } = sorter.page();
  expect(count).toBe(jobs);
  expect(classes.reduce((sum, { ordinals }) => sum + size(ordinals), 0)).toBe(jobs);
});

test('readers are kept, and the one longest unused goes first', async () => {
  const readers = new FeedReaders();
  const first = feed([blueprint('a', 1)]);
  const kept = await readers.open(first);
  expect(await readers.open(first)).toBe(kept);
  for (let i = 0; i < 70; i++) await readers.open({ ...first, id: `f${i}` });
  expect(await readers.open(first)).not.toBe(kept);
});
