/**
 * The shapes of all activities. Workflows import these types and nothing else from this folder, so
 * that no Node code ever reaches the workflow bundle.
 */
import type { CutPart } from '../fabric/checkpoint/cut.ts';
import type { LedgerEntry } from '../fabric/ledger.ts';
import type { LeaseGrant, LeaseProgress, LeaseResult } from '../fabric/messages.ts';
import type { PageClass } from '../fabric/job.ts';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import type { SealedCheckpoint } from '../fabric/orchestrator/checkpoints.ts';
import type { FeedSpec } from '../fabric/policy.ts';

export interface PullInput {
  readonly feed: FeedSpec;
  readonly from: number;
  readonly count: number;
}

/** `count` may be smaller than asked where the jobs differ too much for one page. */
export interface PullOutput {
  readonly count: number;
  readonly classes: readonly PageClass[];
}

export interface AppendInput {
  /** Absolute folder of this chain: `<ledger>/<run id>/<chain>`. */
  readonly folder: string;
  /** Digest of the chain so far, '' at its start. */
  readonly head: string;
  /** Consecutive by `seq`, never empty. */
  readonly entries: readonly LedgerEntry[];
}

export interface AppendOutput {
  readonly throughSeq: number;
  readonly head: string;
}

/** An append: done, or not possible now, with the reason in words. */
export type AppendAnswer = OrUnwritable<AppendOutput>;

/** What the file system refuses is an answer: the workflow goes on without. */
export type OrUnwritable<T> = T | { readonly unwritable: string };

export interface SaveCutInput {
  /** Absolute folder of the run's checkpoints. */
  readonly folder: string;
  readonly epoch: number;
  /** A shard, or `orchestrator`. */
  readonly chain: string;
  readonly workflow: {
    readonly workflowId: string;
    readonly execution: string;
    readonly events: number;
    readonly state: unknown;
  };
}

export interface SealInput {
  readonly folder: string;
  readonly epoch: number;
  readonly parts: Readonly<Record<string, CutPart>>;
  readonly spec: RunSpec;
  readonly atMs: number;
}

export interface ReadBackInput {
  /** Absolute folder of the run's results. */
  readonly folder: string;
  /** Details of a node's last heartbeat: progress of its leases, unless something else was sent. */
  readonly told: unknown;
}

/** Activities on the orchestrator's task queue. */
export interface OrchestratorActivities {
  /** Reads a page of a feed and sorts it into classes. Pure in its input: the same page for ever. */
  pullPage(input: PullInput): Promise<PullOutput>;
  /**
   * Writes one group of entries, once: there already with the same content is success, with other
   * content is an `IntegrityError` that is not retried. What the file system refuses is an answer and
   * no failure: the workflow has to know that it is stuck.
   */
  appendLedger(input: AppendInput): Promise<AppendAnswer>;
  /** Writes one workflow's snapshot as a part of a checkpoint. */
  saveCut(input: SaveCutInput): Promise<OrUnwritable<CutPart>>;
  /** Makes one checkpoint file of all parts; a `CheckpointError` where they can't be those of one cut. */
  sealCheckpoint(input: SealInput): Promise<OrUnwritable<SealedCheckpoint>>;
  /** Of what a lost node's last heartbeat told: the leases whose results are on disk as it said. */
  readBack(input: ReadBackInput): Promise<readonly LeaseProgress[]>;
}

/**
 * Which life of a shard's workflow asks: the id of the first run of its chain. It stays over continue-as-new
 * and is another one after a rebuild, whose numbers and fences may be those of leases that the lost engine
 * had given to a host that lives on.
 */
export interface AskedBy {
  readonly execution: string;
}

export type LeaseOrder = LeaseGrant & AskedBy;

export interface PresenceInput extends AskedBy {
  readonly shard: string;
  readonly node: string;
  readonly session: string;
  readonly incarnation: number;
}

/** Activities on a node's own task queue. */
export interface NodeActivities {
  /** Runs a lease once: asked again under the same fence it attaches to the running or finished one. */
  runLease(order: LeaseOrder): Promise<LeaseResult>;
  /** Beats until cancelled; ends in order with 'left' when the node is told to stop. */
  holdPresence(input: PresenceInput): Promise<'left'>;
}
