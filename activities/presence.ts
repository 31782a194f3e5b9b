/**
 * Presence: one long activity a node that does nothing but beat, on the main thread, where no handler
 * ever computes. While none is held the node's shard does not count on it, and the host registers anew.
 */
import { Context } from '@temporalio/activity';
import type { LeaseProgress } from '../fabric/messages.ts';
import type { PresenceInput } from './contracts.ts';
import { expectedFailure } from './expected-failure.ts';

/** How often a beat is offered; the worker's throttle decides how many are sent. */
const BEAT_MS = 200;

/** Throws a failure of type `StaleSession`, which is not retried, unless both are the same. */
export function requireSession(node: string, asked: string, session: string): void {
  if (asked === session) return;
  const message = `node "${node}" was started anew: its session is ${session}, not ${asked}`;
  throw expectedFailure('StaleSession', message);
}

type Told = (execution: string) => readonly LeaseProgress[];

export class Presence {
  readonly #node: string;
  readonly #session: string;
  readonly #told: Told;
  readonly #left: Promise<'left'>;
  #leave: () => void = () => undefined;
  #held = 0;
  #lastHeldMs = performance.now();

  /** `told` is what every beat carries: what this node has finished of the leases of who holds it. */
  constructor(node: string, session: string, told: Told = () => []) {
    this.#told = told;
    this.#node = node;
    this.#session = session;
    this.#left = new Promise((resolve) => (this.#leave = () => resolve('left')));
  }

  /**
   * The activity: beats until it is cancelled or its run has gone, then throws a CancelledFailure, or
   * until `leave`, then returns `left`. A run that continues as new starts it again; both may overlap.
   */
  async hold({ session, execution }: PresenceInput): Promise<'left'> {
    requireSession(this.#node, session, this.#session);
    const context = Context.current();
    const beat = (): void => context.heartbeat(this.#told(execution));
    beat();
    const beats = setInterval(beat, BEAT_MS);
    this.#held++;
    try {
      return await Promise.race([this.#left, context.cancelled]);
    } finally {
      clearInterval(beats);
      this.#held--;
      this.#lastHeldMs = performance.now();
    }
  }

  /** How long nobody has held it, in ms; 0 while somebody does. */
  get missingMs(): number {
    return this.#held > 0 ? 0 : performance.now() - this.#lastHeldMs;
  }

  /** Ends it in order, for good. */
  leave(): void {
    this.#leave();
  }
}
