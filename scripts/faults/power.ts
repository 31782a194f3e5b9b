/** What a fault may lay hands on, and what the rest of a run is told of it. One file a kind stands beside. */
import type { EngineLife } from '../engine-life.ts';
import type { FabricProcesses } from '../fabric-processes.ts';

export interface FaultPower {
  readonly processes: FabricProcesses;
  readonly engine: Pick<EngineLife, 'kill'>;
  /** False: an orchestrator that is killed stays away, and the run stops there. */
  readonly isBroughtBack: boolean;
  /** Aborted at the end of the run. */
  readonly over: AbortSignal;
  /** Resolves after `ms`, or at once when the run ends. */
  readonly pause: (ms: number) => Promise<void>;
}

/** One fault, ready to be done. */
export interface FaultWork {
  /** The report's word for what it is done to. */
  readonly target: string;
  /** Nodes whose leases it may cost; empty where it is done to no node. */
  readonly nodes: readonly string[];
  /** For people. */
  readonly says: string;
  /**
   * Does it, and calls `struck` in the very instant; resolves to true once what it took away is there
   * again, to false where it is to stay away.
   */
  readonly work: (struck: () => void) => Promise<boolean>;
}
