/**
 * What the owner can tune, and what a mission sets. Every number carries its unit in its name.
 */

/** One shard's tunable policy. */
export interface ShardPolicy {
  /** The queue depth above which the shard sheds, in jobs. */
  readonly spilloverLimit: number;
  /** Where it sheds to, in this order. Empty: it never sheds. */
  readonly spillTargets: readonly string[];
  /** The most that link latency and expected wait may come to for a job of this origin. */
  readonly latencyBudgetMs: number;
}

/** Policy of the whole run; set by the mission, the tick also by the owner. */
export interface FabricPolicy {
  /** The orchestrator's cadence. */
  readonly tickMs: number;
  /** Tries of one job before it is failed. */
  readonly attemptsMax: number;
  /** How many times one job may be moved between shards. */
  readonly hopsMax: number;
  /** How long one lease should take: its size follows from measured service times. */
  readonly leaseTargetMs: number;
  readonly leaseJobsMax: number;
  readonly pageJobs: number;
  /** What a job nobody in reach can do gets: refused at acceptance, or left waiting. */
  readonly unmatchedSkills: 'refuse' | 'wait';
  /** A lease that has not ended by then is given up and its jobs are requeued. */
  readonly leaseTimeoutMs: number;
  /** Events of one workflow run before it continues as new; tests set it low. */
  readonly historyEventsMax: number;
  /** How often a checkpoint is written, in ms; 0 for only when asked for and at the end. */
  readonly checkpointEveryMs: number;
}

/** How a node describes itself when it registers. */
export interface NodeSpec {
  readonly id: string;
  readonly shard: string;
  readonly skills: readonly string[];
  /** Leases it works on at the same time. */
  readonly slots: number;
  readonly pricePerJob: number;
  readonly image: string;
  readonly runtime: string;
  readonly tags: readonly string[];
}

/** What the owner may change of a node while it works. */
export type NodeChange = Partial<Omit<NodeSpec, 'id' | 'shard'>>;

/** When the jobs of a feed arrive, relative to the opening of the feed. */
export type Arrivals =
  | { readonly mode: 'at-once' }
  | { readonly mode: 'rate'; readonly perSecond: number }
  | { readonly mode: 'event-time'; readonly timeScale: number };

/** Jobs of one sort in a synthetic feed: `count` of them in a row. */
export interface Blueprint {
  readonly kind: string;
  readonly count: number;
  readonly skills: readonly string[];
  readonly priority: number;
  readonly value: number;
  readonly latencyBudgetMs: number | null;
  /** Mean simulated service time of one job. */
  readonly durationMs: number;
  /** Share of attempts that fail, seeded by the job's identity and attempt. */
  readonly failureRate: number;
}

export type FeedSource =
  | { readonly type: 'synthetic'; readonly seed: number; readonly blueprints: readonly Blueprint[] }
  /** A file of one JSON job a line, pinned by its digest. */
  | { readonly type: 'ndjson'; readonly path: string; readonly sha256: string };

/** A feed as the shard, the pull activity and the nodes know it. */
export interface FeedSpec {
  readonly id: string;
  readonly shard: string;
  readonly arrivals: Arrivals;
  readonly source: FeedSource;
  /** Jobs in it, after `--jobs` has cut it short. */
  readonly total: number;
  /**
   * Steps `[offsetMs, jobs so far]`, rising, at most 1,024 of them: how many jobs have arrived that long
   * after the feed was opened. Absent for `at-once` and `rate`, where it follows from the mode.
   */
  readonly curve?: readonly (readonly [number, number])[];
}
