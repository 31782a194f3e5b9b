import fc from 'fast-check';
import { expect, test } from 'vitest';
import { REGIONS, lightTimeMs, linkMs, positionOf } from '../../fabric/topology.ts';

const at = (name: string) => positionOf(name)!;

test.each([
  ['earth', 'luna', 1_282.2],
  ['earth', 'mars', 750_519.2],
  ['earth', 'helios', 5_003.5],
  ['earth', 'edge', 3.7],
  ['edge', 'helios', 5_003.5],
])('light takes from %s to %s %d ms', (from, to, ms) => {
  expect(lightTimeMs(at(from), at(to))).toBeCloseTo(ms, 1);
});

test('a link is never faster than light, shorter the faster the run goes, and the same both ways', () => {
  const region = fc.constantFrom(...REGIONS);
  const scale = fc.double({ min: 0.001, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(region, region, scale, (from, to, timeScale) => {
      const ms = linkMs(from.position, to.position, timeScale);
      expect(ms).toBeGreaterThanOrEqual(lightTimeMs(from.position, to.position) / timeScale);
      expect(ms).toBe(linkMs(to.position, from.position, timeScale));
      expect(linkMs(from.position, to.position, timeScale * 2)).toBeLessThanOrEqual(ms);
    }),
  );
});

test('a name that is not on the map has no position', () => {
  expect(positionOf('constructor')).toBeNull();
});
