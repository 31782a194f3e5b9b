// Surroundings for a command without a terminal and without a process of its own: what it prints is
// kept, Ctrl-C is a call, and the end of the process is only noted.
import type { Place } from '../../scripts/place.ts';

export interface FakePlace extends Place {
  readonly printed: { out: string; err: string };
  /** Every exit code that the process was to end with at once. */
  readonly exits: number[];
  /** Ctrl-C. */
  interrupt(): void;
}

export function fakePlace(folder: string, env: NodeJS.ProcessEnv = {}): FakePlace {
  const printed = { out: '', err: '' };
  const exits: number[] = [];
  const listeners = new Set<() => void>();
  return {
    folder,
    env,
    user: 'ada',
    printed,
    exits,
    out: { stream: null, write: (text) => void (printed.out += text) },
    err: { stream: null, write: (text) => void (printed.err += text) },
    onInterrupt: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    interrupt: () => listeners.forEach((listener) => listener()),
    exit: (code) => void exits.push(code),
  };
}
