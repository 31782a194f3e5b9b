/**
 * How a node divides the time that its shard gives a lease: it answers before the shard gives it up, and
 * a job that runs over fails instead of the whole lease.
 */

/** Parts of the lease's timeout, counted from its arrival at the node. */
export const LEASE_SHARES = {
  /** No job is begun after this; what is left goes back unstarted. */
  beginBy: 0.5,
  /** The job under way is ended at this. */
  endBy: 0.9,
} as const;

/**
 * A node begins no job of a lease once it has worked on it for so many times as long as the lease aims at:
 * what is left goes back. So a lease that was sized by a wrong guess keeps nobody waiting.
 */
export const LEASE_WORK_TIMES = 2;

/** Error code of a job that was ended so. */
export const JOB_TIMEOUT = 'job-timeout';
