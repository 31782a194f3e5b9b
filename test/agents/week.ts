import { readFileSync } from 'node:fs';
import { earthquakeAgent } from '../../agents/earthquake/agent.ts';
import type { SeismicEvent } from '../../agents/earthquake/event.ts';
import type { AssessedEarthquake, EarthquakeResult } from '../../agents/earthquake/result.ts';
import { readEarthquakeResult } from '../../agents/earthquake/result.ts';
import type { JobBody } from '../../fabric/job.ts';

const FEED = new URL('../../config/feeds/usgs-2018-02-week.ndjson', import.meta.url);

/** The committed feed: the week of February 2018 that edge-relief triages. */
export const weekText = readFileSync(FEED, 'utf8');

export interface FeedLine extends JobBody {
  readonly eventTimeMs: number;
  readonly payload: SeismicEvent;
}

export const weekJobs = weekText
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as FeedLine);

/** What the agent makes of one job, as it would be written and read back. */
export async function resultOf(job: JobBody): Promise<EarthquakeResult> {
  const outcome = await earthquakeAgent.handle({ ...job, attempt: 1, idempotencyKey: job.id });
  if (outcome.status !== 'completed') throw new Error(`${job.id}: ${outcome.message}`);
  const result = readEarthquakeResult(JSON.parse(JSON.stringify(outcome.result)));
  if (result === null) throw new Error(`${job.id}: no result of this agent`);
  return result;
}

export function weekResults(): Promise<EarthquakeResult[]> {
  return Promise.all(weekJobs.map(resultOf));
}

/** An event that shakes nobody, to be changed where a test needs it. */
export const quietEvent: SeismicEvent = {
  id: 'xx1',
  type: 'earthquake',
  timeMs: Date.UTC(2018, 1, 6),
  place: 'far out at sea',
  magnitude: 4,
  magnitudeType: 'mb',
  longitude: -150,
  latitude: -40,
  depthKm: 10,
  status: 'reviewed',
  tsunami: false,
  usgsMmi: null,
  usgsFelt: null,
  usgsAlert: null,
  url: null,
};

const none = { best: 0, low: 0, high: 0 };

/** An assessment that ranks nowhere, to be changed where a test needs it. */
export function assessment(
  event: Partial<AssessedEarthquake['event']>,
  changes: Partial<AssessedEarthquake> = {},
): AssessedEarthquake {
  return {
    outcome: 'assessed',
    event: { ...quietEvent, magnitude: 4, ...event },
    level: 'T0',
    intensityClass: 1,
    intensity: 1,
    intensityLow: 1,
    intensityHigh: 1,
    sigma: 0.82,
    extrapolated: true,
    people: { iv: 0, v: none, vi: none, viiUp: none, viiiUp: none },
    nearest: [{ name: 'Nowhere', country: 'XX', population: 1_000, distanceKm: 900 }],
    ...changes,
  };
}
