/**
 * What a report is made from beside the run's records: the mission, and what the fabric said of itself
 * at its end. A run in virtual time hands over the same without a workflow.
 */
import type { RunFault, RunSpec } from '../fabric/mission/run-spec.ts';
import type { FabricStatus, Governance } from '../fabric/orchestrator/status.ts';
import type { HistoryPeaks } from './history-limits.ts';

/** How the fabric stood at the end, as far as a report tells. Times in ms since the epoch. */
export type RunStatus = Pick<
  FabricStatus,
  'startedAtMs' | 'finishedAtMs' | 'totals' | 'shards' | 'series'
>;

/** A fault that was done to the run's processes. */
export interface InjectedFault {
  readonly kind: string;
  readonly target: string;
  /** Nodes whose leases it may have cost; empty where it was done to no node. */
  readonly nodes: readonly string[];
  /** When it was done, in ms since the epoch. */
  readonly atMs: number;
  /** When what it took away was there again; left out where that was not seen. */
  readonly backAtMs?: number;
  /** When the first outcome after it that counts was seen on disk; left out where nobody saw it. */
  readonly answeredAtMs?: number;
}

/** Everything but the records. */
export interface ReportedRun {
  readonly spec: RunSpec;
  readonly result: { readonly status: RunStatus; readonly governance: Governance };
  readonly engine: {
    readonly kind: 'embedded' | 'external' | 'virtual';
    readonly address: string;
    readonly serverVersion: string;
    readonly durability: string;
  };
  /** Over all runs of all workflows; bytes as the server counts them. */
  readonly history: {
    readonly events: number;
    readonly bytes: number;
    readonly runs: number;
    /** Null where there is no engine. */
    readonly peaks: HistoryPeaks | null;
  };
  /** Left out: none. */
  readonly faults?: readonly InjectedFault[];
  /** Those of the mission that never came due. Left out: none. */
  readonly faultsNotDone?: readonly RunFault[];
}
