import { expect, test } from 'vitest';
import { earthquakeAgent } from '../../agents/earthquake/agent.ts';
import { assess, levelOf } from '../../agents/earthquake/assess.ts';
import { indexPlaces, loadPlaces } from '../../agents/earthquake/places.ts';
import { BUILT_IN_AGENTS, builtInAgent } from '../../agents/index.ts';
import { quietEvent, resultOf, weekJobs, weekResults } from './week.ts';

const town = { name: 'Town', country: 'XX', population: 10_000, longitude: 0, latitude: 0 };
const city = { name: 'City', country: 'XX', population: 2_000_000, longitude: 0.5, latitude: 0 };
const places = indexPlaces([town, city]);

function job(payload: unknown) {
  return { id: 'job-1', kind: 'earthquake', payload };
}

test('the built-in agents are found by name', async () => {
  expect(BUILT_IN_AGENTS).toEqual(['earthquake']);
  expect((await builtInAgent('earthquake'))?.name).toBe('earthquake');
  expect(await builtInAgent('constructor')).toBeUndefined();
});

test('the highest class that reaches a place makes the level', () => {
  expect([1, 4, 5, 6, 7, 8, 12].map(levelOf)).toEqual(['T0', 'T0', 'T1', 'T2', 'T3', 'T4', 'T4']);
});

test('people are counted in the class that reaches their place, with the range around it', () => {
  const event = { ...quietEvent, magnitude: 6, longitude: 0, latitude: 0, depthKm: 10 };
  // The town is 10 km from the hypocentre (7.25 ± 1.13), the city 56.5 km (4.99 ± 0.87).
  const result = assess(event, places);
  expect(result).toMatchObject({
    outcome: 'assessed',
    level: 'T3',
    intensityClass: 7,
    intensity: 7.2488,
    extrapolated: false,
    people: {
      iv: 0,
      v: { best: 2_000_000, low: 0, high: 2_000_000 },
      vi: { best: 0, low: 0, high: 2_010_000 },
      viiUp: { best: 10_000, low: 0, high: 10_000 },
      viiiUp: { best: 0, low: 0, high: 10_000 },
    },
    nearest: [
      { name: 'Town', distanceKm: 0 },
      { name: 'City', distanceKm: 55.6 },
    ],
  });
});

test('a depth above sea level and one that nobody knows are read as 0', () => {
  const at = (depthKm: number | null) =>
    assess({ ...quietEvent, magnitude: 5.5, longitude: 0, latitude: 0.1, depthKm }, places);
  const { event: _, ...surface } = at(0) as Record<string, unknown> & ReturnType<typeof at>;
  expect(at(-3)).toMatchObject(surface);
  expect(at(null)).toMatchObject(surface);
});

test('a longitude beyond the date line is the same place on Earth', () => {
  const east = assess({ ...quietEvent, longitude: 0.2, latitude: 0 }, places);
  const around = assess({ ...quietEvent, longitude: 360, latitude: 0 }, places);
  expect(east).toMatchObject({ nearest: [{ name: 'Town' }, { name: 'City' }] });
  expect(around).toMatchObject({ nearest: [{ name: 'Town', distanceKm: 0 }, { name: 'City' }] });
});

test('an event without a magnitude is completed and says so', async () => {
  const result = await resultOf(job({ ...quietEvent, magnitude: null }));
  expect(result).toMatchObject({ outcome: 'magnitude-unknown', event: { id: 'xx1' } });
});

test('a great earthquake is assessed over thousands of km', async () => {
  const event = { ...quietEvent, magnitude: 9.5, longitude: 140, latitude: 37 };
  const result = await resultOf(job(event));
  expect(result).toMatchObject({ outcome: 'assessed', level: 'T4', extrapolated: true });
});

test('a payload may be a whole USGS feature', async () => {
  const { id, magnitude, longitude, latitude, depthKm, timeMs, place } = quietEvent;
  const feature = {
    type: 'Feature',
    id,
    properties: { mag: magnitude, time: timeMs, place, magType: 'mb', status: 'reviewed', sig: 9 },
    geometry: { type: 'Point', coordinates: [longitude, latitude, depthKm] },
  };
  expect(await resultOf(job(feature))).toEqual(await resultOf(job(quietEvent)));
});

const handle = (payload: unknown) =>
  earthquakeAgent.handle({ ...job(payload), attempt: 1, idempotencyKey: 'k' });

test('a payload that is no event fails with the paths that are wrong', async () => {
  const bad = { ...quietEvent, magnitude: '4', latitude: 91 };
  expect(await handle(bad)).toEqual({
    status: 'failed',
    code: 'bad-payload',
    message:
      'magnitude: found "4"; expected a magnitude from -5 to 10, or null where it is not known; ' +
      'latitude: found 91; expected a latitude in degrees',
  });
  expect(await handle(null)).toMatchObject({ status: 'failed' });
});

test('the week of 1,707 events is assessed in under 5 s, byte for byte the same each time', async () => {
  await loadPlaces();
  const startedAtMs = performance.now();
  const results = await weekResults();
  expect(performance.now() - startedAtMs).toBeLessThan(5_000);
  expect(JSON.stringify(await weekResults())).toBe(JSON.stringify(results));
  const outcomes = results.map(({ outcome }) => outcome);
  expect(outcomes.filter((outcome) => outcome === 'assessed')).toHaveLength(1_679);
  expect(outcomes.filter((outcome) => outcome === 'not-an-earthquake')).toHaveLength(28);
});

test('events of negative magnitude or depth are assessed like all others', async () => {
  const odd = weekJobs.filter(({ payload: { type, magnitude, depthKm } }) => {
    return type === 'earthquake' && ((magnitude ?? 0) < 0 || (depthKm ?? 0) < 0);
  });
  expect(odd.length).toBeGreaterThan(60);
  for (const each of odd) expect(await resultOf(each)).toMatchObject({ outcome: 'assessed' });
});

test('Hualien comes out at VII, 6.7, as USGS has it', async () => {
  const hualien = weekJobs.find(({ id }) => id === 'us1000chhc');
  const result = await resultOf(hualien!);
  if (result.outcome !== 'assessed') throw new Error(result.outcome);
  expect(result.intensity.toFixed(1)).toBe('6.7');
  expect(result.event.usgsMmi).toBe(6.7);
  expect(result).toMatchObject({
    level: 'T3',
    extrapolated: false,
    nearest: [{ name: 'Hualien City', country: 'TW', distanceKm: 22.4 }, {}, {}],
    event: { usgsFelt: 261, usgsAlert: 'green', tsunami: false, status: 'reviewed' },
  });
});
