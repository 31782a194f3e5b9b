/**
 * Names and shapes that clients and workflows share: workflow ids, signals, queries, updates and the
 * answers to them. CONTRACT of the outside: add freely, never rename.
 */
export type { OwnerCommandName } from '../fabric/orchestrator/command-schema.ts';
export type { CommandRecord, GovernanceSnapshot } from '../fabric/orchestrator/state.ts';
export type { ShownStatus } from '../fabric/orchestrator/showing.ts';
export type { FabricStatus, FabricTotals, Governance } from '../fabric/orchestrator/status.ts';

export const orchestratorId = (fabric: string): string => `${fabric}.orchestrator`;
export const shardId = (fabric: string, shard: string): string => `${fabric}.shard.${shard}`;
/** All workflows of a run, the orchestrator's first. */
export function workflowIds({
  fabric,
  shards,
}: {
  readonly fabric: string;
  readonly shards: readonly { readonly name: string }[];
}): string[] {
  return [orchestratorId(fabric), ...shards.map(({ name }) => shardId(fabric, name))];
}

export const orchestratorQueue = (fabric: string): string => `${fabric}.orchestrator`;
export const nodeQueue = (fabric: string, node: string): string => `${fabric}.node.${node}`;

export const WORKFLOW = { orchestrator: 'orchestratorWorkflow', shard: 'shardWorkflow' } as const;

/** Signals of the orchestrator beside the owner commands. `registerNode` goes to a shard as well. */
export const SIGNAL = {
  /** Between workflows: one `Message` or more, each an argument. */
  message: 'fabricMessage',
  /** A node host to its shard: `{ node: NodeSpec, session: string }`. */
  registerNode: 'registerNode',
  /** Ends the run in order once nothing is leased: `{ by?, reason? }`. */
  close: 'close',
  /** Taken by a shard itself, for when the orchestrator is stuck: `{ commandId?, by?, reason? }`. */
  pause: 'pause',
  resume: 'resume',
} as const;

/** Updates of the orchestrator beside the owner commands. */
export const UPDATE = {
  /** Waits for the outcome of a command that was sent as a signal: `{ commandId }`. */
  commandOutcome: 'commandOutcome',
} as const;

/** The orchestrator's memo under which its status is shown: a `ShownStatus`. */
export const SHOWN = 'status';

export const QUERY = {
  fabricStatus: 'fabricStatus',
  governance: 'governance',
  shardStatus: 'shardStatus',
} as const;

/** What a query is answered that came between two tasks of its workflow, which is rare. See `query-guard.ts`. */
export const ASK_AGAIN = 'The query met the workflow between two of its tasks: ask again.';
