/**
 * Names and shapes that clients and workflows share: workflow ids, signals, queries, updates and the
 * answers to them. CONTRACT of the outside: add freely, never rename.
 */
import type { CommandAnswer, LoadReport } from '../fabric/messages.ts';
import type { ShardPolicy } from '../fabric/policy.ts';

export const orchestratorId = (fabric: string): string => `${fabric}.orchestrator`;
export const shardId = (fabric: string, shard: string): string => `${fabric}.shard.${shard}`;
export const orchestratorQueue = (fabric: string): string => `${fabric}.orchestrator`;
export const nodeQueue = (fabric: string, node: string): string => `${fabric}.node.${node}`;

export const WORKFLOW = { orchestrator: 'orchestratorWorkflow', shard: 'shardWorkflow' } as const;

/** Owner commands: each is a signal and an update of the orchestrator under the same name. */
export const OWNER_COMMANDS = [
  'pauseAll',
  'resumeAll',
  'pauseShard',
  'resumeShard',
  'updateSpilloverLimit',
  'updateLatencyBudget',
  'setTickInterval',
  'submitJobs',
] as const;
export type OwnerCommandName = (typeof OWNER_COMMANDS)[number];

/** Signals of the orchestrator beside the owner commands. `registerNode` goes to a shard as well. */
export const SIGNAL = {
  /** Between workflows: one `Message`. */
  message: 'fabricMessage',
  /** A node host to its shard: `{ node: NodeSpec, session: string }`. */
  registerNode: 'registerNode',
  /** Ends the run in order once nothing is leased: `{ by?, reason? }`. */
  close: 'close',
  /** Taken by a shard itself, for when the orchestrator is stuck: `{ commandId?, by?, reason? }`. */
  pause: 'pause',
  resume: 'resume',
} as const;

export const QUERY = {
  fabricStatus: 'fabricStatus',
  governance: 'governance',
  shardStatus: 'shardStatus',
} as const;

/** The answer to an owner command, of the updates and in `governance`. */
export interface CommandRecord {
  readonly commandId: string;
  readonly name: string;
  readonly args: unknown;
  readonly by: string;
  readonly reason: string;
  /** `signal`, `update`, `timeline` or `shard`. */
  readonly via: string;
  readonly receivedAtMs: number;
  readonly appliedAtMs: number | null;
  /** `unconfirmed`: received, but not every shard answered within the deadline; it still may. */
  readonly outcome: 'received' | 'applied' | 'refused' | 'unconfirmed';
  readonly refusedBecause: string | null;
  /** What it changed, in words. */
  readonly effect: string;
  readonly answers: readonly CommandAnswer[];
}

export interface GovernanceSnapshot {
  readonly atMs: number;
  /** The command that led to it, or null for the mission's own settings at the start. */
  readonly commandId: string | null;
  readonly tickMs: number;
  readonly fabricPaused: boolean;
  readonly shards: Readonly<
    Record<string, { readonly paused: boolean; readonly policy: ShardPolicy }>
  >;
}

export interface Governance {
  readonly commands: readonly CommandRecord[];
  readonly snapshots: readonly GovernanceSnapshot[];
  /** Older commands that only the ledger still holds. */
  readonly commandsDropped: number;
}

export interface FabricTotals {
  readonly submitted: number;
  readonly accepted: number;
  readonly refused: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly queued: number;
  readonly leased: number;
  readonly inTransit: number;
}

/** The answer of `fabricStatus`. `shards` holds the newest load report of each. */
export interface FabricStatus {
  readonly fabric: string;
  readonly runId: string;
  readonly scenario: string;
  readonly mode: 'mission' | 'service';
  /** `finished`: every accepted job has ended; `closed`: the workflows are about to end too. */
  readonly state: 'opening' | 'running' | 'paused' | 'finished' | 'closing' | 'closed';
  readonly startedAtMs: number;
  readonly finishedAtMs: number | null;
  readonly tickMs: number;
  readonly totals: FabricTotals;
  readonly shards: Readonly<Record<string, LoadReport>>;
  /** `[ms since start, queue depth]`, at most 240 points a shard. */
  readonly series: Readonly<Record<string, readonly (readonly [number, number])[]>>;
  readonly plans: number;
}
