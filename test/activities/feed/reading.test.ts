import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inspectNdjson } from '../../../activities/feed/inspection.ts';
import { ndjsonReader } from '../../../activities/feed/ndjson.ts';
import { PAGE_INTERVALS_MAX, type FeedReader } from '../../../activities/feed/reader.ts';
import type { PageClass } from '../../../fabric/job.ts';
import { LIMITS } from '../../../fabric/limits.ts';
import { each, fromList } from '../../../fabric/ordinals.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const folder = temporaryFolder();

async function readerOf(lines: readonly object[], between = ''): Promise<FeedReader> {
  const path = folder.in('feed.ndjson');
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n${between}`).join(''));
  const { total, sha256, problems } = await inspectNdjson(path);
  expect(problems).toEqual([]);
  const source = { type: 'ndjson', path, sha256 } as const;
  return ndjsonReader(
    { id: 'f', shard: 'edge', arrivals: { mode: 'at-once' }, source, total },
    source,
  );
}

test('bodies come in the order asked for, whatever the lines between them weigh', async () => {
  const size = fc.oneof(fc.nat(50), fc.nat(20_000), fc.constant(300_000));
  const wish = fc.record({ size, isAsked: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(wish, { minLength: 1, maxLength: 60 }), async (wishes) => {
      const lines = wishes.map((each, i) => ({
        id: `j${i}`,
        kind: `k${i % 3}`,
        payload: `${i}`.repeat(each.size),
      }));
      const reader = await readerOf(lines, '\n');
      const asked = lines.filter((_, i) => wishes[i]!.isAsked);
      const ordinals = fromList(asked.map(({ id }) => Number(id.slice(1))));
      const bodies = await reader.bodies(ordinals);
      expect(bodies.map(({ id }) => id)).toEqual(asked.map(({ id }) => id));
      expect(bodies.every((body, i) => body.payload === asked[i]!.payload)).toBe(true);
    }),
    { numRuns: 40 },
  );
});

test('pages one after the other hold every job once, with its own traits, each as full as it may be', async () => {
  const traits = fc.record({
    kind: fc.constantFrom('a', 'b'),
    priority: fc.constantFrom(1, 9),
    value: fc.constantFrom(0.5, 1),
    skills: fc.constantFrom([], ['x'], ['x', 'y'], ['y', 'x', 'x']),
    latencyBudgetMs: fc.constantFrom(null, 100),
    estimateMs: fc.constantFrom(null, 0),
  });
  const run = fc.record({ traits, jobs: fc.integer({ min: 1, max: 300 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(run, { minLength: 1, maxLength: 150 }), async (runs) => {
      const lines = runs
        .flatMap(({ traits: own, jobs }) => Array.from({ length: jobs }, () => own))
        .map((own, i) => ({ id: `j${i}`, ...own }));
      const reader = await readerOf(lines);
      const found: Omit<PageClass, 'ordinals'>[] = [];
      for (let at = 0; at < lines.length;) {
        const { count, classes } = await reader.page(at, 10_000);
        expect(count).toBeGreaterThan(0);
        const keys = classes.map((own) => JSON.stringify({ ...own, ordinals: [] }));
        expect(new Set(keys).size).toBe(keys.length);
        for (const { ordinals, ...own } of classes) for (const i of each(ordinals)) found[i] = own;
        const intervals = classes.reduce((sum, { ordinals }) => sum + ordinals.length / 2, 0);
        const isFull =
          intervals === PAGE_INTERVALS_MAX ||
          classes.length === LIMITS.pageClassesMax ||
          count === LIMITS.pageJobsMax;
        at += count;
        expect(isFull || at === lines.length).toBe(true);
      }
      const inOrder = ({ skills, ...own }: (typeof lines)[number]) => ({
        ...own,
        skills: [...new Set(skills)].sort(),
      });
      expect(found.map((own, i) => ({ id: `j${i}`, ...own }))).toEqual(lines.map(inOrder));
    }),
    { numRuns: 20 },
  );
});

test('byte order marks within the file, as of files put together, are passed over', async () => {
  const path = folder.in('joined.ndjson');
  const text = '{"id":"a","kind":"k"}\n\ufeff{"id":"b","kind":"k"}\n';
  writeFileSync(path, text);
  const { total, sha256, problems } = await inspectNdjson(path);
  expect(problems).toEqual([]);
  const source = { type: 'ndjson', path, sha256 } as const;
  const spec = { id: 'f', shard: 'edge', arrivals: { mode: 'at-once' }, source, total } as const;
  const reader = await ndjsonReader(spec, source);
  expect((await reader.page(0, 10)).count).toBe(2);
  expect((await reader.bodies([1, 2]))[0]!.id).toBe('b');
});
