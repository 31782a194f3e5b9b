/**
 * Everything the orchestrator knows, as plain JSON: the newest report of each shard, the orders not yet
 * seen by their origins, the owner's commands and what became of them.
 */
import { UNCUT, type CutState } from '../checkpoint/cut.ts';
import { EMPTY_LEDGER, type LedgerState } from '../ledger.ts';
import type { CommandAnswer, LoadReport, Offload, ShardCommand } from '../messages.ts';
import type { RunSpec, TimelineCommand } from '../mission/run-spec.ts';
import type { ShardPolicy } from '../policy.ts';
import type { Reason } from '../reasons.ts';
import { openCheckpoints, type CheckpointState } from './checkpoints.ts';

/** An owner command, and what became of it. */
export interface CommandRecord {
  readonly commandId: string;
  readonly name: string;
  /** As received; of submitted jobs only their number. */
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

/** The policy of the whole fabric at one instant. */
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

/** A command on its way to shards that have not all answered. */
export interface Relay {
  readonly commandId: string;
  readonly sentAtMs: number;
  readonly sends: number;
  readonly deadlineAtMs: number;
  /** Bytes of the messages as JSON. */
  readonly bytes: number;
  readonly waiting: Readonly<Record<string, ShardCommand>>;
  /** Shards that were asked, or ask again; others wait for their turn. Absent from older states. */
  readonly asked?: readonly string[];
}

/** A move that was ordered; it counts against origin and target until the origin's report shows it. */
export interface OpenOrder {
  readonly from: string;
  readonly to: string;
  readonly jobs: number;
  readonly order: Offload;
  /** The entry of its plan in the ledger: it does not leave before that is on disk. */
  readonly seq: number;
  readonly plannedAtMs: number;
  /** Null before it was sent. */
  readonly sentAtMs: number | null;
}

export interface OrchestratorState extends CutState {
  readonly version: 1;
  readonly fabric: string;
  readonly runId: string;
  readonly scenario: string;
  readonly mode: 'mission' | 'service';
  readonly startedAtMs: number;
  readonly finishedAtMs: number | null;
  readonly closingAtMs: number | null;
  /** When shards were last told to close. */
  readonly closeSentAtMs: number | null;
  /** How often the shards were told to close; absent before the first, and in states of older fabrics. */
  readonly closesSent?: number;
  readonly closed: boolean;
  readonly tickMs: number;
  readonly nextTickAtMs: number;
  readonly leaseTimeoutMs: number;
  /** In the order of the mission. */
  readonly shards: readonly string[];
  readonly linkMs: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Shards of the nodes that the mission names, or the owner, until those report them. */
  readonly nodeShards: Readonly<Record<string, string>>;
  /** Jobs that each shard's feeds hold, until it reports itself. */
  readonly feedJobs: Readonly<Record<string, number>>;
  readonly reports: Readonly<Record<string, LoadReport>>;
  /**
   * When the counts last moved or shards were last asked for news, how often they were since, and what the
   * counts came to: null while all work had ended.
   */
  readonly progress: {
    readonly atMs: number;
    readonly count: number | null;
    readonly asks: number;
  };
  /** By shard: only a report with a higher `seq` knows of the last command it answered. */
  readonly reportsAwaited: Readonly<Record<string, number>>;
  /** Since when a shard has had jobs that none of its nodes can do. */
  readonly strandedSinceMs: Readonly<Record<string, number>>;
  readonly plans: number;
  readonly openOrders: readonly OpenOrder[];
  readonly fabricPaused: boolean;
  readonly governed: GovernanceSnapshot['shards'];
  readonly commands: readonly CommandRecord[];
  readonly commandsDropped: number;
  readonly snapshots: readonly GovernanceSnapshot[];
  readonly relays: readonly Relay[];
  /** Ids of submitted jobs as 53-bit hashes, in the order they came. */
  readonly submittedIds: readonly number[];
  readonly timeline: readonly TimelineCommand[];
  /** Entries of the timeline that were issued. */
  readonly issued: readonly number[];
  readonly series: Readonly<Record<string, readonly (readonly [number, number])[]>>;
  /** At least so far apart are two points of a series; doubled whenever one is full. */
  readonly seriesEveryMs: number;
  /** When the status was last shown, in which phase, and whether something has changed since. */
  readonly shown: { readonly atMs: number; readonly phase: string; readonly due: boolean };
  readonly checkpoints: CheckpointState;
  readonly ledger: LedgerState;
  readonly decisions: readonly { readonly at: number; readonly reason: Reason }[];
}

const SERIES_EVERY_MS = 100;

/** The orchestrator's state at the start of a run. */
export function openOrchestrator(spec: RunSpec, nowMs: number): OrchestratorState {
  const each = <T>(value: (shard: RunSpec['shards'][number]) => T): Record<string, T> =>
    Object.fromEntries(spec.shards.map((shard) => [shard.name, value(shard)]));
  const governed = each(({ policy }) => ({ paused: false, policy }));
  const { tickMs, leaseTimeoutMs, checkpointEveryMs } = spec.policy;
  return {
    version: 1,
    ...UNCUT,
    fabric: spec.fabric,
    runId: spec.runId,
    scenario: spec.scenario,
    mode: spec.mode,
    startedAtMs: nowMs,
    finishedAtMs: null,
    closingAtMs: null,
    closeSentAtMs: null,
    closed: false,
    tickMs,
    nextTickAtMs: nowMs + tickMs,
    leaseTimeoutMs,
    shards: spec.shards.map(({ name }) => name),
    linkMs: each(({ linkMs }) => linkMs),
    nodeShards: Object.fromEntries(spec.nodes.map(({ id, shard }) => [id, shard])),
    feedJobs: each(({ name }) =>
      spec.feeds.reduce((sum, feed) => sum + (feed.shard === name ? feed.total : 0), 0),
    ),
    reports: {},
    progress: { atMs: nowMs, count: 0, asks: 0 },
    reportsAwaited: {},
    strandedSinceMs: {},
    plans: 0,
    openOrders: [],
    fabricPaused: false,
    governed,
    commands: [],
    commandsDropped: 0,
    snapshots: [{ atMs: nowMs, commandId: null, tickMs, fabricPaused: false, shards: governed }],
    relays: [],
    submittedIds: [],
    timeline: spec.timeline,
    issued: [],
    series: {},
    seriesEveryMs: SERIES_EVERY_MS,
    shown: { atMs: 0, phase: '', due: true },
    checkpoints: openCheckpoints(checkpointEveryMs > 0 ? checkpointEveryMs : null, nowMs),
    ledger: EMPTY_LEDGER,
    decisions: [],
  };
}
