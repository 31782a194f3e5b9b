/**
 * Results as lines of columns. A line holds what became of jobs that differ in nothing but their ordinal:
 * one list of ordinals, one of results or failures in their order, and one of times. So a job costs its
 * result and two or three bytes, and a line is one JSON value, to be read by any tool.
 */
import { integrityError } from './integrity-error.ts';
import { each, fromList, size, type Ordinals } from '../fabric/ordinals.ts';

/** What became of one job at one attempt. */
export interface EndedJob {
  readonly feed: string;
  readonly ordinal: number;
  readonly id: string;
  readonly kind: string;
  readonly attempt: number;
  readonly value: number;
  /** Time that the job took. */
  readonly ms: number;
  readonly end: JobEnd;
}

export type JobEnd =
  /** The result as JSON text. */
  | { readonly status: 'completed'; readonly json: string }
  | { readonly status: 'failed'; readonly code: string; readonly message: string };

/** The same as read back. */
export interface ResultRecord extends Omit<EndedJob, 'end'> {
  readonly status: 'completed' | 'failed';
  /** Error code and message of a failed attempt. */
  readonly code?: string;
  readonly message?: string;
  /** Of a completed job. */
  readonly result?: unknown;
}

/** One line. Its jobs either all completed or all failed. */
interface Line {
  readonly feed: string;
  readonly kind: string;
  readonly attempt: number;
  readonly value: number;
  readonly ordinals: Ordinals;
  /** In the order of the ordinals; left out where each is `<feed>-<ordinal>`. */
  readonly ids?: readonly string[];
  /** In the order of the ordinals, or one number where all are the same. */
  readonly ms: number | readonly number[];
  readonly results?: readonly unknown[];
  /** Code and message of each failure. */
  readonly failures?: readonly (readonly [string, string])[];
}

/** The jobs as text, a line for each sort of them. No two may be the same attempt at one job. */
export function linesOf(ended: readonly EndedJob[]): string {
  const sorts = new Map<string, EndedJob[]>();
  let last: { readonly like: EndedJob; readonly jobs: EndedJob[] } | null = null;
  for (const job of ended) {
    if (last === null || !isAlike(last.like, job)) {
      const key = keyOf(job);
      const jobs = sorts.get(key) ?? [];
      sorts.set(key, jobs);
      last = { like: job, jobs };
    }
    last.jobs.push(job);
  }
  return [...sorts.values()].map(lineOf).join('');
}

function isAlike(a: EndedJob, b: EndedJob): boolean {
  return (
    a.feed === b.feed &&
    a.kind === b.kind &&
    a.attempt === b.attempt &&
    a.value === b.value &&
    a.end.status === b.end.status
  );
}

function keyOf({ feed, kind, attempt, value, end }: EndedJob): string {
  return JSON.stringify([feed, kind, attempt, value, end.status]);
}

function lineOf(unsorted: readonly EndedJob[]): string {
  const jobs = isInOrder(unsorted) ? unsorted : unsorted.toSorted((a, b) => a.ordinal - b.ordinal);
  const { feed, kind, attempt, value, end, ms } = jobs[0]!;
  const ordinals = fromList(jobs.map(({ ordinal }) => ordinal));
  const head: Omit<Line, 'results' | 'failures'> = {
    feed,
    kind,
    attempt,
    value,
    ordinals,
    ...(jobs.every(({ id, ordinal }) => id === usualId(feed, ordinal))
      ? {}
      : { ids: jobs.map(({ id }) => id) }),
    ms: jobs.every((job) => job.ms === ms) ? ms : jobs.map((job) => job.ms),
  };
  const open = JSON.stringify(head).slice(0, -1);
  const column = jobs.map((job) =>
    job.end.status === 'completed' ? job.end.json : JSON.stringify([job.end.code, job.end.message]),
  );
  // Results are JSON text already.
  const name = end.status === 'completed' ? 'results' : 'failures';
  return `${open},"${name}":[${column.join(',')}]}\n`;
}

function isInOrder(jobs: readonly EndedJob[]): boolean {
  return jobs.every(({ ordinal }, i) => i === 0 || jobs[i - 1]!.ordinal < ordinal);
}

function usualId(feed: string, ordinal: number): string {
  return `${feed}-${ordinal}`;
}

/** The jobs of a line. Throws an IntegrityError for one that no segment has. */
export function recordsOf(text: string): ResultRecord[] {
  const line = parsed(text);
  const { feed, kind, attempt, value, ordinals, ids, ms, results, failures } = line;
  const column = results ?? failures;
  if (!column || !ordinals || column.length !== size(ordinals)) {
    throw integrityError('a line is no columns of results');
  }
  const records: ResultRecord[] = [];
  let at = 0;
  for (const ordinal of each(ordinals)) {
    const id = ids ? ids[at]! : usualId(feed, ordinal);
    const took = typeof ms === 'number' ? ms : ms[at]!;
    // Written out, since there may be a million of them.
    if (results) {
      const result = results[at];
      const status = 'completed';
      records.push({ feed, ordinal, id, kind, attempt, value, ms: took, status, result });
    } else {
      const [code, message] = failures![at]!;
      const status = 'failed';
      records.push({ feed, ordinal, id, kind, attempt, value, ms: took, status, code, message });
    }
    at += 1;
  }
  return records;
}

function parsed(text: string): Line {
  try {
    return JSON.parse(text) as Line;
  } catch {
    throw integrityError('a line is not JSON');
  }
}
