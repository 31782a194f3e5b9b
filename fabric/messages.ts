/**
 * What travels between shards, orchestrator and nodes. All of it is plain JSON, all of it may arrive
 * twice, late or out of order, and every receiver copes with that by numbers it keeps.
 */
import type { CutPart } from './checkpoint/cut.ts';
import type { FailedJob, Segment } from './ledger.ts';
import type { Ordinals } from './ordinals.ts';
import type { JobBody, TravellingSlice } from './job.ts';
import type { NodeChange, NodeSpec, ShardPolicy } from './policy.ts';

/** One lease as the node gets it. `fence` is `<incarnation>.<lease number>`. */
export interface LeaseGrant {
  readonly shard: string;
  readonly lease: number;
  readonly fence: string;
  readonly node: string;
  readonly session: string;
  readonly items: readonly TravellingSlice[];
  readonly timeoutMs: number;
  /** No job is begun once its node has worked on it for so long; absent from grants of before there was such a thing. */
  readonly workMs?: number;
  /** How many leases its node works on at the same time from now on; left out: as many as it began with. */
  readonly slots?: number;
  /**
   * It was told to come back: the node attaches if it runs the lease, and otherwise refuses with
   * `NotStarted`, so that a lease taken over by a new workflow run never starts after a pause.
   */
  readonly attachOnly: boolean;
}

/** What became of one slice of a lease. Ordinals named nowhere were not started. */
export interface ItemResult {
  readonly completed: Ordinals;
  readonly failed: readonly FailedJob[];
}

export interface LeaseResult {
  /** In the order of the grant's items. */
  readonly items: readonly ItemResult[];
  readonly segment: Segment | null;
  /** Time that the node spent on these jobs, over all of them. */
  readonly busyMs: number;
}

/** What a node had finished and synced of a lease by its last heartbeat. */
export interface LeaseProgress {
  readonly lease: number;
  readonly fence: string;
  readonly result: LeaseResult;
}

/** A numbered batch of jobs on its way from one shard to another. */
export interface Transfer {
  readonly no: number;
  readonly from: string;
  readonly to: string;
  readonly plan: number;
  readonly sentAtMs: number;
  readonly slices: readonly TravellingSlice[];
}

export interface TransferMessage {
  readonly transfer: Transfer;
  /** Every transfer of this pair up to this number is settled at the origin: the target may forget them. */
  readonly settledUpTo: number;
}

/** A target's whole record for one origin: cumulative, so that a lost one costs nothing. */
export interface TransferAck {
  readonly target: string;
  readonly upTo: number;
  readonly beyond: readonly number[];
  readonly refused: readonly number[];
}

/** The planner's order to an origin: shed up to so many jobs to that target. */
export interface Offload {
  /** Rises with every order of the orchestrator. */
  readonly plan: number;
  readonly to: string;
  readonly jobs: number;
  /** Queue depth at the origin below which nothing more is shed. */
  readonly floor: number;
  /** Skills of the target's ready nodes: only jobs that one of them can do are moved. */
  readonly targetSkills: readonly (readonly string[])[];
  /** Only jobs that no node of the origin can do. */
  readonly strandedOnly: boolean;
}

/** What the orchestrator relays to a shard. */
export const SHARD_COMMANDS = [
  'pause',
  'resume',
  'fabricPause',
  'fabricResume',
  'updateSpilloverLimit',
  'updateLatencyBudget',
  'setTickInterval',
  'submitJobs',
  'cordonNode',
  'uncordonNode',
  'drainNode',
  'removeNode',
  'registerNode',
  'updateNode',
] as const;

export type ShardCommandName = (typeof SHARD_COMMANDS)[number];

export interface SubmittedJob extends JobBody {
  readonly shard?: string;
  readonly skills: readonly string[];
  readonly priority: number;
  readonly value: number;
  readonly latencyBudgetMs: number | null;
  readonly estimateMs: number | null;
}

export interface ShardCommand {
  readonly commandId: string;
  /** One of `ShardCommandName`; another name only on a command that is refused. */
  readonly name: string;
  readonly args: NodeChange & {
    readonly limit?: number;
    readonly ms?: number;
    readonly seconds?: number;
    readonly node?: string;
    readonly jobs?: readonly SubmittedJob[];
  };
  readonly by: string;
  readonly reason: string;
  /** `orchestrator` when relayed, `shard` when sent to the shard itself. */
  readonly via: string;
}

/** A shard's answer to a command; repeated whenever the command comes again. */
export interface CommandAnswer {
  readonly commandId: string;
  readonly shard: string;
  readonly outcome: 'applied' | 'refused';
  readonly because?: string;
  /** What it changed, in words. */
  readonly effect: string;
  readonly appliedAtMs: number;
  /** Only load reports with a higher `seq` know of it. */
  readonly afterSeq: number;
  /** Leases that still run after a pause. */
  readonly running?: readonly { lease: number; node: string; jobs: number }[];
  readonly accepted?: readonly string[];
  readonly refused?: readonly { id: string; because: string }[];
}

