import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldSequences, windowDays, windowKm } from '../../agents/earthquake/sequences.ts';
import type { Shock } from '../../agents/earthquake/sequences.ts';

const DAY_MS = 86_400_000;

/** A shock so many days and degrees of latitude from the middle of things. */
function shock(id: string, magnitude: number, day: number, latitude = 0): Shock {
  return { id, magnitude, timeMs: day * DAY_MS, longitude: 0, latitude };
}

const idsOf = (events: readonly Shock[]) => events.map(({ id }) => id);

function folded(...events: Shock[]): string[] {
  return foldSequences(events).map(
    ({ mainshock, foreshocks, aftershocks }) =>
      `${idsOf(foreshocks).join('+')}<${mainshock.id}>${idsOf(aftershocks).join('+')}`,
  );
}

// Rows of table 1 of the paper: magnitude, km, days. The fit stays within a tenth of them.
test.each([
  [2.5, 19.5, 6],
  [4, 30, 42],
  [5, 40, 155],
  [6, 54, 510],
  [7, 70, 915],
  [8, 94, 985],
])('the windows of M %d are about %d km and %d days', (magnitude, km, days) => {
  expect(Math.abs(windowKm(magnitude) / km - 1)).toBeLessThan(0.1);
  expect(Math.abs(windowDays(magnitude) / days - 1)).toBeLessThan(0.1);
});

test('what follows a larger shock within its windows is its aftershock', () => {
  expect(folded(shock('main', 6, 0), shock('near', 4, 1, 0.2), shock('far', 4, 1, 3))).toEqual([
    '<main>near',
    '<far>',
  ]);
});

test('what precedes a larger shock is its foreshock if its own windows hold the larger one', () => {
  // A magnitude 5 reaches 40 km and 144 days; a magnitude 2 reaches 17 km and 3 days.
  expect(folded(shock('before', 5, 0, 0.3), shock('main', 6, 2))).toEqual(['before<main>']);
  expect(folded(shock('small', 2, 0), shock('main', 6, 10))).toEqual(['<main>', '<small>']);
  expect(folded(shock('off', 2, 0, 0.3), shock('main', 6, 1))).toEqual(['<main>', '<off>']);
});

test('of equal shocks the earlier leads, and an aftershock draws in no others', () => {
  expect(folded(shock('second', 5, 1), shock('first', 5, 0))).toEqual(['<first>second']);
  const chain = [shock('a', 5, 0), shock('b', 4.9, 1, 0.3), shock('c', 2, 2, 0.5)];
  expect(folded(...chain)).toEqual(['<a>b', '<c>']);
});

test('a sequence goes on across the date line', () => {
  const main = { ...shock('main', 6, 0), longitude: 179.95 };
  expect(folded(main, { ...shock('after', 4, 1), longitude: -179.95 })).toEqual(['<main>after']);
});

test('every event is in one sequence, whatever the order they come in', () => {
  const events = fc.uniqueArray(
    fc.record({
      id: fc.string({ minLength: 1, maxLength: 3 }),
      magnitude: fc.integer({ min: -10, max: 80 }).map((tenths) => tenths / 10),
      timeMs: fc.integer({ min: 0, max: 20 * DAY_MS }),
      longitude: fc.integer({ min: -180, max: 180 }),
      latitude: fc.constantFrom(0, 0.1, 0.2, 60),
    }),
    { selector: ({ id }) => id, maxLength: 40 },
  );
  fc.assert(
    fc.property(events, (given) => {
      const sequences = foldSequences(given);
      const all = sequences.flatMap((each) => [
        ...each.foreshocks,
        each.mainshock,
        ...each.aftershocks,
      ]);
      expect(idsOf(all).toSorted()).toEqual(idsOf(given).toSorted());
      expect(foldSequences(given.toReversed())).toEqual(sequences);
    }),
    { numRuns: 500 },
  );
});
