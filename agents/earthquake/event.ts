/**
 * One seismic event as the earthquake agent is handed it: what USGS's GeoJSON says, without the fields
 * that triage has no use for. A payload may also be a whole USGS feature, so that a job file can be
 * made with one line of jq.
 */
import { z } from 'zod';
import { label } from '../../fabric/mission/fields.ts';
import { schemaProblems, type Problem } from '../../fabric/mission/problems.ts';

const TEXT_CHARS_MAX = 1_000;
/** The years 1800 to 2199, which every calendar can print. */
const TIME_MS = { min: -5_364_662_400_000, max: 7_258_118_399_999 };

function between(min: number, max: number, expected: string) {
  return z.number({ error: expected }).min(min, { error: expected }).max(max, { error: expected });
}

function words() {
  const error = `text of at most ${TEXT_CHARS_MAX} characters`;
  return z.string({ error }).max(TEXT_CHARS_MAX, { error });
}

const timeMs = () => {
  const error = 'milliseconds since 1970, in the years 1800 to 2199';
  return z.int({ error }).min(TIME_MS.min, { error }).max(TIME_MS.max, { error });
};
const magnitude = between(-5, 10, 'a magnitude from -5 to 10, or null where it is not known');
const longitude = between(-360, 360, 'a longitude in degrees');
const latitude = between(-90, 90, 'a latitude in degrees');
const depthKm = between(-100, 1_000, 'a depth in km from -100 to 1000, or null');
const mmi = between(0, 12, 'an intensity from 0 to 12, or null');
const felt = between(0, 1e9, 'a number of reports, or null');

/** What a job of the earthquake agent carries. */
export const seismicEvent = z
  .strictObject(
    {
      id: label(),
      /** USGS's word: earthquake, quarry blast, explosion, … */
      type: words(),
      timeMs: timeMs(),
      place: words().nullable(),
      magnitude: magnitude.nullable(),
      magnitudeType: words().nullable(),
      longitude,
      latitude,
      /** Below sea level; negative is above it. */
      depthKm: depthKm.nullable(),
      /** automatic, reviewed, deleted. */
      status: words().nullable(),
      tsunami: z.boolean({ error: 'true or false' }),
      usgsMmi: mmi.nullable(),
      usgsFelt: felt.nullable(),
      usgsAlert: words().nullable(),
      url: words().nullable(),
    },
    { error: 'the fields of a seismic event' },
  )
  .readonly();

export type SeismicEvent = z.output<typeof seismicEvent>;

/** A USGS feature, as far as triage reads it. Other properties are passed over. */
const feature = z.object(
  {
    type: z.literal('Feature', { error: '"Feature"' }),
    id: z.union([label(), z.int().transform(String)], { error: 'an id of letters and digits' }),
    properties: z.object(
      {
        mag: magnitude.nullable(),
        magType: words().nullish(),
        type: words().default('earthquake'),
        place: words().nullish(),
        time: timeMs(),
        status: words().nullish(),
        tsunami: between(0, 1, '0, 1 or null').nullish(),
        mmi: mmi.nullish(),
        felt: felt.nullish(),
        alert: words().nullish(),
        url: words().nullish(),
      },
      { error: 'an object' },
    ),
    geometry: z.object(
      {
        type: z.literal('Point', { error: '"Point"' }),
        coordinates: z
          .tuple([longitude, latitude], { error: 'a list of longitude, latitude and depth' })
          .rest(depthKm.nullable()),
      },
      { error: 'a Point' },
    ),
  },
  { error: 'an object' },
);

export type ReadEvent =
  | { readonly ok: true; readonly event: SeismicEvent }
  | { readonly ok: false; readonly problems: readonly [Problem, ...Problem[]] };

/** Reads a USGS feature. Problems carry paths inside the feature, `properties.mag`. */
export function eventOfFeature(value: unknown): ReadEvent {
  const parsed = feature.safeParse(value);
  if (!parsed.success) return refused(value, parsed.error);
  const { id, properties, geometry } = parsed.data;
  const [east, north, depth] = geometry.coordinates;
  const event = {
    id,
    type: properties.type,
    timeMs: properties.time,
    place: properties.place ?? null,
    magnitude: properties.mag,
    magnitudeType: properties.magType ?? null,
    longitude: east,
    latitude: north,
    depthKm: depth ?? null,
    status: properties.status ?? null,
    tsunami: properties.tsunami === 1,
    usgsMmi: properties.mmi ?? null,
    usgsFelt: properties.felt ?? null,
    usgsAlert: properties.alert ?? null,
    url: properties.url ?? null,
  };
  return { ok: true, event };
}

/** Reads a job's payload, a `SeismicEvent` or a whole USGS feature. */
export function eventOfPayload(payload: unknown): ReadEvent {
  const isFeature =
    typeof payload === 'object' && payload !== null && 'type' in payload && 'geometry' in payload;
  if (isFeature) return eventOfFeature(payload);
  const parsed = seismicEvent.safeParse(payload);
  return parsed.success ? { ok: true, event: parsed.data } : refused(payload, parsed.error);
}

function refused(input: unknown, error: z.ZodError): ReadEvent {
  const [first, ...others] = schemaProblems(input, error);
  if (first === undefined) throw new Error('a refused event without a problem');
  return { ok: false, problems: [first, ...others] };
}
