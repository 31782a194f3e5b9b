/**
 * The process that runs the workflows and appends to the ledger, as one that may be killed. What it was
 * about is lost with it and asked of its successor again: a decision that was not committed is decided
 * anew, work that was under way is begun anew, and of work that was done only the answer is missing.
 */
import { seededUnit } from '../seeded.ts';
import type { Calendar } from './calendar.ts';
import { ENGINE_MS, type Disorder } from './world.ts';

export class MortalProcess {
  /** From then on one is there. */
  upAtMs: number;
  kills = 0;
  readonly #calendar: Calendar;
  readonly #disorder: Disorder;
  readonly #calmFromMs: number;
  #points = 0;

  constructor(calendar: Calendar, disorder: Disorder) {
    this.#calendar = calendar;
    this.#disorder = disorder;
    this.upAtMs = calendar.nowMs;
    this.#calmFromMs = calendar.nowMs + disorder.untilMs;
  }

  /** How often it was asked whether it is killed: the crash points of a run. */
  get points(): number {
    return this.#points;
  }

  /** Draws whether it is killed just now; if so, all that it runs is away for a while. */
  isKilled(): boolean {
    const { seed, crashes } = this.#disorder;
    const { nowMs } = this.#calendar;
    const no = this.#points++;
    const wild = nowMs < this.#calmFromMs && crashes.share > 0;
    const drawn = wild && seededUnit(seed, 'kill', no) < crashes.share;
    if (!drawn && !crashes.points.includes(no)) return false;
    this.kills += 1;
    this.upAtMs = nowMs + crashes.downMs;
    return true;
  }

  /** Does work that takes so long, from its start again whenever nobody is there to end it. */
  work(tookMs: number, act: () => void): void {
    const startMs = Math.max(this.#calendar.nowMs, this.upAtMs);
    this.#calendar.at(startMs + ENGINE_MS.hop + tookMs, () => {
      if (this.upAtMs > this.#calendar.nowMs) this.work(tookMs, act);
      else act();
    });
  }
}
