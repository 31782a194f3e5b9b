import { expect, test } from 'vitest';
import { counted, duration, number, percent, quotient, rounded } from '../../reporting/numbers.ts';

test('numbers are grouped the same on every machine', () => {
  expect([0, 999, 1_000, 1_234_567, -1_000].map((value) => number(value))).toEqual([
    '0',
    '999',
    '1,000',
    '1,234,567',
    '−1,000',
  ]);
  expect(number(1_234.5, 2)).toBe('1,234.5');
  expect(number(12_345.678, 1)).toBe('12,345.7');
});

test('a share that only comes near never reads as all or nothing', () => {
  expect([0, 0.5, 0.01234, 1].map(percent)).toEqual(['0%', '50%', '1.23%', '100%']);
  expect(percent(0.999999)).toBe('almost 100%');
  expect(percent(0.000001)).toBe('under 0.01%');
});

test('durations are written as people say them', () => {
  expect([0, 840, 6_240, 59_990, 125_000, 7_260_000].map(duration)).toEqual([
    '0 ms',
    '840 ms',
    '6.2 s',
    '1 min',
    '2 min 5 s',
    '2 h 1 min',
  ]);
});

test('sums are rounded and nothing is divided by nothing', () => {
  expect(rounded(0.1 + 0.2)).toBe(0.3);
  expect(quotient(5, 0)).toBe(0);
  expect([counted(1, 'job'), counted(2_000, 'job')]).toEqual(['1 job', '2,000 jobs']);
});
