import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { eventOfPayload } from '../../agents/earthquake/event.ts';
import { readGeojson } from '../../agents/earthquake/geojson.ts';
import { earthquakeFeed } from '../../scripts/make-earthquake-feed.ts';
import { weekJobs, weekText } from './week.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

test('the committed feed is the one whose provenance is written down', () => {
  const readme = readFileSync(new URL('../../config/feeds/README.md', import.meta.url), 'utf8');
  expect(readme).toContain(sha256(weekText));
  expect(readme).toContain('vega-datasets` 3.2.1');
  expect(readme).toContain('public domain');
});

test('the sample is a part of that week, with its provenance, and small enough to be read', () => {
  const sample = readFileSync(
    new URL('../../config/feeds/usgs-sample.geojson', import.meta.url),
    'utf8',
  );
  const readme = readFileSync(new URL('../../config/feeds/README.md', import.meta.url), 'utf8');
  expect(readme).toContain(sha256(sample));
  const { events, problems } = readGeojson(sample);
  expect(problems).toEqual([]);
  expect(events).toHaveLength(12);
  const week = new Map(weekJobs.map(({ id, payload }) => [id, payload]));
  expect(events).toEqual(events.map(({ id }) => week.get(id)));
  expect(sample.length).toBeLessThan(10_000);
});

test('the feed holds 1,707 events of one id each, oldest first', () => {
  expect(weekJobs).toHaveLength(1_707);
  expect(new Set(weekJobs.map(({ id }) => id)).size).toBe(1_707);
  const times = weekJobs.map(({ eventTimeMs }) => eventTimeMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  for (const { id, eventTimeMs, payload } of weekJobs) {
    expect(eventOfPayload(payload)).toEqual({ ok: true, event: payload });
    expect(payload).toMatchObject({ id, timeMs: eventTimeMs });
  }
});

test('the feed keeps what is odd about the week', () => {
  const count = (holds: (job: (typeof weekJobs)[number]) => boolean) =>
    weekJobs.filter(holds).length;
  expect(count(({ payload }) => payload.type === 'explosion')).toBe(15);
  expect(count(({ payload }) => payload.type === 'quarry blast')).toBe(13);
  expect(count(({ payload }) => (payload.magnitude ?? 0) < 0)).toBe(44);
  expect(count(({ payload }) => (payload.depthKm ?? 0) < 0)).toBe(43);
  expect(count(({ payload }) => payload.usgsMmi !== null)).toBe(16);
});

const source = (mag: unknown) =>
  new TextEncoder().encode(
    JSON.stringify({
      type: 'FeatureCollection',
      features: [
        {
          type: 'Feature',
          id: 'a',
          properties: { mag, time: 5, type: 'earthquake' },
          geometry: { type: 'Point', coordinates: [1, 2, 3] },
        },
      ],
    }),
  );

test('the script makes a feed with both digests, and the same one again', () => {
  const made = earthquakeFeed(source(1));
  expect(made).toMatchObject({ jobs: 1, feedSha256: sha256(made.ndjson) });
  expect(made.sourceSha256).toMatch(/^[0-9a-f]{64}$/);
  expect(earthquakeFeed(source(1))).toEqual(made);
});

test('the script makes no feed of a source that it can not read', () => {
  expect(() => earthquakeFeed(source('x'))).toThrow('feature 1: found "x" at properties.mag');
});
