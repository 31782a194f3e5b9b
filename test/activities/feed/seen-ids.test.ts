import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SeenIds } from '../../../activities/feed/seen-ids.ts';

test('an id is told the line that had it first, as a map would tell it', () => {
  const few = fc.stringMatching(/^[ab][a-c]{0,2}$/);
  const long = fc.stringMatching(/^[a-z][a-z0-9]{100,127}$/);
  fc.assert(
    fc.property(fc.array(fc.oneof(few, long), { maxLength: 200 }), (ids) => {
      const seen = new SeenIds();
      const first = new Map<string, number>();
      for (const [line, id] of ids.entries()) {
        expect(seen.add(id, line)).toBe(first.get(id) ?? null);
        if (!first.has(id)) first.set(id, line);
      }
    }),
  );
});

test('a hundred thousand ids are told apart, and each is known again', () => {
  const seen = new SeenIds();
  const idOf = (i: number): string => `job-${i * 7_919}`;
  const line = (i: number): number | null => seen.add(idOf(i), i);
  const all = Array.from({ length: 100_000 }, (_, i) => i);
  expect(all.filter((i) => line(i) !== null)).toEqual([]);
  expect(all.filter((i) => line(i) !== i)).toEqual([]);
});
