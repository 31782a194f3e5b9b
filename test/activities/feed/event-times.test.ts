import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CURVE_STEPS_MAX, EventTimes } from '../../../activities/feed/event-times.ts';

const times = fc.array(fc.option(fc.integer({ min: -5_000, max: 5_000 })), {
  minLength: 1,
  maxLength: 3_000,
  size: 'max',
});

test('every job has arrived at the latest of the times up to its own, and where steps are few at that very time', () => {
  fc.assert(
    fc.property(times, fc.constantFrom(0.5, 1, 7, 60), (timesMs, timeScale) => {
      const events = new EventTimes();
      for (const timeMs of timesMs) events.add(timeMs);
      const curve = events.curve(timeScale);
      const firstMs = timesMs.find((timeMs) => timeMs !== null) ?? 0;
      let latestMs = firstMs;
      const dueMs = timesMs.map((timeMs) => {
        latestMs = Math.max(latestMs, timeMs ?? latestMs);
        return Math.round((latestMs - firstMs) / timeScale);
      });
      const steps = new Set(dueMs).size;
      expect(curve.length).toBeLessThanOrEqual(CURVE_STEPS_MAX);
      expect(curve.at(-1)).toEqual([dueMs.at(-1), timesMs.length]);
      let before = 0;
      for (const [offsetMs, jobs] of curve) {
        expect(dueMs[jobs - 1]).toBe(offsetMs);
        if (steps <= CURVE_STEPS_MAX) expect(new Set(dueMs.slice(before, jobs)).size).toBe(1);
        before = jobs;
      }
    }),
    { numRuns: 50 },
  );
});
