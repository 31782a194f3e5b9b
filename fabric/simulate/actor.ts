/**
 * One workflow in virtual time: the same loop as the durable shell around the same core, with one wake-up
 * at a time, and with continue-as-new as a trip of its state through JSON. As with the engine, a decision
 * is committed whole or not at all: a process that is killed before that leaves the state and the inbox
 * as they were, and its successor starts from what was written down.
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
  /** Where it runs: asked before a decision is committed whether it is killed first. */
  readonly host: { readonly upAtMs: number; isKilled(): boolean };
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
    this.#setStep();
  }

  /** An answer to something that a run of this actor asked for. */
  answered(run: number, event: Event): void {
    if (run === this.run) this.happened(event);
  }

  #setStep(): void {
    if (this.#stepSet) return;
    this.#stepSet = true;
    this.#order.calendar.at(this.#order.host.upAtMs, () => this.#step());
  }

  #step(): void {
    const { core, calendar, carryOut, decided, renewEvery, host } = this.#order;
    this.#stepSet = false;
    if (this.isEnded) return;
    if (host.upAtMs > calendar.nowMs) return this.#setStep();
    const before = this.state;
    const { state, effects } = core.decide(before, this.#inbox, calendar.nowMs);
    if (host.isKilled()) {
      this.state = throughJson(before);
      this.#inbox = throughJson(this.#inbox);
      return this.#setStep();
    }
    this.#inbox = [];
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
    this.state = throughJson(this.state);
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

function throughJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
