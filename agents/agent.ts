/**
 * What an agent is: code that does real jobs inside a node host. The host calls `load` once, then
 * `handle` for every job; presence runs apart from it, so an agent may compute as long as it needs.
 */
import type { JobBody } from '../fabric/job.ts';

/** Plain JSON, the only thing that a result may hold. */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** How one try at one job ended. A handler that throws is a failed try as well. */
export type AgentOutcome =
  | { readonly status: 'completed'; readonly result: JsonValue }
  | { readonly status: 'failed'; readonly code: string; readonly message: string };

/** One try at one job, as an agent is handed it. */
export interface AgentJob extends JobBody {
  /** From 1. */
  readonly attempt: number;
  /**
   * The same for every try at this job, after a kill too, and for no other job of any run: hand it on to
   * whatever must not happen twice.
   */
  readonly idempotencyKey: string;
}

/**
 * One sort of agent. `handle` may be called again for the same job after a kill, so a result must come
 * out of the job's payload alone: same payload, same JSON, byte for byte.
 */
export interface Agent {
  readonly name: string;
  /** Makes ready whatever every job needs. A host that skips it pays at the first job. */
  load?(): Promise<void> | void;
  handle(job: AgentJob): Promise<AgentOutcome> | AgentOutcome;
}
