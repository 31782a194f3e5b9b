/**
 * Leases on their way to nodes. One may be lost: the engine takes it for begun, and lets go of it when its time
 * is over, unless it was asked for again by then, which is another call with a time of its own.
 */
import type { LeaseGrant } from '../messages.ts';
import { seededUnit } from '../seeded.ts';
import type { Calendar } from './calendar.ts';
import { ENGINE_MS, type Disorder } from './world.ts';

export class Deliveries {
  readonly #calendar: Calendar;
  readonly #disorder: Disorder;
  readonly #calmFromMs: number;
  readonly #newest = new Map<string, number>();
  #calls = 0;

  constructor(calendar: Calendar, disorder: Disorder) {
    this.#calendar = calendar;
    this.#disorder = disorder;
    this.#calmFromMs = calendar.nowMs + disorder.untilMs;
  }

  /** Calls one of the two: `arrived` soon, or `timedOut` late. */
  send({ shard, fence, timeoutMs }: LeaseGrant, arrived: () => void, timedOut: () => void): void {
    const { nowMs } = this.#calendar;
    const call = this.#calls++;
    const lease = `${shard} ${fence}`;
    this.#newest.set(lease, call);
    if (!this.#isLost(call)) return this.#calendar.at(nowMs + ENGINE_MS.hop, arrived);
    this.#calendar.at(nowMs + timeoutMs, () => {
      if (this.#newest.get(lease) === call) timedOut();
    });
  }

  #isLost(call: number): boolean {
    const { seed, undelivered } = this.#disorder;
    const isWild = this.#calendar.nowMs < this.#calmFromMs;
    return isWild && seededUnit(seed, 'undelivered', call) < undelivered;
  }
}
