/**
 * Where the regions are, and how long light takes between them: the floor under every link latency.
 * The map is a still picture and no ephemeris. Earth is the origin, the Sun lies along −x, and what
 * moves stands at a mean distance, so that a run today and one in a year see the same links.
 */

/** A place in kilometres from the centre of Earth's own site; the Sun lies along −x. */
export interface Position {
  readonly xKm: number;
  readonly yKm: number;
  readonly zKm: number;
}

export interface Region {
  readonly name: string;
  readonly position: Position;
  /** What stands there, and where its distance comes from. */
  readonly where: string;
}

/** Speed of light in vacuum, exact by the definition of the metre (SI, 1983). */
export const LIGHT_KM_PER_SECOND = 299_792.458;

/** The five regions that a mission may name without saying where they are. */
export const REGIONS: readonly Region[] = [
  {
    name: 'earth',
    position: { xKm: 0, yKm: 0, zKm: 0 },
    where: 'The data centre on the ground: the origin of the map.',
  },
  {
    name: 'luna',
    position: { xKm: 0, yKm: 384_400, zKm: 0 },
    where:
      'A base on the Moon, at the mean Earth–Moon distance of 384,400 km (NASA Moon fact sheet: semimajor axis 0.3844 million km), at first quarter.',
  },
  {
    name: 'mars',
    position: { xKm: 225_000_000, yKm: 0, zKm: 0 },
    where:
      'A base on Mars, at 225 million km, the mean Earth–Mars distance that NASA gives; the real one goes from 55 to 401 million km.',
  },
  {
    name: 'helios',
    position: { xKm: -1_500_000, yKm: 0, zKm: 0 },
    where:
      'A station at the Sun–Earth Lagrange point L1, 1.5 million km sunward (NASA and ESA give this for SOHO).',
  },
  {
    name: 'edge',
    position: { xKm: 0, yKm: 0, zKm: 1_100 },
    where:
      'Field stations on Earth that are reached through a relay in low Earth orbit: up 550 km and down again.',
  },
];

/** Where a region of the map is, or null for a name that is not on it. */
export function positionOf(name: string): Position | null {
  return REGIONS.find((region) => region.name === name)?.position ?? null;
}

/** One-way light time between two places in ms, along a straight line through vacuum. */
export function lightTimeMs(from: Position, to: Position): number {
  const km = Math.hypot(from.xKm - to.xKm, from.yKm - to.yKm, from.zKm - to.zKm);
  return (km / LIGHT_KM_PER_SECOND) * 1000;
}

/**
 * One-way link latency in whole ms of the run's own time: light time divided by `timeScale` (how many
 * times faster than reality the run goes), rounded up so that nothing is ever faster than light.
 */
export function linkMs(from: Position, to: Position, timeScale: number): number {
  return Math.ceil(lightTimeMs(from, to) / timeScale);
}
