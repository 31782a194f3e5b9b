import { expect, test } from 'vitest';
import { seededBy, seededUnit } from '../../fabric/seeded.ts';

test('the same parts draw the same number, today and in a replay', () => {
  expect(seededUnit(7, 'outcome', 'cargo', 12, 1)).toBe(seededUnit(7, 'outcome', 'cargo', 12, 1));
  expect(seededUnit()).toBe(mixOfOffsetBasis);
});

/** The mixer over FNV-1a's offset basis, worked out by BigInt arithmetic. */
const mixOfOffsetBasis = (() => {
  const word = 0xffff_ffffn;
  let h = 0x811c9dc5n;
  h = ((h ^ (h >> 16n)) * 0x85ebca6bn) & word;
  h = ((h ^ (h >> 13n)) * 0xc2b2ae35n) & word;
  return Number(h ^ (h >> 16n)) / 2 ** 32;
})();

test('where one part ends and the next begins makes a difference', () => {
  expect(seededUnit('1', '23')).not.toBe(seededUnit('12', '3'));
});

test('neighbouring ordinals are spread evenly over tenths', () => {
  const tenths = Array.from({ length: 10 }, () => 0);
  for (let ordinal = 0; ordinal < 20_000; ordinal++) {
    tenths[Math.floor(seededUnit(3, 'outcome', 'f', ordinal, 1) * 10)]! += 1;
  }
  for (const jobs of tenths) expect(jobs).toBeGreaterThan(1_850);
  for (const jobs of tenths) expect(jobs).toBeLessThan(2_150);
});

test('attempts of one job are drawn apart', () => {
  let both = 0;
  for (let ordinal = 0; ordinal < 20_000; ordinal++) {
    const fails = (attempt: number) => seededUnit(3, 'outcome', 'f', ordinal, attempt) < 0.1;
    if (fails(1) && fails(2)) both++;
  }
  expect(both).toBeGreaterThan(140);
  expect(both).toBeLessThan(260);
});

test('parts taken beforehand draw the same', () => {
  const drawn = seededBy(3, 'outcome', 'f');
  for (const ordinal of [0, 1, 12_345]) {
    expect(drawn(ordinal, 2)).toBe(seededUnit(3, 'outcome', 'f', ordinal, 2));
  }
  expect(seededBy()('a')).toBe(seededUnit('a'));
});
