/**
 * When the jobs of a feed happened, and so how many have arrived when, for feeds whose jobs arrive at
 * their events' own distances.
 */
import { grown } from './grown.ts';

/** Steps `[offsetMs, jobs so far]` since the first event; both rise. */
export type ArrivalCurve = readonly (readonly [number, number])[];

export const CURVE_STEPS_MAX = 1_024;

/** Takes each job's time in the order of the feed. */
export class EventTimes {
  #jobs = 0;
  /** By ordinal, in ms since the epoch: NaN where nothing was said. Empty as long as no job says anything. */
  #timesMs = new Float64Array(0);

  add(timeMs: number | null): void {
    this.#jobs++;
    if (timeMs === null && this.#timesMs.length === 0) return;
    if (this.#timesMs.length === 0) this.#timesMs = new Float64Array(2 * this.#jobs).fill(NaN);
    if (this.#jobs > this.#timesMs.length) this.#timesMs = grown(this.#timesMs);
    this.#timesMs[this.#jobs - 1] = timeMs ?? NaN;
  }

  /**
   * A job never arrives before one that stands above it, so a time that lies back counts as that of the
   * line before, and so does a missing one. Where there are more steps than the curve may have,
   * neighbours arrive together when the last of them does: never before their time.
   */
  curve(timeScale: number): ArrivalCurve {
    let steps = 0;
    this.#eachStep(timeScale, () => steps++);
    const per = Math.ceil(steps / CURVE_STEPS_MAX);
    const curve: [number, number][] = [];
    let step = 0;
    this.#eachStep(timeScale, (offsetMs, jobs) => {
      step++;
      if (step % per === 0 || step === steps) curve.push([offsetMs, jobs]);
    });
    return curve;
  }

  #eachStep(timeScale: number, onStep: (offsetMs: number, jobs: number) => void): void {
    if (this.#jobs === 0) return;
    const firstMs = this.#timesMs.find((timeMs) => !Number.isNaN(timeMs)) ?? 0;
    let latestMs = firstMs;
    let stepMs = 0;
    for (let ordinal = 0; ordinal < this.#jobs; ordinal++) {
      const timeMs = this.#timesMs[ordinal] ?? NaN;
      if (!(timeMs > latestMs)) continue;
      latestMs = timeMs;
      const offsetMs = Math.round((latestMs - firstMs) / timeScale);
      if (offsetMs === stepMs) continue;
      onStep(stepMs, ordinal);
      stepMs = offsetMs;
    }
    onStep(stepMs, this.#jobs);
  }
}
