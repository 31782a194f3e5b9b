/**
 * What can be measured: a job system with a store, one process of workers, and two ways to hand jobs in. A
 * contender is data; its own code is a module of `bench/peers/`, which runs as a process of its own.
 */
import type { Store } from './stores/store.ts';

/**
 * What an acknowledgement promises. Two classes that are never ranked together: after `fsync` an outcome outlives a
 * loss of power; after `process-kill` it outlives only the death of processes.
 */
export type Durability = 'fsync' | 'process-kill';

export const DURABILITY_WORDS: Readonly<Record<Durability, string>> = {
  fsync: 'fsync per acknowledgement',
  'process-kill': 'survives a process kill only',
};

/** `default`: every job is submitted by a call of its own. `bulk`: the documented way to hand in many. */
export type PathName = 'default' | 'bulk';

export const PATHS: readonly PathName[] = ['default', 'bulk'];

export type Settings = Readonly<Record<string, string | number | boolean>>;

/** Whether it can be run here: its version, or why not and what would mend that. */
export type Presence =
  | { readonly state: 'installed'; readonly version: string }
  | { readonly state: 'missing'; readonly why: string; readonly install: string };

export interface Contender {
  /** Short name, as `--only` takes it. */
  readonly name: string;
  readonly title: string;
  readonly durability: Durability;
  /** What a user of the fabric would have to build beside it, in one line. */
  readonly lacks: string;
  /** Where the result of each job is kept. */
  readonly keeps: string;
  /** How jobs come in, in words, by path. */
  readonly paths: Readonly<Record<PathName, string>>;
  /** Everything that was set and is not a default, for the record; its process gets them too. */
  readonly settings: Settings;
  /** Its module in `bench/peers/`. */
  readonly module: string;
  /** True where its process ends and starts its own workers, as the fabric's supervisor does. */
  readonly supervisesItself?: boolean;
  readonly presence: () => Promise<Presence>;
  /** Starts an empty store in a folder; null where its process brings its own. */
  readonly openStore: ((folder: string) => Promise<Store>) | null;
}

/** Somebody who belongs beside the others and is not measured. */
export interface Outsider {
  readonly name: string;
  readonly title: string;
  readonly why: string;
}
