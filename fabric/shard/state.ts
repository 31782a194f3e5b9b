/**
 * Everything a shard knows, as plain JSON: it is handed whole from one workflow run to the next, so it
 * holds sets of jobs, never jobs one by one (bodies of jobs submitted by hand excepted, and capped).
 */
import { UNCUT, type CutState } from '../checkpoint/cut.ts';
import { EMPTY_HISTOGRAM, type Histogram } from '../histogram.ts';
import type { BodyPage, JobClass, JobSlice } from '../job.ts';
import { EMPTY_LEDGER, type LedgerState } from '../ledger.ts';
import type {
  CommandAnswer,
  LeaseProgress,
  LoadReport,
  Offload,
  ShardCommand,
  Tally,
  Transfer,
  TransferAck,
} from '../messages.ts';
import type { FabricPolicy, FeedSpec, NodeChange, NodeSpec, ShardPolicy } from '../policy.ts';
import type { Reason } from '../reasons.ts';
import type { RunSpec } from '../mission/run-spec.ts';

export interface FeedState {
  readonly spec: FeedSpec;
  readonly openedAtMs: number;
  /** The next ordinal to be pulled. */
  readonly cursor: number;
  /** Jobs of the pull under way, or 0. */
  readonly pulling: number;
  /** Why it can't be read any more, or null. */
  readonly failure: string | null;
}

/** Jobs given to one node under a fencing token. */
export interface Lease {
  readonly lease: number;
  readonly fence: string;
  readonly node: string;
  readonly jobs: number;
  readonly grantedAtMs: number;
  /** When its node is asked for it again, unless it is over; absent from leases of before there was such a thing. */
  readonly askAtMs?: number;
  /** Told to come back if not yet started. */
  readonly cancelled: boolean;
  readonly items: readonly JobSlice[];
}

export interface NodeState {
  readonly spec: NodeSpec;
  /** What the owner has said of it: that counts more than what its host says, whenever it registers. */
  readonly ordered?: NodeChange;
  readonly state: 'ready' | 'suspect' | 'lost' | 'left';
  /** What the owner has said of it. */
  readonly service: 'open' | 'cordoned' | 'draining' | 'removed';
  readonly drainUntilMs: number | null;
  /** When a suspect is given up. */
  readonly suspectUntilMs: number | null;
  /** A suspect that fell silent with many others: it is waited for longer, once. Absent from older states. */
  readonly isOneOfMany?: boolean;
  /**
   * The start of its process before this one, while the engine has not yet said that it is gone: its leases
   * wait for what its last heartbeat tells of them, and at most until then. Absent from older states.
   */
  readonly former?: { readonly incarnation: number; readonly untilMs: number } | null;
  /** What a suspect is known to have finished of its leases. */
  readonly progress: readonly LeaseProgress[];
  /** Given nothing until then, because it stands out among the others; and how often it has. */
  readonly ejectedUntilMs: number | null;
  readonly ejections: number;
  /** Chosen by the host process; another session is another incarnation. */
  readonly session: string;
  /** 0 before it first registered. */
  readonly incarnation: number;
  readonly completed: number;
  readonly failed: number;
  readonly leasesLost: number;
  readonly cost: number;
  /** Moving mean of the time per job, or null before the first lease ended. */
  readonly serviceMs: number | null;
  /** Moving share of attempts that succeeded, 0 to 1. */
  readonly health: number;
  /** Attempts ended since it registered or was readmitted. */
  readonly attempts: number;
  readonly lastSeenAtMs: number;
}

/** Which transfers of one origin this shard has settled, whatever their order of arrival. */
export type Received = Omit<TransferAck, 'target'>;

export interface OutboxEntry {
  readonly transfer: Transfer;
  readonly jobs: number;
  /** Its entry in the ledger: it does not leave before that is on disk. */
  readonly seq: number;
  readonly sentAtMs: number;
  readonly sends: number;
}

/** A node that could not write the results of its last lease. */
export interface Unwritten {
  /** In words, such as `no space left on the device`. */
  readonly why: string;
  readonly tries: number;
  /** No lease before this; then one at a time, until one's results are written. */
  readonly untilMs: number;
}

/** A pause that waits for the cancels it asked for before it is acknowledged. */
export interface PendingPause {
  readonly command: ShardCommand;
  readonly dueAtMs: number;
}

