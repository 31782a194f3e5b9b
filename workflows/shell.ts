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
  /** True while word is on its way that would come in just when a run asks to end. */
  readonly isExpecting: (state: State) => boolean;
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
  readonly sending: {
    /** Signals sent and not yet taken by the engine: a run that ends would drop them. */
    readonly open: number;
    /** Sends what the decision that was just carried out has for other workflows. */
    flush(): void;
  };
  /** Called after each decision, with what was done. */
  readonly settled: (state: State, effects: readonly Effect[]) => void;
}

/** A workflow that has ended waits so long for its last signals: nobody would send them again. */
const LAST_SIGNALS_WAIT = '1m';
/** As with events: what a cold replay takes must stay far below the time that the engine gives a task. */
const HISTORY_BYTES_MAX = 2_000_000;
/** A timer that fires so soon is word that is expected. */
const SOON_MS = 50;
/**
 * From this length on, as a share of what a run should be, a timer brings a task to ask in, whatever is expected; and
 * again when the run has become so much longer. A long run takes long to replay, and its task may take no longer than
 * its second.
 */
const LOOK_FROM = 1.25;
const LOOK_STEP = 0.05;
/** So long a run waits for signals that the engine has not taken: they have to be sent again. */
const SENDING_MAX = 1.5;
/** From this length on events are let by undecided: so many for each time that it is longer than that. */
const LOUD_FROM = 1.5;
const LOUDNESS = 8;

export class Shell<State, Event, Effect> {
  state: State;
  /** True once this run only waits to hand over to the next. */
  isLeaving = false;
  /** Updates that wait for their answer. */
  asking = 0;
  #inbox: Event[];
  #wakes: number[] = [];
  #failure: Error | null = null;
  /** The timer that brings a task to hand over in. */
  #look: 'none' | 'set' | 'due' = 'none';
  /** Length of the run from which it is set, as a share of what it should be. */
  #lookFrom = LOOK_FROM;
  /** Events in the history when something was last asked of the engine: the same within one task. */
  #actedAt = 0;

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
      if (this.#isQuiet(order)) {
        this.isLeaving = true;
        return { state: this.state, pending: this.#inbox };
      }
      if (this.#look === 'due') {
        this.#look = 'none';
        this.#lookFrom = lengthOfRun(order.historyEventsMax) + LOOK_STEP;
      }
      if (this.#inbox.length > 0) this.#decide(order);
      if (core.isEnded(this.state)) {
        this.isLeaving = true;
        await this.#drain(order);
        return null;
      }
      if (this.#isTimeToLook(order)) this.#lookAgain();
      this.#setTimer(core);
      await wf.condition(
        () =>
          this.#inbox.length > 0 ||
          this.#failure !== null ||
          this.#look === 'due' ||
          this.#isTimeToLook(order) ||
          this.#isQuiet(order),
      );
    }
  }

  #decide(order: ShellOrder<State, Event, Effect>): void {
    const decision = order.core.decide(this.state, this.#inbox.splice(0), Date.now());
    this.state = decision.state;
    this.#carryOut(decision.effects, order);
  }

  #takeUp(order: ShellOrder<State, Event, Effect>): void {
    const { core } = order;
    const decision = core.decide(this.state, this.#inbox.splice(0), Date.now());
    this.state = decision.state;
    const oneWay = decision.effects.filter((effect) => core.isOneWay(effect));
    this.#carryOut([...core.resumeEffects(this.state), ...oneWay], order);
  }

  #carryOut(
    effects: readonly Effect[],
    { carryOut, sending, settled }: ShellOrder<State, Event, Effect>,
  ): void {
    if (effects.length > 0) this.#actedAt = wf.workflowInfo().historyLength;
    for (const effect of effects) carryOut(effect);
    sending.flush();
    settled(this.state, effects);
  }

  /**
   * The engine refuses to end a run when anything came in during the task that asks for it. The task that
   * follows replays the whole run, so more comes in meanwhile, and a busy workflow would never get away.
   * So a run asks only in a short task in which nothing is left to decide and nothing was asked of the engine: while
   * no word is on its way any such task will do, else one of its own, which a timer brings. If that was refused, the
   * next task, whose replay is too long a time to ask in, has what came in to decide on, and the run goes on as
   * usual first. Only when it has become much too long are a few events let by: they are handed to the next run
   * undecided.
   */
  #isQuiet(order: ShellOrder<State, Event, Effect>): boolean {
    const hasActed = this.#actedAt === wf.workflowInfo().historyLength;
    if (hasActed || !this.#isTimeToLeave(order)) return false;
    if (this.#look !== 'due' && this.#isExpecting(order)) return false;
    const overdue = Math.max(0, lengthOfRun(order.historyEventsMax) - LOUD_FROM);
    return this.#inbox.length <= Math.floor(overdue * LOUDNESS);
  }

  /** True when this run has become long and may be left, but for what is expected. */
  #isTimeToLeave({ core, historyEventsMax, sending }: ShellOrder<State, Event, Effect>): boolean {
    const used = lengthOfRun(historyEventsMax);
    if (used < 1 || !core.mayContinue(this.state)) return false;
    return sending.open === 0 || used >= SENDING_MAX;
  }

  #isExpecting({ core }: ShellOrder<State, Event, Effect>): boolean {
    const soonMs = Date.now() + SOON_MS;
    const isWaking = this.#wakes.some((at) => at <= soonMs);
    return this.asking > 0 || isWaking || core.isExpecting(this.state);
  }

  #isTimeToLook(order: ShellOrder<State, Event, Effect>): boolean {
    const isDue = lengthOfRun(order.historyEventsMax) >= this.#lookFrom;
    return isDue && this.#look === 'none' && this.#isTimeToLeave(order);
  }

  #lookAgain(): void {
    this.#look = 'set';
    void wf.sleep(1).then(() => (this.#look = 'due'));
  }

  async #drain({ sending }: ShellOrder<State, Event, Effect>): Promise<void> {
    if (sending.open > 0) await wf.condition(() => sending.open === 0, LAST_SIGNALS_WAIT);
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