/** An answer whose jobs, one by one, are not asked for again; its words hold their numbers. */
export function withoutLists(answer: CommandAnswer): CommandAnswer {
  const { accepted, refused, running, ...rest } = answer;
  return accepted || refused || running ? rest : answer;
}

export interface NodeReport {
  readonly id: string;
  readonly shard: string;
  readonly state: NodeLife;
  readonly incarnation: number;
  readonly slots: number;
  readonly leases: number;
  readonly completed: number;
  readonly failed: number;
  readonly leasesLost: number;
  readonly cost: number;
  /** Mean time per job, or null before the first lease ended. */
  readonly serviceMs: number | null;
  /** 0 (bad) to 1: the share of recent attempts that succeeded. */
  readonly health: number;
  /** 0 before it first registered. */
  readonly lastHeartbeatAtMs: number;
  readonly spec: NodeSpec;
}

/** What a node is, in one word: the first of these, from the left, that is true of it. */
export const NODE_LIVES = [
  'removed',
  'expected',
  'left',
  'lost',
  'suspect',
  'draining',
  'cordoned',
  'ejected',
  'ready',
] as const;

export type NodeLife = (typeof NODE_LIVES)[number];

export interface Tally {
  readonly accepted: number;
  readonly refused: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly retried: number;
  readonly spilledIn: number;
  readonly spilledOut: number;
  readonly lateAnswers: number;
  readonly leasesGranted: number;
  readonly leasesLost: number;
  readonly valueAccepted: number;
  readonly valueRefused: number;
  readonly valueCompleted: number;
  readonly valueFailed: number;
  readonly valueCancelled: number;
  readonly cost: number;
}

/** What a shard tells the orchestrator about itself. The highest `seq` is the newest. */
export interface LoadReport {
  readonly shard: string;
  readonly seq: number;
  readonly atMs: number;
  /** Arrived and not leased, the unpulled part of its feeds included. */
  readonly queued: number;
  readonly queuedMax: number;
  readonly leased: number;
  /** In transfers sent and not acknowledged. */
  readonly inTransit: number;
  /** Jobs that its feeds hold in all, arrived or not, and jobs submitted to it. */
  readonly submitted: number;
  readonly tally: Tally;
  readonly spillovers: Readonly<Record<string, number>>;
  readonly nodes: readonly NodeReport[];
  /** Jobs a second that its ready nodes can do, as measured or estimated. */
  readonly jobsPerSecond: number;
  readonly paused: boolean;
  readonly policy: ShardPolicy;
  /** The newest plan that this report takes into account. */
  readonly planSeen: number;
  /** Jobs on their way out, by target: in transfers not acknowledged, and ordered but not yet picked. */
  readonly outgoing: Readonly<Record<string, number>>;
  /** The part of `outgoing` that still stands in its queue. */
  readonly shedding: number;
  /** Queued jobs that may still be moved, by the skills they need; stranded: no ready node here has them. */
  readonly demand: readonly {
    readonly skills: readonly string[];
    readonly jobs: number;
    readonly stranded: boolean;
  }[];
  /** Arrived jobs that are not pulled yet, so that nobody knows their skills. */
  readonly unpulled: number;
  /** Skills that its ready nodes have between them, node by node. */
  readonly skillSets: readonly (readonly string[])[];
  readonly latencyMs: { p50: number; p95: number; p99: number; overBudget: number };
  /** All feeds read, nothing queued, leased or in transit. */
  readonly idle: boolean;
  readonly closed: boolean;
  readonly ledger: { entries: number; head: string };
  readonly problem: string | null;
  /** Commands that came to the shard itself, newest last: the orchestrator records them from here. */
  readonly direct: readonly { readonly command: ShardCommand; readonly answer: CommandAnswer }[];
}

/** What became of a shard's snapshot: on disk, or not, and why. */
export interface CutReport {
  readonly shard: string;
  readonly epoch: number;
  readonly part: CutPart | null;
  readonly why: string;
}

/** Everything that one workflow sends another: one signal name, one tagged payload. */
export type Message = Letter & {
  /** Of the sender's newest snapshot: see `checkpoint/cut.ts`. */
  readonly epoch: number;
};

export type Letter =
  | { readonly kind: 'transfer'; readonly body: TransferMessage }
  | { readonly kind: 'ack'; readonly body: TransferAck }
  | { readonly kind: 'load'; readonly body: LoadReport }
  | { readonly kind: 'offload'; readonly body: Offload }
  | { readonly kind: 'command'; readonly body: ShardCommand }
  | { readonly kind: 'answer'; readonly body: CommandAnswer }
  /** Asks a shard for a report, whatever its tick: an earlier one seems to be missing. */
  | { readonly kind: 'ask' }
  | { readonly kind: 'close' }
  /** To a shard: nothing but its epoch, so that a shard that hears nothing else takes its snapshot too. */
  | { readonly kind: 'cut' }
  /** A shard to the orchestrator. */
  | { readonly kind: 'cutEnded'; readonly body: CutReport };
