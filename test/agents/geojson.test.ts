import { expect, test } from 'vitest';
import {
  FEATURE_PROBLEMS_MAX,
  geojsonToNdjson,
  readGeojson,
  type JobTraitsOfFile,
} from '../../agents/earthquake/geojson.ts';
import { FEED_FORMATS } from '../../scripts/mission/feed-formats.ts';
import { resultOf } from './week.ts';

const traits: JobTraitsOfFile = {
  kind: 'quake',
  skills: ['triage'],
  priority: 7,
  value: 3,
  latencyBudgetMs: null,
  estimateMs: null,
};

function feature(id: string, properties: object = {}, coordinates: unknown[] = [121, 24, 10]) {
  return {
    type: 'Feature',
    properties: { mag: 2.5, place: 'somewhere', time: 1_000, type: 'earthquake', ...properties },
    geometry: { type: 'Point', coordinates },
    id,
  };
}

function collection(...features: unknown[]): string {
  return JSON.stringify({ type: 'FeatureCollection', metadata: {}, features, bbox: [] });
}

function problems(text: string): string[] {
  return readGeojson(text).problems.map(
    ({ line, found, expected }) => `${line}: found ${found}; expected ${expected}`,
  );
}

test('every feature becomes a job line, oldest first, that the agent takes', async () => {
  const text = collection(feature('b', { time: 5_000 }), feature('c'), feature('a'));
  const { ndjson, problems: none } = geojsonToNdjson(text, traits);
  expect(none).toEqual([]);
  const lines = ndjson.trimEnd().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(['a', 'c', 'b']);
  expect(lines[0]).toBe(
    '{"id":"a","kind":"quake","skills":["triage"],"priority":7,"value":3,"eventTimeMs":1000,' +
      '"payload":{"id":"a","type":"earthquake","timeMs":1000,"place":"somewhere","magnitude":2.5,' +
      '"magnitudeType":null,"longitude":121,"latitude":24,"depthKm":10,"status":null,' +
      '"tsunami":false,"usgsMmi":null,"usgsFelt":null,"usgsAlert":null,"url":null}}',
  );
  expect(await resultOf(JSON.parse(lines[0]!))).toMatchObject({ outcome: 'assessed' });
});

test('a latency budget and an estimate stand in the job where the mission gives them', () => {
  const { ndjson } = geojsonToNdjson(collection(feature('a')), {
    ...traits,
    latencyBudgetMs: 900,
    estimateMs: 2,
  });
  expect(JSON.parse(ndjson)).toMatchObject({ latencyBudgetMs: 900, estimateMs: 2 });
});

test('missions read GeoJSON by this', () => {
  expect(FEED_FORMATS.geojsonToNdjson).toBe(geojsonToNdjson);
});

test('one feature a line, a single feature and a byte order mark are read too', () => {
  const ids = (text: string) => readGeojson(text).events.map(({ id }) => id);
  expect(ids(`${JSON.stringify(feature('a'))}\n\n${JSON.stringify(feature('b'))}\r\n`)).toEqual([
    'a',
    'b',
  ]);
  expect(ids(JSON.stringify(feature('a')))).toEqual(['a']);
  expect(ids(`\ufeff${collection(feature('a'))}`)).toEqual(['a']);
});

test('a magnitude and a depth may be unknown or below zero', () => {
  const { events } = readGeojson(
    collection(
      feature('a', { mag: null }, [1, 2, null]),
      feature('b', { mag: -0.4 }, [1, 2, -3.1]),
      feature('c', { tsunami: 1 }, [1, 2]),
    ),
  );
  expect(events).toMatchObject([
    { magnitude: null, depthKm: null },
    { magnitude: -0.4, depthKm: -3.1 },
    { depthKm: null, tsunami: true },
  ]);
});

test('a bad feature is one problem with its number and the path inside it', () => {
  const text = collection(
    feature('a'),
    feature('b', { mag: 'big', time: 'today' }),
    null,
    feature('c', { mag: undefined }),
    feature('d', {}, [200_000, 1, 1]),
    feature('e', { time: 1.5 }),
    { ...feature('f'), geometry: null },
    feature(' '),
    feature('a'),
    feature('g', {}, []),
  );
  const magnitude = 'a magnitude from -5 to 10, or null where it is not known';
  expect(problems(text)).toEqual([
    `2: found "big" at properties.mag; expected ${magnitude}`,
    '3: found null; expected an object',
    `4: found nothing at properties.mag; expected ${magnitude}`,
    '5: found 200000 at geometry.coordinates[0]; expected a longitude in degrees',
    '6: found 1.5 at properties.time; expected milliseconds since 1970, in the years 1800 to 2199',
    '7: found null at geometry; expected a Point',
    '8: found " " at id; expected a word of letters, digits and " ._:/@+-", at most 128 long',
    '9: found "a" at id, which feature 1 has; expected another id',
    '10: found nothing at geometry.coordinates[0]; expected a longitude in degrees',
  ]);
});

test('a broken line among features is that line, with where it breaks', () => {
  const good = JSON.stringify(feature('a'));
  expect(problems(`${good}\n{"type": oops}\n`)).toEqual([
    expect.stringMatching(/^2: found .+ at line 1, column 10; expected a feature as JSON$/),
  ]);
});

test.each([
  ['', 'nothing'],
  ['{"type":"FeatureCollection","features":[', 'line 1'],
  ['[1]', 'a list of 1'],
  ['{"type":"Topology"}', 'an object of type "Topology"'],
  ['{"type":"FeatureCollection"}', 'nothing at features'],
])('a file that is no GeoJSON is one problem: %j', (text, found) => {
  const all = problems(text);
  expect(all).toHaveLength(1);
  expect(all[0]).toContain('expected a GeoJSON FeatureCollection, or one feature a line');
  if (text !== '') expect(all[0]).toContain(found);
});

test('of a file of another sort only so many problems are told', () => {
  const many = Array.from({ length: 500 }, () => ({ type: 'Feature' }));
  expect(problems(collection(...many))).toHaveLength(FEATURE_PROBLEMS_MAX);
});
