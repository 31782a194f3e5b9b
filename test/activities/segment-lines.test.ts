import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linesOf, recordsOf, type ResultRecord } from '../../activities/segment-lines.ts';
import { endedJob } from './written-segment.ts';

const about = { feed: 'f', kind: 'k', attempt: 1, value: 2, ms: 0 };
const done = (ordinal: number, more: Partial<ResultRecord> = {}): ResultRecord => ({
  ...about,
  ordinal,
  id: `f-${ordinal}`,
  status: 'completed',
  result: { n: ordinal },
  ...more,
});

function readBack(records: readonly ResultRecord[]): ResultRecord[] {
  const lines = linesOf(records.map(endedJob)).split('\n').slice(0, -1);
  return lines.flatMap((line) => recordsOf(line));
}

const records = fc.uniqueArray(
  fc.record({
    feed: fc.constantFrom('f', 'g-1'),
    ordinal: fc.nat(40),
    id: fc.option(fc.string(), { nil: null }),
    kind: fc.constantFrom('k', 'l'),
    attempt: fc.integer({ min: 1, max: 3 }),
    value: fc.constantFrom(0, 1.5),
    ms: fc.constantFrom(0, 0, 0, 1.234),
    outcome: fc.oneof(
      fc.record({ result: fc.jsonValue() }),
      fc.record({ code: fc.string(), message: fc.string() }),
    ),
  }),
  { selector: ({ feed, ordinal }) => `${feed}/${ordinal}` },
);

test('whatever jobs ended, each is read back as it was', () => {
  fc.assert(
    fc.property(records, (drawn) => {
      const written = drawn.map(({ id, outcome, ...job }): ResultRecord => {
        const named = { ...job, id: id ?? `${job.feed}-${job.ordinal}` };
        if ('code' in outcome) return { ...named, status: 'failed', ...outcome };
        return { ...named, status: 'completed', ...JSON.parse(JSON.stringify(outcome)) };
      });
      const order = (a: ResultRecord, b: ResultRecord): number =>
        a.feed < b.feed ? -1 : a.feed > b.feed ? 1 : a.ordinal - b.ordinal;
      expect(readBack(written).sort(order)).toEqual(written.sort(order));
    }),
  );
});

test('neighbouring jobs of one sort cost little more than their results', () => {
  const jobs = Array.from({ length: 1_000 }, (_, i) => done(1_000_000 + i));
  const text = linesOf(jobs.map(endedJob));
  const results = jobs.reduce((sum, { result }) => sum + JSON.stringify(result).length + 1, 0);
  expect(text.split('\n')).toHaveLength(2);
  expect(text.length - results).toBeLessThan(120);
});

test('a line that is no columns, or whose columns differ in length, is refused', () => {
  const [line] = linesOf([endedJob(done(1)), endedJob(done(2))]).split('\n');
  for (const bad of ['{"feed":"f"', '{}', line!.replace('[1,3]', '[1,4]')]) {
    expect(() => recordsOf(bad)).toThrow(/line/);
  }
});
