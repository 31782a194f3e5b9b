/** Messages between workflows in virtual time: each may be late, come twice, or be lost. */
import type { Message } from '../messages.ts';
import { seededUnit } from '../seeded.ts';
import type { Calendar } from './calendar.ts';
import { ENGINE_MS, type Disorder } from './world.ts';

export class Post {
  readonly #calendar: Calendar;
  readonly #disorder: Disorder;
  readonly #calmFromMs: number;
  readonly #deliver: (to: string | null, message: Message) => void;
  #messages = 0;
  #engine = 0;

  /** `deliver` takes a message as it arrives; `to` is a shard's name, or null for the orchestrator. */
  constructor(
    calendar: Calendar,
    disorder: Disorder,
    deliver: (to: string | null, message: Message) => void,
  ) {
    this.#calendar = calendar;
    this.#disorder = disorder;
    this.#calmFromMs = calendar.nowMs + disorder.untilMs;
    this.#deliver = deliver;
  }

  /** What is under way is lost with the engine. */
  loseEngine(): void {
    this.#engine += 1;
  }

  send(to: string | null, message: Message): void {
    const { nowMs } = this.#calendar;
    const { seed, duplicated, dropped, delayMsMax } = this.#disorder;
    // A workflow that ends waits until the engine has its last report.
    const isLast = message.kind === 'load' && message.body.closed;
    const wild = nowMs < this.#calmFromMs && !isLast;
    const no = this.#messages++;
    const draw = (what: string): number => (wild ? seededUnit(seed, what, no) : 1);
    const deliver = (what: string): void => {
      const delayMs = wild ? seededUnit(seed, what, no) * delayMsMax : 0;
      const engine = this.#engine;
      this.#calendar.at(nowMs + ENGINE_MS.hop + delayMs, () => {
        if (engine === this.#engine) this.#deliver(to, message);
      });
    };
    if (draw('dropped') >= dropped) deliver('delay');
    if (draw('duplicated') < duplicated) deliver('second delay');
  }
}
