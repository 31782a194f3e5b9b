/**
 * One workflow in virtual time: the same loop as the durable shell around the same core, with one wake-up
 * at a time, and with continue-as-new as a trip of its state through JSON.
 */
import type { Calendar } from './calendar.ts';

export interface ActorCore<State, Event, Effect> {
  readonly decide: (
    state: State,
    events: readonly Event[],
    nowMs: number,
  ) => { readonly state: State; readonly effects: readonly Effect[] };
  readonly resumeEffects: (state: State) => readonly Effect[];
  readonly nextWake: (state: State, nowMs: number) => number | null;
  readonly isEnded: (state: State) => boolean;
  readonly mayContinue: (state: State) => boolean;
  readonly wake: Event;
}

export interface ActorOrder<State, Event, Effect> {
  readonly core: ActorCore<State, Event, Effect>;
  readonly calendar: Calendar;
  readonly state: State;
  readonly renewEvery: number;
  /** `run` is the run that asked: answers to earlier runs no longer reach the actor. */
  readonly carryOut: (effect: Effect, run: number) => void;
  readonly decided: (before: State, after: State, effects: readonly Effect[]) => void;
}

export class Actor<State, Event, Effect> {
  state: State;
  run = 0;
  isEnded = false;
  readonly #order: ActorOrder<State, Event, Effect>;
  #inbox: Event[] = [];
  #stepSet = false;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #decisions = 0;

  constructor(order: ActorOrder<State, Event, Effect>) {
    this.#order = order;
    this.state = order.state;
  }

  happened(event: Event): void {
    if (this.isEnded) return;
    this.#inbox.push(event);
    if (this.#stepSet) return;
    this.#stepSet = true;
    this.#order.calendar.at(this.#order.calendar.nowMs, () => this.#step());
  }

  /** An answer to something that a run of this actor asked for. */
  answered(run: number, event: Event): void {
    if (run === this.run) this.happened(event);
  }

  #step(): void {
    const { core, calendar, carryOut, decided, renewEvery } = this.#order;
    this.#stepSet = false;
    if (this.isEnded) return;
    const before = this.state;
    const { state, effects } = core.decide(before, this.#inbox.splice(0), calendar.nowMs);
    this.state = state;
    for (const effect of effects) carryOut(effect, this.run);
    decided(before, state, effects);
    this.#decisions += 1;
    if (core.isEnded(state)) {
      this.isEnded = true;
      return;
    }
    if (renewEvery > 0 && this.#decisions % renewEvery === 0 && core.mayContinue(state)) {
      this.#renew();
    }
    this.#setWake();
  }

  #renew(): void {
    const { core, carryOut } = this.#order;
    this.run += 1;
    this.state = JSON.parse(JSON.stringify(this.state)) as State;
    for (const effect of core.resumeEffects(this.state)) carryOut(effect, this.run);
  }

  #setWake(): void {
    const { core, calendar } = this.#order;
    const atMs = core.nextWake(this.state, calendar.nowMs);
    if (atMs === null || atMs >= this.#wakeAtMs) return;
    this.#wakeAtMs = atMs;
    calendar.at(atMs, () => {
      if (this.#wakeAtMs === atMs) this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.happened(core.wake);
    });
  }
}
