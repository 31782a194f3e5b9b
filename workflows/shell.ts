/**
 * The durable shell around a pure core, the same for both workflows: gather what has happened → decide →
 * carry out the effects → sleep until something happens or the core wants to look again → continue as
 * new, with work in flight, long before a limit of the engine.
 */
import * as wf from '@temporalio/workflow';

/** A core as the shell sees it. */
export interface Core<State, Event, Effect> {
  readonly decide: (
    state: State,
    events: readonly Event[],
    nowMs: number,
  ) => { readonly state: State; readonly effects: readonly Effect[] };
  /** Asks again for what an earlier run of this workflow had asked for. */
  readonly resumeEffects: (state: State) => readonly Effect[];
  /** Effects that a new run must still carry out itself: all others are among `resumeEffects`. */
  readonly isOneWay: (effect: Effect) => boolean;
  readonly nextWake: (state: State, nowMs: number) => number | null;
  readonly isEnded: (state: State) => boolean;
  /** False while something short is under way that a new run could not take up. */
  readonly mayContinue: (state: State) => boolean;
  readonly wake: Event;
}

/** What a run hands to the next one. */
export interface Carried<State, Event> {
  readonly state: State;
  /** Happened, and not yet decided on. */
  readonly pending: readonly Event[];
}

export interface ShellOrder<State, Event, Effect> {
  readonly core: Core<State, Event, Effect>;
  readonly historyEventsMax: number;
  readonly carryOut: (effect: Effect) => void;
  /** Signals sent and not yet taken by the engine: a run that ends would drop them. */
  readonly sending: () => number;
  /** Called after each decision, with what was done. */
  readonly settled: (state: State, effects: readonly Effect[]) => void;
}

/** Signals under way are waited for so long before a run ends; what is lost is sent again anyway. */
const SENDING_WAIT = '2s';

export class Shell<State, Event, Effect> {
  state: State;
  /** True once this run only waits to hand over to the next. */
  isLeaving = false;
  #inbox: Event[];
  #wakes: number[] = [];
  #failure: Error | null = null;

  constructor({ state, pending }: Carried<State, Event>) {
    this.state = state;
    this.#inbox = [...pending];
  }

  happened(event: Event): void {
    this.#inbox.push(event);
  }

  /** Ends the run with an error: for what nobody but an operator can mend. */
  fail(error: Error): void {
    this.#failure ??= error;
  }

  /** Runs until the core has ended (null), or until it is time for a new run (what to hand to it). */
  async run(
    order: ShellOrder<State, Event, Effect>,
    isFirstRun: boolean,
  ): Promise<Carried<State, Event> | null> {
    const { core } = order;
    if (!isFirstRun) this.#takeUp(order);
    for (;;) {
      if (this.#failure !== null) throw this.#failure;
      if (this.#inbox.length > 0) this.#decide(order);
      if (core.isEnded(this.state)) {
        this.isLeaving = true;
        await this.#drain(order);
        return null;
      }
      if (this.#isTimeToLeave(order)) {
        this.isLeaving = true;
        await this.#drain(order);
        return { state: this.state, pending: this.#inbox };
      }
      this.#setTimer(core);
      await wf.condition(() => this.#inbox.length > 0 || this.#failure !== null);
    }
  }

  #decide({ core, carryOut, settled }: ShellOrder<State, Event, Effect>): void {
    const decision = core.decide(this.state, this.#inbox.splice(0), Date.now());
    this.state = decision.state;
    for (const effect of decision.effects) carryOut(effect);
    settled(this.state, decision.effects);
  }

  #takeUp({ core, carryOut, settled }: ShellOrder<State, Event, Effect>): void {
    const decision = core.decide(this.state, this.#inbox.splice(0), Date.now());
    this.state = decision.state;
    const oneWay = decision.effects.filter((effect) => core.isOneWay(effect));
    const effects = [...core.resumeEffects(this.state), ...oneWay];
    for (const effect of effects) carryOut(effect);
    settled(this.state, effects);
  }

  #isTimeToLeave({ core, historyEventsMax }: ShellOrder<State, Event, Effect>): boolean {
    const { historyLength, continueAsNewSuggested } = wf.workflowInfo();
    if (!continueAsNewSuggested && historyLength < historyEventsMax) return false;
    return core.mayContinue(this.state);
  }

  async #drain({ sending }: ShellOrder<State, Event, Effect>): Promise<void> {
    if (sending() > 0) await wf.condition(() => sending() === 0, SENDING_WAIT);
  }

  /** Keeps one timer at or before the next wake; earlier ones just cause a look too many. */
  #setTimer({ nextWake, wake }: Core<State, Event, Effect>): void {
    const nowMs = Date.now();
    const at = nextWake(this.state, nowMs);
    if (at === null || this.#wakes.some((set) => set <= at)) return;
    this.#wakes.push(at);
    void wf.sleep(Math.max(1, at - nowMs)).then(() => {
      this.#wakes = this.#wakes.filter((set) => set !== at);
      this.happened(wake);
    });
  }
}
