/** Sets of ordinals against plain sets of numbers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as ordinals from '../../fabric/ordinals.ts';

const list = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 40 });

function sorted(set: ReadonlySet<number>): number[] {
  return [...set].sort((a, b) => a - b);
}

describe('sets of ordinals', () => {
  it('hold what was put in, in one well-formed way', () => {
    fc.assert(
      fc.property(list, (numbers) => {
        const set = ordinals.fromList(numbers);
        expect([...ordinals.each(set)]).toEqual(sorted(new Set(numbers)));
        expect(ordinals.size(set)).toBe(new Set(numbers).size);
        expect(ordinals.isOrdinals(set)).toBe(true);
        for (let i = 2; i < set.length; i += 2) expect(set[i]).toBeGreaterThan(set[i - 1]!);
      }),
    );
  });

  it('unite, intersect and subtract like sets', () => {
    fc.assert(
      fc.property(list, list, (left, right) => {
        const [a, b] = [ordinals.fromList(left), ordinals.fromList(right)];
        const [inA, inB] = [new Set(left), new Set(right)];
        expect(ordinals.union(a, b)).toEqual(ordinals.fromList([...left, ...right]));
        const both = left.filter((each) => inB.has(each));
        expect(ordinals.intersect(a, b)).toEqual(ordinals.fromList(both));
        const rest = left.filter((each) => !inB.has(each));
        expect(ordinals.subtract(a, b)).toEqual(ordinals.fromList(rest));
        expect(ordinals.contains(a, b)).toBe(sorted(inB).every((each) => inA.has(each)));
      }),
    );
  });

  it('are cut in two without loss, from either end', () => {
    fc.assert(
      fc.property(list, fc.integer({ min: 0, max: 70 }), (numbers, count) => {
        const set = ordinals.fromList(numbers);
        const whole = [...ordinals.each(set)];
        const front = ordinals.take(set, count);
        expect([...ordinals.each(front.taken)]).toEqual(whole.slice(0, count));
        expect([...ordinals.each(front.rest)]).toEqual(whole.slice(count));
        const back = ordinals.takeLast(set, count);
        const cut = Math.max(0, whole.length - count);
        expect([...ordinals.each(back.taken)]).toEqual(whole.slice(cut));
        expect([...ordinals.each(back.rest)]).toEqual(whole.slice(0, cut));
      }),
    );
  });

  it('know their members and the place of each', () => {
    fc.assert(
      fc.property(list, fc.integer({ min: 0, max: 61 }), (numbers, asked) => {
        const set = ordinals.fromList(numbers);
        expect(ordinals.has(set, asked)).toBe(numbers.includes(asked));
        const below = [...new Set(numbers)].filter((each) => each < asked).length;
        expect(ordinals.rank(set, asked)).toBe(below);
      }),
    );
  });

  it.each([[[0]], [[3, 2]], [[0, 2, 2, 4]], [[0.5, 1]], ['0-1'], [null]])(
    'do not take %j for one',
    (value) => {
      expect(ordinals.isOrdinals(value)).toBe(false);
    },
  );
});
