/** What is run, and in which order: contenders take turns, in an order that is drawn anew for every round. */
import { createHash } from 'node:crypto';
import type { Contender, PathName } from './contender.ts';
import { PATHS } from './contender.ts';

export interface CompareOptions {
  /** Sizes of the bulk path, in jobs. */
  readonly jobs: readonly number[];
  /** Jobs of the default path at the most, where every one is a call of its own. */
  readonly singleJobs: number;
  readonly handlerMs: readonly number[];
  readonly runs: number;
  readonly seed: number;
  /** Names of contenders; empty for all. */
  readonly only: readonly string[];
  readonly limitSeconds: number;
  readonly warmUp: boolean;
  /** Seconds that arrivals of an open loop go on; 0 for none. */
  readonly latencySeconds: number;
  /** Kills of workers for each contender; 0 for none. */
  readonly kills: number;
}

export const DEFAULT_OPTIONS: CompareOptions = {
  jobs: [10_000],
  singleJobs: 1_000,
  handlerMs: [0, 5],
  runs: 7,
  seed: 1,
  only: [],
  limitSeconds: 600,
  warmUp: true,
  latencySeconds: 20,
  kills: 5,
};

/** One kind of run, of which there are as many as there are rounds. */
export interface Cell {
  readonly contender: Contender;
  readonly path: PathName;
  readonly handlerMs: number;
  readonly jobs: number;
}

/** All kinds of runs. The default path has one size: its cost is one of calls, and grows with their number. */
export function cellsOf(contenders: readonly Contender[], options: CompareOptions): Cell[] {
  const { jobs, singleJobs, handlerMs } = options;
  const sizes: Record<PathName, readonly number[]> = {
    default: [Math.min(singleJobs, ...jobs)],
    bulk: jobs,
  };
  return contenders.flatMap((contender) =>
    PATHS.flatMap((path) =>
      handlerMs.flatMap((ms) =>
        sizes[path].map((size) => ({ contender, path, handlerMs: ms, jobs: size })),
      ),
    ),
  );
}

/** The list in an order that the seed and the round draw. */
export function shuffled<T>(list: readonly T[], seed: number, round: number): T[] {
  const keyed = list.map((item, i) => ({ item, key: drawn(seed, round, i) }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}

/** A share from 0 up to 1 that depends on nothing but these numbers. */
export function drawn(...numbers: readonly number[]): number {
  const digest = createHash('sha256').update(numbers.join('/')).digest();
  return digest.readUInt32BE(0) / 2 ** 32;
}
