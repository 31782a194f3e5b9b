/**
 * What one event means for the people around it: the intensity at every place in reach, the people in
 * each class, and from the highest class that reaches a place the level of triage. A result depends on
 * the event and the places alone.
 */
import type { SeismicEvent } from './event.ts';
import { classOf, hypocentralKm, reachKm, shakingAt, type Shaking } from './intensity.ts';
import type { PlaceAtDistance, Places } from './places.ts';
import type { AssessedEarthquake, EarthquakeResult, Level, NearestPlace } from './result.ts';

/** Places that a result names. */
const NEAREST_MAX = 3;

/** Below class IV nobody is counted; between IV and V only the mean counts. */
const LEAST_COUNTED = { mean: 3.5, withSigma: 4.5 } as const;

/** USGS's words for shaking of the earth itself. All others are blasts, slides, ice or noise. */
const EARTHQUAKE_TYPES = new Set(['earthquake', 'induced or triggered event']);

/** Assesses one event. Throws where there is not a single place. */
export function assess(event: SeismicEvent, places: Places): EarthquakeResult {
  if (!EARTHQUAKE_TYPES.has(event.type)) return { outcome: 'not-an-earthquake', event };
  const { longitude, latitude, magnitude } = event;
  const east = wrapped(longitude);
  const around = places.nearest(east, latitude, NEAREST_MAX);
  const nearest = around.map(named);
  if (magnitude === null) return { outcome: 'magnitude-unknown', event, nearest };
  const [closest] = around;
  if (closest === undefined) throw new Error('no places to assess an earthquake by');
  const shakingAtPlace = ({ distanceKm }: PlaceAtDistance) =>
    shakingAt(magnitude, hypocentralKm(distanceKm, event.depthKm ?? 0));
  // Shaking falls with distance, so it is strongest at the nearest place.
  const strongest = shakingAtPlace(closest);
  const reach = Math.max(
    reachKm(magnitude, LEAST_COUNTED.mean, 0),
    reachKm(magnitude, LEAST_COUNTED.withSigma, 1),
  );
  const people = emptyCounts();
  if (reach > 0) {
    for (const place of places.within(east, latitude, reach)) {
      addPeople(people, place.population, shakingAtPlace(place));
    }
  }
  const intensityClass = classOf(strongest.intensity);
  return {
    outcome: 'assessed',
    event: { ...event, magnitude },
    level: levelOf(intensityClass),
    intensityClass,
    intensity: strongest.intensity,
    intensityLow: strongest.low,
    intensityHigh: strongest.high,
    sigma: strongest.sigma,
    extrapolated: strongest.extrapolated,
    people,
    nearest,
  };
}

/** The level of triage for the highest class that reaches a place. */
export function levelOf(intensityClass: number): Level {
  if (intensityClass >= 8) return 'T4';
  if (intensityClass === 7) return 'T3';
  if (intensityClass === 6) return 'T2';
  return intensityClass === 5 ? 'T1' : 'T0';
}

type Writable<T> = {
  -readonly [Key in keyof T]: T[Key] extends object ? Writable<T[Key]> : T[Key];
};
type Counts = Writable<AssessedEarthquake['people']>;

function emptyCounts(): Counts {
  const none = () => ({ best: 0, low: 0, high: 0 });
  return { iv: 0, v: none(), vi: none(), viiUp: none(), viiiUp: none() };
}

function addPeople(counts: Counts, people: number, shaking: Shaking): void {
  const best = classOf(shaking.intensity);
  const low = classOf(shaking.low);
  const high = classOf(shaking.high);
  const add = (range: Counts['v'], from: number, to: number) => {
    if (best >= from && best <= to) range.best += people;
    if (low >= from && high <= to) range.low += people;
    if (high >= from && low <= to) range.high += people;
  };
  if (best === 4) counts.iv += people;
  add(counts.v, 5, 5);
  add(counts.vi, 6, 6);
  add(counts.viiUp, 7, 12);
  add(counts.viiiUp, 8, 12);
}

function named({ name, country, population, distanceKm }: PlaceAtDistance): NearestPlace {
  return { name, country, population, distanceKm: Math.round(distanceKm * 10) / 10 };
}

/** A longitude within -180 to 180. */
function wrapped(longitude: number): number {
  if (longitude > 180) return longitude - 360;
  return longitude < -180 ? longitude + 360 : longitude;
}
