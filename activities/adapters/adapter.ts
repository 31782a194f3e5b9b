/**
 * What does the jobs of a lease. One lease is one call of `run`, which works through its jobs in order;
 * several leases run side by side, as many as the node has slots.
 */
import type { AgentJob } from '../../agents/agent.ts';
import type { JobBody } from '../../fabric/job.ts';
import { JOB_TIMEOUT } from '../../fabric/lease-time.ts';

/** One job of a lease, with what its fate is drawn from. */
export interface AdapterJob {
  readonly feed: string;
  readonly ordinal: number;
  /** From 1. */
  readonly attempt: number;
  readonly body: JobBody;
  /** The run's id, the feed and the ordinal: the same for every try at the job. */
  readonly idempotencyKey: string;
}

export type JobOutcome =
  /** `result` is plain JSON. */
  | { readonly status: 'completed'; readonly result: unknown }
  | { readonly status: 'failed'; readonly code: string; readonly message: string };

export interface AdapterRun {
  readonly jobs: readonly AdapterJob[];
  /** Asked before each job; once false, the jobs not yet begun are handed back. */
  readonly mayStart: () => boolean;
  /** When the job under way fails as `job-timeout`, by `performance.now()`. */
  readonly endByMs: number;
  /** The host leaves: `run` ends at once and says nothing of the job under way. */
  readonly abandoned: AbortSignal;
  /** Called once for every job that was tried, with its place in `jobs` and the time it took in ms. */
  readonly onDone: (at: number, outcome: JobOutcome, ms: number) => void;
}

export interface Adapter {
  /** Makes ready whatever the jobs need. Rejects when it can't; then the host does not start. */
  open(): Promise<void>;
  /** Never rejects because of a job: that is a failed outcome. */
  run(run: AdapterRun): Promise<void>;
  close(): Promise<void>;
}

/** The job as whoever does it is handed it. */
export function agentJob({ body, attempt, idempotencyKey }: AdapterJob): AgentJob {
  const { id, kind, payload } = body;
  return { id, kind, payload, attempt, idempotencyKey };
}

/** The outcome of a job that took longer than its lease allows. */
export function timedOut(ms: number): JobOutcome {
  const message = `did not end within ${Math.round(ms)} ms, which is what its lease left it`;
  return { status: 'failed', code: JOB_TIMEOUT, message };
}
