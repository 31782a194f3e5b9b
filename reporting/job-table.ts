/**
 * What became of every job, by the ledger alone. Chains of different shards are read one after another
 * and a job may be accepted in one and end in another, so nothing here hangs on an order between them.
 * Whatever contradicts itself becomes a problem; the first outcome read is the one that stands.
 */
import type { ForkedShard } from '../fabric/forked-chain.ts';
import type { AcceptedClass, JobRef, LedgerEntry, LedgerEvent, Segment } from '../fabric/ledger.ts';
import { each, isOrdinals, size, type Ordinals } from '../fabric/ordinals.ts';
import { ENDS, ENTRY, JobColumns, ORDINALS_MAX, Words } from './job-columns.ts';
import type { ProblemSink } from './problems.ts';

type Outcome = Extract<LedgerEvent, { type: 'outcome' }>;
type Refusal = Extract<LedgerEvent, { type: 'refuse' }>;

/** `open`: accepted, and no outcome recorded. */
export type JobStatus = 'open' | 'refused' | 'completed' | 'failed' | 'cancelled';

/** One job. Empty strings where something does not apply. */
export interface JobRow {
  readonly feed: string;
  readonly ordinal: number;
  readonly status: JobStatus;
  /** Counted attempts: 0 until the job ends; a lost lease is none. */
  readonly attempts: number;
  readonly code: string;
  /** 64 hex digits, or '' where there is no result. */
  readonly resultSha256: string;
  readonly value: number;
}

/** Jobs and their value by what became of them. */
export type StatusSums = Readonly<Record<JobStatus, { jobs: number; value: number }>>;

interface Ending {
  readonly end: number;
  readonly attempt: number;
  readonly code: string;
  readonly segment: number;
}

/** How the feeds of submitted jobs are named. */
const INBOX_PREFIX = 'inbox.';
const [, COMPLETED, FAILED, CANCELLED] = [0, 1, 2, 3] as const;

/** The table. Filled by `apply`, in any order of chains; result hashes are added by `readResults`. */
export class JobTable {
  readonly columns = new Map<string, JobColumns>();
  /** Segments that outcomes point at; `JobColumns.segment` holds 1 + the index here. */
  readonly segments: Segment[] = [];
  readonly codes = new Words();
  /**
   * Jobs without a row, which are only counted: submitted ones that were refused never got an ordinal, and of
   * those that had ended in a ledger that was lost nobody knows which they were.
   */
  readonly #rowless: StatusSums = emptySums();
  readonly #problems: ProblemSink;

  constructor(problems: ProblemSink) {
    this.#problems = problems;
  }

  /** Takes one entry of any chain; entries of other types change nothing. */
  apply(entry: LedgerEntry): void {
    if (entry.type === 'accept') {
      for (const jobs of entry.classes) this.#accept(entry.feed, jobs);
    } else if (entry.type === 'refuse') {
      this.#refuse(entry);
    } else if (entry.type === 'cancel') {
      this.#cancel(entry.jobs);
    } else if (entry.type === 'outcome') {
      this.#end(entry);
    } else if (entry.type === 'forked' && entry.held !== null) {
      this.#takeUp(entry.held);
    }
  }

  /** Feeds by name, in the order of code units: the order of the table. */
  get feeds(): readonly string[] {
    return [...this.columns.keys()].sort();
  }

  /** Every job that the ledger names, sorted by identity: feed, then ordinal. */
  *rows(): Generator<JobRow> {
    for (const feed of this.feeds) {
      const { length } = this.columns.get(feed)!;
      for (let ordinal = 0; ordinal < length; ordinal++) {
        const row = this.row(feed, ordinal);
        if (row !== null) yield row;
      }
    }
  }

