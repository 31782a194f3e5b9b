/** What a chain of the ledger begins with whose earlier entries are lost: all that is known of them. */
import type { JobRef } from './ledger.ts';
import type { Tally } from './messages.ts';

/** Where a chain goes on from whose earlier entries are lost. */
export interface Fork {
  /** The checkpoint, by its number and the digest of its file. */
  readonly epoch: number;
  readonly sha256: string;
  /** How far the lost chain had come by then: entries, and the digest of the last that was on disk. */
  readonly entries: number;
  readonly head: string;
  /** Commands that were known by then: what became of them stood in the lost chain. */
  readonly commandIds: readonly string[];
  /** Switches that were off. */
  readonly off: readonly ('shard' | 'fabric')[];
  /** Orders that the planner had given; 0 in the chain of a shard. */
  readonly plans: number;
  /** What a shard had; null in the orchestrator's chain. */
  readonly held: ForkedShard | null;
}

/** A shard as its forked chain begins. */
export interface ForkedShard {
  readonly tally: Tally;
  /** Jobs that had left for good, by the shard that took them. */
  readonly spillovers: Readonly<Record<string, number>>;
  readonly nodes: readonly ForkedNode[];
  /** By feed: ordinals below are those of jobs that had been accepted or refused. */
  readonly pulled: Readonly<Record<string, number>>;
  /** Every job that waits here; those of a ref are of the same value each. */
  readonly jobs: readonly (JobRef & { readonly value: number })[];
}

export interface ForkedNode {
  readonly node: string;
  readonly incarnation: number;
  /** As its shard's state has it. */
  readonly service: 'open' | 'cordoned' | 'draining' | 'removed';
  readonly completed: number;
  /** Attempts that failed, those that were tried again included. */
  readonly failed: number;
  /** In all, in the mission's currency. */
  readonly cost: number;
}
