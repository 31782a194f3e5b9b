/**
 * What the earthquake agent says of one event. Nodes write it as JSON and reports read it back, so its
 * shape is a schema, and a report takes from a run's results those that fit it.
 */
import { z } from 'zod';
import { seismicEvent } from './event.ts';

/** T4 respond, T3 assess now, T2 check, T1 watch, T0 none. */
export const LEVELS = ['T4', 'T3', 'T2', 'T1', 'T0'] as const;

export type Level = (typeof LEVELS)[number];

const count = z.int().min(0);

/** People by the mean, and by one standard deviation less and more at every place. */
const peopleRange = z
  .strictObject({
    best: count,
    /** At places whose whole range lies within the class. */
    low: count,
    /** At places whose range touches the class. */
    high: count,
  })
  .readonly();

export type PeopleRange = z.output<typeof peopleRange>;

const nearestPlace = z
  .strictObject({
    name: z.string(),
    country: z.string(),
    population: count,
    distanceKm: z.number().min(0),
  })
  .readonly();

export type NearestPlace = z.output<typeof nearestPlace>;

const assessed = z
  .strictObject({
    outcome: z.literal('assessed'),
    event: seismicEvent.unwrap().extend({ magnitude: z.number() }).readonly(),
    level: z.enum(LEVELS),
    /** Highest class that reaches a place, 1 to 12. */
    intensityClass: z.int().min(1).max(12),
    /** At that place: the mean, and one standard deviation less and more. */
    intensity: z.number(),
    intensityLow: z.number(),
    intensityHigh: z.number(),
    sigma: z.number(),
    extrapolated: z.boolean(),
    people: z
      .strictObject({
        iv: count,
        v: peopleRange,
        vi: peopleRange,
        viiUp: peopleRange,
        viiiUp: peopleRange,
      })
      .readonly(),
    nearest: z.array(nearestPlace).readonly(),
  })
  .readonly();

const notAnEarthquake = z
  .strictObject({ outcome: z.literal('not-an-earthquake'), event: seismicEvent })
  .readonly();

const magnitudeUnknown = z
  .strictObject({
    outcome: z.literal('magnitude-unknown'),
    event: seismicEvent,
    nearest: z.array(nearestPlace).readonly(),
  })
  .readonly();

export const earthquakeResult = z.discriminatedUnion('outcome', [
  assessed,
  notAnEarthquake,
  magnitudeUnknown,
]);

export type AssessedEarthquake = z.output<typeof assessed>;
export type NotAnEarthquake = z.output<typeof notAnEarthquake>;
export type MagnitudeUnknown = z.output<typeof magnitudeUnknown>;
export type EarthquakeResult = z.output<typeof earthquakeResult>;

/** A job's result if this agent made it, or null. */
export function readEarthquakeResult(value: unknown): EarthquakeResult | null {
  const parsed = earthquakeResult.safeParse(value);
  return parsed.success ? parsed.data : null;
}
