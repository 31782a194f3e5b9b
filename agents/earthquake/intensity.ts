/**
 * How strongly the ground shook, from magnitude and distance alone: the intensity prediction equation of
 * Allen, Wald and Worden (2012), "Intensity attenuation for active crustal regions", Journal of
 * Seismology 16:409–433, in its form for hypocentral distance. What was checked against what stands in
 * docs/decisions/0002-intensity-formula.md.
 */

/** Where the equation was fitted. Outside, an intensity is marked as extrapolated and capped. */
export const FITTED = { magnitudeMin: 5, magnitudeMax: 7.9, hypocentralKmMax: 300 } as const;

/** The Modified Mercalli scale, I to XII. */
const SCALE = { min: 1, max: 12 } as const;

/**
 * Upper ends of the "typical maximum" intensities in USGS's table of magnitude and intensity, from the
 * magnitude given on. Its last row, 7 and above, has no upper end but the scale's.
 */
const CAPS: readonly (readonly [fromMagnitude: number, cap: number])[] = [
  [7, 12],
  [6, 9],
  [5, 7],
  [4, 5],
  [3, 3],
  [-Infinity, 1],
];

/** Enough for a class to come out the same on machines whose logarithms differ in the last bit. */
const DECIMALS = 1e4;

/** An intensity on the Modified Mercalli scale with the range of one standard deviation around it. */
export interface Shaking {
  readonly intensity: number;
  readonly low: number;
  readonly high: number;
  /** Of the equation at that distance, before caps. */
  readonly sigma: number;
  readonly extrapolated: boolean;
}

/** Distance in km through the ground to the source, at least 1. A depth above sea level is read as 0. */
export function hypocentralKm(epicentralKm: number, depthKm: number): number {
  return Math.max(1, Math.hypot(epicentralKm, Math.max(0, depthKm)));
}

/** The equation's mean, with no cap and wherever it was fitted. `distanceKm` is hypocentral, at least 1. */
export function meanIntensity(magnitude: number, distanceKm: number): number {
  const nearSourceKm = -0.209 + 2.042 * Math.exp(magnitude - 5);
  const spreading = -1.402 * Math.log(Math.hypot(distanceKm, nearSourceKm));
  const farther = distanceKm > 50 ? 0.078 * Math.log(distanceKm / 50) : 0;
  return 2.085 + 1.428 * magnitude + spreading + farther;
}

/** The equation's total standard deviation at a hypocentral distance, in units of intensity. */
export function sigmaAt(distanceKm: number): number {
  return 0.82 + 0.37 / (1 + (distanceKm / 22.9) ** 2);
}

/** The most that an extrapolated intensity may be at that magnitude. */
export function capOf(magnitude: number): number {
  return CAPS.find(([from]) => magnitude >= from)?.[1] ?? SCALE.min;
}

/** Whether the equation was never fitted there. */
export function isExtrapolated(magnitude: number, distanceKm: number): boolean {
  const { magnitudeMin, magnitudeMax, hypocentralKmMax } = FITTED;
  return magnitude < magnitudeMin || magnitude > magnitudeMax || distanceKm > hypocentralKmMax;
}

/**
 * The shaking at a hypocentral distance in km. Both ends of the range are capped like the mean where it
 * is extrapolated: a magnitude 2 under a city does not alarm anybody by its uncertainty.
 */
export function shakingAt(magnitude: number, distanceKm: number): Shaking {
  const extrapolated = isExtrapolated(magnitude, distanceKm);
  const cap = extrapolated ? capOf(magnitude) : SCALE.max;
  const mean = meanIntensity(magnitude, distanceKm);
  const sigma = sigmaAt(distanceKm);
  const capped = (value: number) => rounded(Math.min(cap, Math.max(SCALE.min, value)));
  return {
    intensity: capped(mean),
    low: capped(mean - sigma),
    high: capped(mean + sigma),
    sigma: rounded(sigma),
    extrapolated,
  };
}

/** The intensity class, 1 to 12, that an intensity rounds to; a half rounds up. */
export function classOf(intensity: number): number {
  return Math.round(intensity);
}

const ROMAN = 'I II III IV V VI VII VIII IX X XI XII'.split(' ');

/** An intensity class as it is written: 7 is `VII`. */
export function romanOf(intensityClass: number): string {
  const roman = ROMAN[intensityClass - 1];
  if (roman === undefined) throw new RangeError(`no intensity class ${intensityClass}`);
  return roman;
}

/**
 * The epicentral distance in km beyond which no place reaches `least`, neither by the mean nor, where
 * `sigmas` is 1, by one standard deviation more. 0 where the cap keeps every place below it.
 */
export function reachKm(magnitude: number, least: number, sigmas: 0 | 1): number {
  const reaches = (km: number) => meanIntensity(magnitude, km) + sigmas * sigmaAt(km) >= least;
  const isFitted = !isExtrapolated(magnitude, 1);
  if ((!isFitted && capOf(magnitude) < least) || !reaches(1)) return 0;
  // Both parts fall with distance, so the last distance that reaches is found by halving.
  let [near, far] = [1, HALF_WAY_ROUND_KM];
  if (reaches(far)) return far;
  while (far - near > 0.001) {
    const middle = (near + far) / 2;
    if (reaches(middle)) near = middle;
    else far = middle;
  }
  return far;
}

const HALF_WAY_ROUND_KM = 20_038;

function rounded(value: number): number {
  return Math.round(value * DECIMALS) / DECIMALS;
}