  /** One job by its identity, or null where the ledger names no such job. */
  row(feed: string, ordinal: number): JobRow | null {
    const jobs = this.columns.get(feed);
    const status = jobs && statusOf(jobs, ordinal);
    if (!status) return null;
    return {
      feed,
      ordinal,
      status,
      attempts: jobs.attempts[ordinal]!,
      code: this.codes.at(jobs.code[ordinal]!),
      resultSha256: jobs.hashHex(ordinal),
      value: jobs.value[ordinal]!,
    };
  }

  /** Sums in the order of the table, so that equal runs add up to equal numbers to the last bit. */
  sums(): StatusSums {
    const sums = structuredClone(this.#rowless);
    for (const feed of this.feeds) {
      const jobs = this.columns.get(feed)!;
      for (let ordinal = 0; ordinal < jobs.length; ordinal++) {
        const status = statusOf(jobs, ordinal);
        if (status === null) continue;
        sums[status].jobs += 1;
        sums[status].value += jobs.value[ordinal]!;
      }
    }
    return sums;
  }

  /**
   * Names what only the whole ledger shows: outcomes of jobs never accepted, attempts that don't add up,
   * and, when the run has `ended`, jobs that were accepted and have no outcome.
   */
  close(ended: boolean): void {
    for (const feed of this.feeds) {
      const jobs = this.columns.get(feed)!;
      for (let ordinal = 0; ordinal < jobs.length; ordinal++) {
        const job = { feed, ordinal };
        const hasEnded = jobs.end[ordinal] !== 0;
        if (hasEnded && jobs.entry[ordinal] !== ENTRY.accepted) {
          const what = `job ${feed}/${ordinal} has an outcome and was never accepted`;
          this.#problems.add('outcome-without-acceptance', what, job);
        }
        const untried = jobs.end[ordinal] === CANCELLED ? 1 : 0;
        if (hasEnded && jobs.attempts[ordinal] !== jobs.retries[ordinal]! + 1 - untried) {
          const found = `ended at attempt ${jobs.attempts[ordinal]}`;
          const what = `job ${feed}/${ordinal} ${found} after ${jobs.retries[ordinal]} retries`;
          this.#problems.add('attempts-mismatch', what, job);
        }
        if (ended && !hasEnded && jobs.entry[ordinal] === ENTRY.accepted) {
          const what = `job ${feed}/${ordinal} was accepted and has no outcome`;
          this.#problems.add('no-outcome', what, job);
        }
      }
    }
  }

  #count(status: JobStatus, jobs: number, value: number): void {
    const sum = this.#rowless[status];
    sum.jobs += jobs;
    sum.value += value;
  }

