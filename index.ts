/**
 * What programs import from the package: the owner's console, the shapes it speaks in, what an agent is,
 * and the two acceptance tests.
 */
export { OwnerConsole } from './scripts/owner-console.ts';
export type {
  CommandOptions,
  FabricSnapshot,
  JobToSubmit,
  NodeToExpect,
} from './scripts/owner-console.ts';
export {
  AcceptanceFailed,
  highLoadShardTest,
  orchestratorKillAndResume,
} from './scripts/acceptance.ts';
export type { AcceptanceOptions, AcceptanceResult } from './scripts/acceptance.ts';
export type { FabricWish } from './scripts/fabric-access.ts';
export type {
  CommandRecord,
  FabricStatus,
  FabricTotals,
  Governance,
  GovernanceSnapshot,
} from './workflows/protocol.ts';
export type {
  CommandAnswer,
  LoadReport,
  NodeReport,
  SubmittedJob,
  Tally,
} from './fabric/messages.ts';
export type { NodeChange, NodeSpec, ShardPolicy } from './fabric/policy.ts';
export type { Mission, MissionInput } from './fabric/mission/schema.ts';
export type { RunSpec } from './fabric/mission/run-spec.ts';
export type { Agent, AgentJob, AgentOutcome, JsonValue } from './agents/agent.ts';
export type { JobBody } from './fabric/job.ts';
