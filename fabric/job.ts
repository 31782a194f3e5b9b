/**
 * What a job is. The registry never holds jobs one by one: it holds classes, sets of ordinals of one
 * feed that share every trait the router looks at. A job's identity is (feed, ordinal); its id is a
 * label that only the feed and the node know.
 */
import type { Ordinals } from './ordinals.ts';

/** What decides where and when a job may run. Jobs of one class share all of it. */
export interface JobTraits {
  readonly kind: string;
  /** Sorted; a node must have every one of them. */
  readonly skills: readonly string[];
  /** 0 (last) to 9 (first). */
  readonly priority: number;
  /** The job's own latency budget, or null for its origin shard's. */
  readonly latencyBudgetMs: number | null;
  readonly value: number;
  /** How long one such job is expected to take, or null when nothing was said. */
  readonly estimateMs: number | null;
}

/** The traits of a job of which nothing else is said. */
export const TRAIT_DEFAULTS = {
  skills: [] as readonly string[],
  priority: 5,
  latencyBudgetMs: null,
  value: 1,
  estimateMs: null,
} as const;

/** What an agent is handed. */
export interface JobBody {
  readonly id: string;
  readonly kind: string;
  readonly payload: unknown;
}

/** Jobs of one page that share all traits, as a pull activity finds them. */
export interface PageClass extends JobTraits {
  readonly ordinals: Ordinals;
}

/** The unit that the registry queues. */
export interface JobClass extends JobTraits {
  /** Rises with every class a shard makes: the tie-break of the queue's order. */
  readonly id: number;
  readonly feed: string;
  readonly origin: string;
  /** The number of the next try, from 1. */
  readonly attempt: number;
  /** How many times these jobs were moved between shards. */
  readonly hops: number;
  /** A node that just failed them: another is preferred. */
  readonly avoidNode: string | null;
  /** When the first of these jobs arrived at its origin. */
  readonly arrivedAtMs: number;
  /** Not to be leased before: a simulated link's latency is imposed here. */
  readonly notBeforeMs: number;
  /** Key of the page that carries these jobs' bodies, or null where a node reads them from the feed. */
  readonly page: string | null;
  readonly ordinals: Ordinals;
}

/** Bodies of jobs that came inline, in the order of `ordinals`. */
export interface BodyPage {
  readonly ordinals: Ordinals;
  readonly bodies: readonly JobBody[];
  /** Bytes of the bodies as JSON. */
  readonly bytes: number;
  /** Jobs of this page that have not ended and have not left the shard. At 0 the page is dropped. */
  readonly open: number;
}

/** A part of a class, in a lease or a transfer. */
export type JobSlice = Omit<JobClass, 'id' | 'notBeforeMs'>;

/** A slice as it travels: bodies go along where the receiver could not read them from a feed. */
export interface TravellingSlice extends JobSlice {
  /** In the order of `ordinals`; absent where the feed can be read. */
  readonly bodies?: readonly JobBody[];
}
