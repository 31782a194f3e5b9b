/** What is asked of a simulation, and what comes of it. */
import type { LedgerEntry } from '../ledger.ts';
import type { LeaseGrant, LeaseResult } from '../messages.ts';
import type { RunSpec } from '../mission/run-spec.ts';
import type { OrchestratorEffect } from '../orchestrator/events.ts';
import type { OrchestratorState } from '../orchestrator/state.ts';
import type { FabricStatus, Governance } from '../orchestrator/status.ts';
import type { ShardEffect } from '../shard/events.ts';
import type { ShardState } from '../shard/state.ts';
import type { SimulatedCheckpoint } from './vault.ts';
import type { Disorder, SimulatedJobs } from './world.ts';

export interface SimulationOrder {
  readonly spec: RunSpec;
  readonly jobs: SimulatedJobs;
  readonly disorder?: Disorder;
  /** Owner commands beside the mission's timeline, as they would be sent by hand. */
  readonly commands?: readonly {
    readonly atMs: number;
    readonly name: string;
    readonly input: unknown;
  }[];
  /** Decisions after which the run is given up as stuck. */
  readonly decisionsMax?: number;
  /** Virtual time without a new entry in the ledger after which it is given up too; no limit unless given. */
  readonly quietMsMax?: number;
  readonly watch?: Partial<Watch>;
}

/** Hooks for tests and progress; what they are shown must not be changed. */
export interface Watch {
  shard(before: ShardState, after: ShardState, effects: readonly ShardEffect[]): void;
  orchestrator(
    before: OrchestratorState,
    after: OrchestratorState,
    effects: readonly OrchestratorEffect[],
  ): void;
  /** What a node wrote down when it had worked on a lease, whoever takes its answer. */
  worked(grant: LeaseGrant, result: LeaseResult): void;
  /** After every decision, with all states as they are. */
  fabric(shards: readonly ShardState[], orchestrator: OrchestratorState): void;
}

export interface SimulatedRun {
  /** `stuck`: nothing was left to happen, nothing came of it, or too much happened, before it closed. */
  readonly ended: 'closed' | 'stuck';
  readonly status: FabricStatus;
  readonly governance: Governance;
  readonly shards: readonly ShardState[];
  /** Every chain's entries, by the name of the chain. */
  readonly ledger: ReadonlyMap<string, readonly LedgerEntry[]>;
  readonly decisions: number;
  /** Instants at which the deciding process could be killed, and how often it was. */
  readonly crashPoints: number;
  readonly kills: number;
  /** How often it was rebuilt from a checkpoint. */
  readonly engineLosses: number;
  readonly virtualMs: number;
  readonly checkpoints: readonly SimulatedCheckpoint[];
  /** Why checkpoints could not be made. */
  readonly checkpointProblems: readonly string[];
}
