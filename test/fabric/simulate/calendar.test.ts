import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Calendar } from '../../../fabric/simulate/calendar.ts';

/** Does everything that is left; the calendar's time at each step. */
function runOut(calendar: Calendar): number[] {
  const times: number[] = [];
  while (calendar.step()) times.push(calendar.nowMs);
  return times;
}

test('does everything once, by instant, and at one instant in the order it was asked for', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), (instants) => {
      const calendar = new Calendar(0);
      const done: number[] = [];
      for (const [i, atMs] of instants.entries()) calendar.at(atMs, () => done.push(i));
      const times = runOut(calendar);
      const inOrder = instants.map((atMs, i) => [atMs, i] as const);
      inOrder.sort(([a, i], [b, j]) => a - b || i - j);
      expect(done).toEqual(inOrder.map(([, i]) => i));
      expect(times).toEqual(inOrder.map(([atMs]) => atMs));
    }),
  );
});

test('what is asked for on the way takes its place, and the past is now', () => {
  const calendar = new Calendar(100);
  const done: string[] = [];
  calendar.at(200, () => {
    calendar.at(150, () => done.push(`past ${calendar.nowMs}`));
    calendar.at(250, () => done.push(`between ${calendar.nowMs}`));
  });
  calendar.at(300, () => done.push(`last ${calendar.nowMs}`));
  runOut(calendar);
  expect(done).toEqual(['past 200', 'between 250', 'last 300']);
});

test('time stands still when there is nothing to do', () => {
  const calendar = new Calendar(7);
  expect(calendar.step()).toBe(false);
  expect(calendar.nowMs).toBe(7);
});
