/**
 * Ctrl-C as a value that can be waited for. The first one lets the command end everything in order; the
 * second ends it at once, for an operator who will not wait.
 */
import { EXIT } from './exit-code.ts';
import type { Place } from './place.ts';
import { say } from './place.ts';

/** Thrown where work was given up because of Ctrl-C or SIGTERM. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  readonly exitCode = EXIT.interrupted;

  constructor() {
    super('interrupted');
  }
}

export interface Interruption {
  /** Aborts at the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** The outcome of `work`, or InterruptedError as soon as Ctrl-C comes. */
  race<T>(work: Promise<T>): Promise<T>;
  /** Stops listening. */
  end(): void;
}

/** Listens for Ctrl-C until `end` is called. */
export function listenForInterruption(place: Place): Interruption {
  const controller = new AbortController();
  const stopListening = place.onInterrupt(() => {
    if (controller.signal.aborted) return place.exit(EXIT.interrupted);
    say(place.err, 'Interrupted: ending in order. Once more ends at once.');
    controller.abort(new InterruptedError());
  });
  const aborted = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(new InterruptedError()));
  });
  aborted.catch(() => undefined);
  return {
    signal: controller.signal,
    race: async (work) => {
      work.catch(() => undefined);
      return await Promise.race([work, aborted]);
    },
    end: stopListening,
  };
}

/** Resolves after `ms`, or at once when the signal aborts. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return;
  await new Promise<void>((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal?.addEventListener('abort', wake);
  });
}
