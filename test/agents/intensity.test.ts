import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  capOf,
  classOf,
  hypocentralKm,
  meanIntensity,
  reachKm,
  romanOf,
  shakingAt,
  sigmaAt,
} from '../../agents/earthquake/intensity.ts';

// Worked out apart from this code, in another language; docs/decisions/0002 says what else they agree with.
test.each([
  [5, 1, 8.192815, 1.189296],
  [5, 10, 5.97361, 1.130744],
  [5.5, 25, 5.415041, 0.98881],
  [6.4, 24.93, 6.645383, 0.989325],
  [6, 120, 4.007835, 0.833001],
  [7.9, 50, 7.576719, 0.884155],
  [7, 300, 4.222332, 0.822143],
  [7.9, 300, 5.498727, 0.822143],
])('M %d at %d km gives %d ± %d', (magnitude, km, mean, sigma) => {
  expect(meanIntensity(magnitude, km)).toBeCloseTo(mean, 5);
  expect(sigmaAt(km)).toBeCloseTo(sigma, 5);
});

test('the hypocentre is at least 1 km away, and a depth above sea level is read as 0', () => {
  expect(hypocentralKm(3, 4)).toBe(5);
  expect(hypocentralKm(0, 0)).toBe(1);
  expect(hypocentralKm(0.2, -3)).toBe(1);
  expect(hypocentralKm(20, -3)).toBe(20);
});

test('caps follow the upper ends of the table of USGS', () => {
  const magnitudes = [-1, 2.99, 3, 3.9, 4, 4.95, 5, 6, 6.9, 7, 9];
  expect(magnitudes.map((magnitude) => romanOf(capOf(magnitude)))).toEqual(
    'I I III III V V VII IX IX XII XII'.split(' '),
  );
});

describe('where the equation was not fitted', () => {
  test('a small event is capped, its uncertainty too', () => {
    const near = shakingAt(4.5, 2);
    expect(meanIntensity(4.5, 2)).toBeGreaterThan(7);
    expect(near).toMatchObject({ intensity: 5, high: 5, low: 5, extrapolated: true });
    expect(shakingAt(-0.5, 1)).toMatchObject({ intensity: 1, low: 1, high: 1, extrapolated: true });
  });

  test('distance and great magnitudes are marked as well', () => {
    expect(shakingAt(6, 300).extrapolated).toBe(false);
    expect(shakingAt(6, 300.1).extrapolated).toBe(true);
    expect(shakingAt(4.9, 10).extrapolated).toBe(true);
    expect(shakingAt(5, 10).extrapolated).toBe(false);
    expect(shakingAt(7.9, 10).extrapolated).toBe(false);
    expect(shakingAt(8, 10)).toMatchObject({ extrapolated: true });
  });
});

test('within the fitted range nothing is capped, so that a direct hit is not played down', () => {
  expect(shakingAt(5.9, 5)).toMatchObject({ extrapolated: false });
  expect(classOf(shakingAt(5.9, 5).intensity)).toBe(8);
});

const magnitude = fc.double({ min: -2, max: 9.5, noNaN: true });
const km = fc.double({ min: 1, max: 20_000, noNaN: true });

test('shaking stays on the scale, low to high, and never rises with distance', () => {
  fc.assert(
    fc.property(magnitude, km, km, (m, a, b) => {
      const [near, far] = [shakingAt(m, Math.min(a, b)), shakingAt(m, Math.max(a, b))];
      expect(near.low).toBeGreaterThanOrEqual(1);
      expect(near.low).toBeLessThanOrEqual(near.intensity);
      expect(near.intensity).toBeLessThanOrEqual(near.high);
      expect(near.high).toBeLessThanOrEqual(12);
      // A cap begins at 300 km, so only its far side is compared.
      expect(far.intensity).toBeLessThanOrEqual(near.intensity);
      expect(far.high).toBeLessThanOrEqual(near.high);
    }),
  );
});

test('no place beyond the reach is reached', () => {
  fc.assert(
    fc.property(magnitude, km, fc.constantFrom(0 as const, 1 as const), (m, distance, sigmas) => {
      const shaking = shakingAt(m, distance);
      const reached = sigmas === 1 ? shaking.high : shaking.intensity;
      if (reached >= 4.5) expect(reachKm(m, 4.5, sigmas)).toBeGreaterThanOrEqual(distance);
    }),
  );
  expect(reachKm(3.9, 3.5, 1)).toBe(0);
  expect(reachKm(4.9, 4.5, 0)).toBeGreaterThan(20);
});
