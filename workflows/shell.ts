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

/** A workflow that has ended waits so long for its last signals: nobody would send them again. */
const LAST_SIGNALS_WAIT = '1m';
/** As with events: what a cold replay takes must stay far below the time that the engine gives a task. */
const HISTORY_BYTES_MAX = 2_000_000;
/** Undecided events that are let by when a run is twice as long as it should be; see `#isQuiet`. */
const LOUDNESS_MAX = 8;

export class Shell<State, Event, Effect> {
  state: State;
  /** True once this run only waits to hand over to the next. */
  isLeaving = false;
  /** Updates that wait for their answer: for a while a run that has become long waits for them too. */
  asking = 0;
  #inbox: Event[];
  #wakes: number[] = [];
  #failure: Error | null = null;
  /** The look at whether this is the instant to hand over. */
  #look: 'none' | 'set' | 'due' = 'none';

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
      if (this.#look === 'due' && this.#isQuiet(order)) {
        this.isLeaving = true;
        return { state: this.state, pending: this.#inbox };
      }
      if (this.#look === 'due') this.#look = 'none';
      if (this.#inbox.length > 0) this.#decide(order);
      if (core.isEnded(this.state)) {
        this.isLeaving = true;
        await this.#drain(order);
        return null;
      }
      const mayLook = (): boolean => this.#look === 'none' && this.#isTimeToLeave(order);
      if (mayLook()) this.#lookAgain();
      this.#setTimer(core);
      await wf.condition(
        () => this.#inbox.length > 0 || this.#failure !== null || this.#look === 'due' || mayLook(),
      );
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

  /**
   * True when this run has become long and nothing stands against a new one. A signal that the engine has
   * not taken yet does, and an update not yet answered, for as long as the run is not far too long.
   */
  #isTimeToLeave({ core, historyEventsMax, sending }: ShellOrder<State, Event, Effect>): boolean {
    const used = lengthOfRun(historyEventsMax);
    const isOwing = sending() + this.asking > 0;
    return used >= 1 && core.mayContinue(this.state) && (!isOwing || used >= 2);
  }

  #lookAgain(): void {
    this.#look = 'set';
    void wf.sleep(1).then(() => (this.#look = 'due'));
  }

  /**
   * The engine refuses to end a run when anything came in during the task that asks for it. The task that
   * follows replays the whole run, so more comes in meanwhile, and a busy workflow would never get away.
   * So a run asks only in a task of its own, which a timer brings and which has nothing else to do;
   * if that was refused, the next task sees what came in, and goes on as usual first. The longer
   * the run has become, the more is let by undecided: it is handed to the next run.
   */
  #isQuiet(order: ShellOrder<State, Event, Effect>): boolean {
    if (!this.#isTimeToLeave(order)) return false;
    const overdue = lengthOfRun(order.historyEventsMax) - 1;
    return this.#inbox.length <= Math.floor(overdue * LOUDNESS_MAX);
  }

  async #drain({ sending }: ShellOrder<State, Event, Effect>): Promise<void> {
    if (sending() > 0) await wf.condition(() => sending() === 0, LAST_SIGNALS_WAIT);
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

/** How long this run is, as a share of what it should be; 1 and more when it is time for the next. */
function lengthOfRun(historyEventsMax: number): number {
  const { historyLength, historySize, continueAsNewSuggested } = wf.workflowInfo();
  const used = Math.max(historyLength / historyEventsMax, historySize / HISTORY_BYTES_MAX);
  return continueAsNewSuggested ? Math.max(used, 1) : used;
}
