import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scaleCounts, takeFirst } from '../../fabric/mission/scale.ts';

const counts = fc.array(fc.integer({ min: 1, max: 10_000_000 }), { minLength: 1, maxLength: 64 });
const total = fc.integer({ min: 0, max: 10_000_000 });

test('scaled counts add up to what was asked for, each within one of its share', () => {
  fc.assert(
    fc.property(counts, total, (given, wanted) => {
      const sum = given.reduce((all, count) => all + count, 0);
      const scaled = scaleCounts(given, wanted);
      expect(scaled.reduce((all, count) => all + count, 0)).toBe(wanted);
      for (const [i, count] of scaled.entries()) {
        expect(Math.abs(count - (given[i]! * wanted) / sum)).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 2000 },
  );
});

test('counts scaled to their own sum stay as they are', () => {
  fc.assert(
    fc.property(counts, (given) => {
      expect(
        scaleCounts(
          given,
          given.reduce((all, count) => all + count, 0),
        ),
      ).toEqual(given);
    }),
  );
});

test('a tie goes to the earlier one', () => {
  expect(scaleCounts([1, 1, 1], 2)).toEqual([1, 1, 0]);
});

test('the first so many jobs are taken in order', () => {
  expect(takeFirst([5, 3, 2], 6)).toEqual([5, 1, 0]);
  fc.assert(
    fc.property(counts, total, (given, wanted) => {
      const sum = given.reduce((all, count) => all + count, 0);
      const taken = takeFirst(given, wanted);
      expect(taken.reduce((all, count) => all + count, 0)).toBe(Math.min(sum, wanted));
    }),
  );
});
