/**
 * Reads the segments that outcomes point at, one at a time: the hash of each result goes into the
 * table, and the result itself is handed on and forgotten. A completed job without its result, a record
 * that says otherwise than the ledger, and a segment that can't be read are problems.
 */
import { hash } from 'node:crypto';
import type { Segment } from '../fabric/ledger.ts';
import { ENDS, type JobColumns } from './job-columns.ts';
import type { JobTable } from './job-table.ts';
import type { ProblemSink } from './problems.ts';
import type { ResultRecord, RunRecords } from './records.ts';

/** Called for each result that a job's outcome points at, in the order of segments. */
export type OnResult = (record: ResultRecord) => void;

/** Fills the table's hashes. Every segment is read once, with one in memory at a time. */
export async function readResults(
  records: RunRecords,
  table: JobTable,
  problems: ProblemSink,
  onResult: OnResult = () => undefined,
): Promise<void> {
  for (const [index, segment] of table.segments.entries()) {
    const reader = new SegmentReader(table, index + 1, segment, problems);
    try {
      for (const record of await records.results(segment)) {
        if (reader.take(record)) onResult(record);
      }
      reader.close();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      problems.add('segment-broken', `segment ${segment.name}: ${why}`);
    }
  }
  nameMissing(table, problems);
}

class SegmentReader {
  #count = 0;
  readonly #table: JobTable;
  readonly #place: number;
  readonly #segment: Segment;
  readonly #problems: ProblemSink;

  constructor(table: JobTable, place: number, segment: Segment, problems: ProblemSink) {
    this.#table = table;
    this.#place = place;
    this.#segment = segment;
    this.#problems = problems;
  }

  /** True when this is the result of a completed job whose outcome points here. */
  take(record: ResultRecord): boolean {
    this.#count += 1;
    const { feed, ordinal } = record;
    const jobs = this.#table.columns.get(feed);
    // A failed attempt that was tried again: the job's outcome is elsewhere.
    if (jobs?.segment[ordinal] !== this.#place) return false;
    const isSo =
      record.status === ENDS[jobs.end[ordinal]!] &&
      record.attempt === jobs.attempts[ordinal] &&
      this.#sameCode(record, jobs);
    if (!isSo) {
      const said = `${record.status} at attempt ${record.attempt}`;
      const recorded = `${ENDS[jobs.end[ordinal]!]} at attempt ${jobs.attempts[ordinal]}`;
      this.#mismatch(record, `is ${said} in its result and ${recorded} in the ledger`);
      return false;
    }
    if (record.status === 'failed') return false;
    const hex = hashOf(record);
    if (hex === null) {
      this.#mismatch(record, 'is completed without a result');
      return false;
    }
    if (jobs.hasHash[ordinal] === 1) {
      this.#mismatch(record, 'has two results in one segment');
      return false;
    }
    jobs.setHash(ordinal, hex);
    return true;
  }

  close(): void {
    const { name, records } = this.#segment;
    if (this.#count === records) return;
    const what = `segment ${name} holds ${this.#count} records; its outcome says ${records}`;
    this.#problems.add('segment-broken', what);
  }

  #sameCode(record: ResultRecord, jobs: JobColumns): boolean {
    if (record.status === 'completed') return true;
    return record.code === this.#table.codes.at(jobs.code[record.ordinal]!);
  }

  #mismatch({ feed, ordinal }: ResultRecord, what: string): void {
    this.#problems.add('result-mismatch', `job ${feed}/${ordinal} ${what}`, { feed, ordinal });
  }
}

function hashOf({ result, resultSha256 }: ResultRecord): string | null {
  return result === undefined ? (resultSha256 ?? null) : hash('sha256', JSON.stringify(result));
}

function nameMissing(table: JobTable, problems: ProblemSink): void {
  for (const feed of table.feeds) {
    const jobs = table.columns.get(feed)!;
    for (let ordinal = 0; ordinal < jobs.length; ordinal++) {
      if (ENDS[jobs.end[ordinal]!] !== 'completed' || jobs.hasHash[ordinal] === 1) continue;
      const what = `job ${feed}/${ordinal} is completed and no result of it was found`;
      problems.add('no-result', what, { feed, ordinal });
    }
  }
}