export interface ShardState extends CutState {
  readonly version: 1;
  readonly fabric: string;
  readonly runId: string;
  readonly shard: string;
  readonly shards: readonly string[];
  readonly seed: number;
  readonly fabricPolicy: FabricPolicy;
  readonly policy: ShardPolicy;
  readonly linkMs: Readonly<Record<string, number>>;
  /** Skills of every node that the mission names in this shard and in its spill targets. */
  readonly reach: readonly (readonly string[])[];
  /** Work is dispatched only while both are on. */
  readonly switches: { readonly fabric: boolean; readonly shard: boolean };
  /** When it was told to close, or null. */
  readonly closingAtMs: number | null;
  readonly closed: boolean;
  readonly feeds: readonly FeedState[];
  /** In the order of leasing. */
  readonly queue: readonly JobClass[];
  readonly pages: Readonly<Record<string, BodyPage>>;
  /** Inline jobs held here: the next ordinal of this shard's inbox, and how much of its room is used. */
  readonly inline: {
    readonly next: number;
    readonly jobs: number;
    readonly bytes: number;
    /** Jobs handed in here, refused ones included. */
    readonly submitted: number;
  };
  readonly leases: readonly Lease[];
  readonly nodes: readonly NodeState[];
  readonly outbox: readonly OutboxEntry[];
  readonly received: Readonly<Record<string, Received>>;
  /** Answers to commands, each with the entry of the ledger that must be on disk before it is given. */
  readonly answersOwed: readonly { readonly answer: CommandAnswer; readonly seq: number }[];
  /** By origin that waits for an answer: the entry of the ledger that must be on disk before it is given. */
  readonly acksOwed: Readonly<Record<string, number>>;
  /** Orders to shed that are not yet carried out; `jobs` is what is left of each. */
  readonly orders: readonly Offload[];
  readonly planSeen: number;
  readonly next: { readonly classId: number; readonly lease: number };
  readonly transferNo: Readonly<Record<string, number>>;
  readonly tally: Tally;
  readonly spillovers: Readonly<Record<string, number>>;
  readonly queuedMax: number;
  readonly overBudget: number;
  readonly latency: Histogram;
  readonly report: {
    readonly seq: number;
    readonly sentAtMs: number;
    readonly due: boolean;
    /** Queue depth that it gave. */
    readonly depth: number;
    /** Queue depth was above the limit at the last report. */
    readonly over: boolean;
    readonly idle: boolean;
    /** When a report last said that the shard had become idle or busy. Absent before the first. */
    readonly turnedAtMs?: number;
  };
  /** Answers that are given again when a command comes again. */
  readonly commands: readonly CommandAnswer[];
  readonly direct: LoadReport['direct'];
  readonly pendingPauses: readonly PendingPause[];
  /** By node: what keeps it from writing results. Absent from states of before there was such a thing. */
  readonly unwritten?: Readonly<Record<string, Unwritten>>;
  readonly ledger: LedgerState;
  /** The last few decisions, newest last, for people. */
  readonly decisions: readonly { readonly at: number; readonly reason: Reason }[];
}

export const EMPTY_TALLY: Tally = {
  accepted: 0,
  refused: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  retried: 0,
  spilledIn: 0,
  spilledOut: 0,
  lateAnswers: 0,
  leasesGranted: 0,
  leasesLost: 0,
  valueAccepted: 0,
  valueRefused: 0,
  valueCompleted: 0,
  valueFailed: 0,
  valueCancelled: 0,
  cost: 0,
};

/** The state of a shard at the start of a run. Throws when the spec does not name the shard. */
export function openShard(spec: RunSpec, shard: string, nowMs: number): ShardState {
  const own = spec.shards.find((candidate) => candidate.name === shard);
  if (!own) throw new Error(`the run spec names no shard "${shard}"`);
  // Where nothing may be moved, nobody else is in reach.
  const near = new Set([shard, ...(spec.policy.hopsMax > 0 ? own.policy.spillTargets : [])]);
  return {
    version: 1,
    ...UNCUT,
    fabric: spec.fabric,
    runId: spec.runId,
    shard,
    shards: spec.shards.map((each) => each.name),
    seed: spec.seed,
    fabricPolicy: spec.policy,
    policy: own.policy,
    linkMs: own.linkMs,
    reach: spec.nodes.filter((node) => near.has(node.shard)).map((node) => node.skills),
    switches: { fabric: true, shard: true },
    closingAtMs: null,
    closed: false,
    feeds: spec.feeds
      .filter((feed) => feed.shard === shard)
      .map((feed) => ({ spec: feed, openedAtMs: nowMs, cursor: 0, pulling: 0, failure: null })),
    queue: [],
    pages: {},
    inline: { next: 0, jobs: 0, bytes: 0, submitted: 0 },
    leases: [],
    nodes: [],
    outbox: [],
    received: {},
    answersOwed: [],
    acksOwed: {},
    orders: [],
    planSeen: 0,
    next: { classId: 0, lease: 0 },
    transferNo: {},
    tally: EMPTY_TALLY,
    spillovers: {},
    queuedMax: 0,
    overBudget: 0,
    latency: EMPTY_HISTOGRAM,
    report: { seq: 0, sentAtMs: 0, due: true, depth: 0, over: false, idle: false },
    commands: [],
    direct: [],
    pendingPauses: [],
    unwritten: {},
    ledger: EMPTY_LEDGER,
    decisions: [],
  };
}
