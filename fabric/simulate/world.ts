/**
 * What surrounds the core in virtual time: the jobs, how long everything takes, and what goes wrong. All
 * of it is drawn from a seed, so that a failure is seen again by its number.
 */
import type { JobBody, PageClass } from '../job.ts';
import type { AdapterSpec } from '../mission/run-spec.ts';
import type { FeedSpec } from '../policy.ts';
import type { JobAttempt } from '../simulated-job.ts';

/** One try of one job, with all that a node knows of it. */
export interface SimulatedAttempt extends JobAttempt {
  readonly estimateMs: number | null;
  /** Null where the feed holds it. */
  readonly body: JobBody | null;
  readonly adapter: AdapterSpec['type'];
}

/** The jobs, as the feeds and the agents know them. */
export interface SimulatedJobs {
  /** The same page for ever; never empty for a count above 0. */
  page(
    feed: FeedSpec,
    from: number,
    count: number,
  ): { readonly count: number; readonly classes: readonly PageClass[] };
  /** How long one attempt takes on an ordinary node, and its error code, or null when it succeeds. */
  attempt(job: SimulatedAttempt): { readonly serviceMs: number; readonly code: string | null };
}

/** What goes wrong between processes. Shares from 0 to 1. */
export interface Disorder {
  readonly seed: number;
  /** Messages between workflows that arrive twice. */
  readonly duplicated: number;
  /** Messages that never arrive. */
  readonly dropped: number;
  /** Every message takes up to so long, so that they overtake each other. */
  readonly delayMsMax: number;
  /** Leases that the engine takes for begun and that their node never hears of. */
  readonly undelivered: number;
  /** A workflow continues as new after so many decisions; 0 for never. */
  readonly renewEvery: number;
  /** Nodes that are lost, when, and for how long. */
  readonly losses: readonly {
    readonly node: string;
    readonly atMs: number;
    readonly forMs: number;
  }[];
  /**
   * Nodes that are cut off, or stopped, for so long: their heartbeat is missed and they are given up, but
   * they go on, and what they have to say arrives when the silence is over.
   */
  readonly silences: Disorder['losses'];
  /** Kills of the process that decides and appends to the ledger. */
  readonly crashes: {
    /** Share of its decisions and appends at which it is killed: just before the one, just after the other. */
    readonly share: number;
    /** Those at which it is killed besides, counted from 0 over all workflows. */
    readonly points: readonly number[];
    /** How long it is away. */
    readonly downMs: number;
  };
  /** While the disk is full, from and to: no append and no results can be written. */
  readonly fullDisk?: readonly { readonly fromMs: number; readonly toMs: number }[];
  /**
   * When the engine is lost with all that it knows: the fabric goes on from its newest checkpoint and its
   * ledger, on another. Before the first checkpoint nothing is lost.
   */
  readonly engineLosses?: readonly number[];
  /** When the ledger is lost with it: the fabric goes on from its newest checkpoint alone, on forked chains. */
  readonly totalLosses?: readonly number[];
  /** After this instant nothing is dropped, doubled, delayed, undelivered or killed any more. */
  readonly untilMs: number;
}

export const CALM: Disorder = {
  seed: 0,
  duplicated: 0,
  dropped: 0,
  delayMsMax: 0,
  undelivered: 0,
  renewEvery: 0,
  losses: [],
  silences: [],
  crashes: { share: 0, points: [], downMs: 0 },
  untilMs: 0,
};

/** How long the engine takes, as measured on a small machine. */
export const ENGINE_MS = {
  /** From an effect to its start, and from its end to the event. */
  hop: 10,
  pull: 5,
  append: 5,
  /** A node without a beat is given up after this. */
  presence: 1_000,
  /** A node whose presence nobody asks for registers again after this. */
  registerAgain: 1_000,
} as const;
