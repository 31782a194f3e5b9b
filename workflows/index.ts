/** The workflow types that the orchestrator's process registers. */
export { orchestratorWorkflow } from './orchestrator.ts';
export { shardWorkflow } from './shard.ts';
