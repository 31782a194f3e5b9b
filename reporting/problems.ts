/**
 * What does not add up between the files of a run. A report never hides such a finding, yet a million
 * of one sort must not drown the rest: of each sort the first few are kept in words, and all are counted.
 */

export const PROBLEM_CODES = [
  /** A chain of the ledger can't be read or doesn't hold together. */
  'ledger-broken',
  /** The ledger names a job that can't be. */
  'ordinal-out-of-range',
  /** Accepted twice, refused twice, or both. */
  'entered-twice',
  'two-outcomes',
  'outcome-without-acceptance',
  /** An accepted job of a finished run has no outcome. */
  'no-outcome',
  /** The attempt that ended a job isn't one more than its recorded retries. */
  'attempts-mismatch',
  /** A lease that ended twice, was never granted, or whose jobs are not all accounted for. */
  'lease-mismatch',
  /** A transfer with one side, or with two that differ. */
  'transfer-mismatch',
  /** A results segment is missing, can't be read, or doesn't match its digest or length. */
  'segment-broken',
  /** A completed job that its segment holds no result of. */
  'no-result',
  /** A segment's record contradicts the ledger. */
  'result-mismatch',
  /** The fabric's own count differs from what the ledger adds up to. */
  'count-mismatch',
  /** A command that the fabric answers for and the ledger knows nothing of. */
  'command-unrecorded',
  /** A shard has stopped itself over something it could not mend. */
  'shard-stopped',
  /** I8: a workflow came near to what the engine takes, and could have been ended by it. */
  'near-engine-limit',
] as const;

export type ProblemCode = (typeof PROBLEM_CODES)[number];

/** One thing that does not add up. */
export interface Problem {
  readonly code: ProblemCode;
  /** In words, with the numbers it came from. */
  readonly what: string;
  /** The job it is about, where it is about one. */
  readonly job?: { readonly feed: string; readonly ordinal: number };
}

/** Who takes problems: a report's list, or an audit that also says where in the ledger they stand. */
export interface ProblemSink {
  add(code: ProblemCode, what: string, job?: Problem['job']): void;
}

/** Problems of one sort that are kept in words. */
export const PROBLEMS_KEPT_MAX = 20;

/** Gathers problems: the first of each sort in words, all of them by number. */
export class ProblemList implements ProblemSink {
  readonly kept: Problem[] = [];
  readonly #counts = new Map<ProblemCode, number>();

  add(code: ProblemCode, what: string, job?: Problem['job']): void {
    const count = (this.#counts.get(code) ?? 0) + 1;
    this.#counts.set(code, count);
    if (count <= PROBLEMS_KEPT_MAX) this.kept.push(job ? { code, what, job } : { code, what });
  }

  /** How many there are of each sort that occurred. */
  get counts(): Readonly<Partial<Record<ProblemCode, number>>> {
    return Object.fromEntries(this.#counts);
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }
}