  /** What a lost ledger came to, and the jobs that were open: those have rows. */
  #takeUp({ tally, jobs: open }: ForkedShard): void {
    this.#count('refused', tally.refused, tally.valueRefused);
    this.#count('completed', tally.completed, tally.valueCompleted);
    this.#count('failed', tally.failed, tally.valueFailed);
    this.#count('cancelled', tally.cancelled, tally.valueCancelled);
    for (const { feed, attempt, ordinals, value } of open) {
      const jobs = this.#reach(feed, ordinals);
      for (const ordinal of jobs ? each(ordinals) : []) {
        this.#enter(jobs!, { feed, ordinal }, ENTRY.accepted, value);
        jobs!.retries[ordinal]! += attempt - 1;
      }
    }
  }

  #accept(feed: string, { ordinals, value }: AcceptedClass): void {
    const jobs = this.#reach(feed, ordinals);
    for (const ordinal of jobs ? each(ordinals) : []) {
      this.#enter(jobs!, { feed, ordinal }, ENTRY.accepted, value);
    }
  }

  #refuse({ feed, ordinals, jobs: refused, value }: Refusal): void {
    if (ordinals.length === 0 || feed.startsWith(INBOX_PREFIX)) {
      return this.#count('refused', refused, value);
    }
    const jobs = this.#reach(feed, ordinals);
    for (const ordinal of jobs ? each(ordinals) : []) {
      this.#enter(jobs!, { feed, ordinal }, ENTRY.refused, value / size(ordinals));
    }
  }

  #enter(
    jobs: JobColumns,
    job: { readonly feed: string; readonly ordinal: number },
    entry: number,
    value: number,
  ): void {
    const before = jobs.entry[job.ordinal]!;
    if (before !== ENTRY.none) {
      const [first, then] = [before, entry].map((way) =>
        way === ENTRY.accepted ? 'accepted' : 'refused',
      );
      const what = `job ${job.feed}/${job.ordinal} was ${first}, and then ${then} again`;
      this.#problems.add('entered-twice', what, job);
      return;
    }
    jobs.entry[job.ordinal] = entry;
    jobs.value[job.ordinal] = value;
  }

  #end({ segment, items }: Outcome): void {
    if (segment !== null) this.segments.push(segment);
    const place = segment === null ? 0 : this.segments.length;
    for (const { feed, attempt, completed, failed, retried } of items) {
      const done = this.#reach(feed, completed);
      const end = { end: COMPLETED, attempt, code: '', segment: place };
      for (const ordinal of done ? each(completed) : []) this.#settle(done!, feed, ordinal, end);
      for (const [ordinal, code] of failed) {
        const jobs = this.#reach(feed, [ordinal, ordinal + 1]);
        if (jobs) this.#settle(jobs, feed, ordinal, { ...end, end: FAILED, code });
      }
      for (const [ordinal] of retried) {
        const jobs = this.#reach(feed, [ordinal, ordinal + 1]);
        if (jobs) jobs.retries[ordinal]! += 1;
      }
    }
  }

  /** An ended job that was never tried at the attempt it waited for. */
  #cancel(refs: readonly JobRef[]): void {
    for (const { feed, attempt, ordinals } of refs) {
      const jobs = this.#reach(feed, ordinals);
      const end = { end: CANCELLED, attempt: attempt - 1, code: '', segment: 0 };
      for (const ordinal of jobs ? each(ordinals) : []) this.#settle(jobs!, feed, ordinal, end);
    }
  }

  #settle(jobs: JobColumns, feed: string, ordinal: number, ending: Ending): void {
    const before = jobs.end[ordinal]!;
    if (before !== 0) {
      const first = `${ENDS[before]} (attempt ${jobs.attempts[ordinal]})`;
      const then = `${ENDS[ending.end]} (attempt ${ending.attempt})`;
      const what = `job ${feed}/${ordinal} has two outcomes: ${first} and ${then}`;
      this.#problems.add('two-outcomes', what, { feed, ordinal });
      return;
    }
    jobs.end[ordinal] = ending.end;
    jobs.attempts[ordinal] = ending.attempt;
    jobs.code[ordinal] = this.codes.indexOf(ending.code);
    jobs.segment[ordinal] = ending.segment;
  }

  /** Columns of the feed, large enough for these ordinals; null, and a problem, where that can't be. */
  #reach(feed: string, ordinals: Ordinals): JobColumns | null {
    const end = ordinals.at(-1) ?? 0;
    if (!isOrdinals(ordinals) || end > ORDINALS_MAX) {
      const what = `feed ${feed} has no such jobs: ${JSON.stringify(ordinals).slice(0, 80)}`;
      this.#problems.add('ordinal-out-of-range', what);
      return null;
    }
    const jobs = this.columns.get(feed) ?? new JobColumns();
    jobs.reach(end);
    this.columns.set(feed, jobs);
    return jobs;
  }
}

function emptySums(): StatusSums {
  const sum = () => ({ jobs: 0, value: 0 });
  return { open: sum(), refused: sum(), completed: sum(), failed: sum(), cancelled: sum() };
}

function statusOf(jobs: JobColumns, ordinal: number): JobStatus | null {
  const end = ENDS[jobs.end[ordinal] ?? 0];
  if (end) return end;
  if (jobs.entry[ordinal] === ENTRY.refused) return 'refused';
  return jobs.entry[ordinal] === ENTRY.accepted ? 'open' : null;
}
