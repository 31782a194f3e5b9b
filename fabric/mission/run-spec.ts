/**
 * A mission after its check: defaults filled in, feeds pinned, everything absolute. It is what the
 * workflows, the node hosts and the virtual-time driver start from, and it is kept beside the run.
 */
import type { FabricPolicy, FeedSpec, NodeSpec, ShardPolicy } from '../policy.ts';

export type AdapterSpec =
  /** Seeded service time and failure; `speed` divides the time. */
  | { readonly type: 'simulated'; readonly speed: number }
  /** A handler registered by name, run in a thread of its own. */
  | {
      readonly type: 'agent';
      readonly agent: string;
      /** Absolute file path, or null for a built-in agent. */
      readonly module: string | null;
      /** Absent in runs of an earlier version. */
      readonly memoryMb?: number;
    }
  | CommandSpec;

/** A process for each job, in the limits given. */
export interface CommandSpec {
  readonly type: 'command';
  /** Program and arguments. */
  readonly command: readonly string[];
  /** Absolute. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Names of variables that are passed on. */
  readonly passEnv: readonly string[];
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly outputBytesMax: number;
}

export interface RunNode extends NodeSpec {
  readonly adapter: AdapterSpec;
}

export interface RunShard {
  readonly name: string;
  readonly policy: ShardPolicy;
  /** One-way link latency to every other shard, already divided by the time scale. */
  readonly linkMs: Readonly<Record<string, number>>;
}

export interface TimelineCommand {
  /** Due after this long, or after so many outcomes; exactly one of the two is set. */
  readonly atMs: number | null;
  readonly atOutcomes: number | null;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly reason: string;
}

/** When a fault is due: exactly one of the two is set, as with a command. */
interface FaultTime {
  readonly atMs: number | null;
  readonly atOutcomes: number | null;
}

/** One fault, its target drawn. `node` is the node whose process it is done to. */
export type RunFault = FaultTime &
  (
    | { readonly kind: 'kill-orchestrator' | 'kill-server' }
    | { readonly kind: 'kill-node'; readonly node: string }
    | { readonly kind: 'stop-node'; readonly node: string; readonly forMs: number }
    | {
        readonly kind: 'slow-node';
        readonly node: string;
        /** Its process runs for one part in so many of the time. */
        readonly times: number;
        readonly forMs: number;
      }
    | {
        readonly kind: 'cut-network';
        /** Null for the orchestrator's process. */
        readonly node: string | null;
        readonly how: 'stalled' | 'closed';
        readonly forMs: number;
      }
  );

export interface Gate {
  readonly name: 'failureRate' | 'completionRatio' | 'overBudgetRatio' | 'durationMs';
  readonly limit: number;
}

export interface RunSpec {
  readonly schema: 'planetary-fabric/run@1';
  readonly runId: string;
  readonly fabric: string;
  readonly scenario: string;
  readonly title: string;
  readonly seed: number;
  /** `mission` ends when its jobs have ended; `service` runs until `down`. */
  readonly mode: 'mission' | 'service';
  readonly policy: FabricPolicy;
  readonly timeScale: number;
  readonly shards: readonly RunShard[];
  readonly nodes: readonly RunNode[];
  readonly feeds: readonly FeedSpec[];
  readonly timeline: readonly TimelineCommand[];
  /** What is done to the run's own processes; left out: nothing. */
  readonly faults?: readonly RunFault[];
  readonly gates: readonly Gate[];
  /** `earthquake-triage` puts the relief desk's list on the report's first page. */
  readonly presentation: 'earthquake-triage' | null;
  /** Absolute: `<reports>/ledger/<run id>`, `<reports>/results/<run id>`. */
  readonly folders: { readonly ledger: string; readonly results: string; readonly reports: string };
}

/** Where the checkpoints of a run are. */
export function checkpointFolder({ folders, runId }: Pick<RunSpec, 'folders' | 'runId'>): string {
  return `${folders.reports}/checkpoints/${runId}`;
}
