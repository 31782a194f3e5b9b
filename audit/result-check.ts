/**
 * Results: every segment that an outcome points at is there with its digest and its number of records, and
 * holds exactly the jobs that the outcome names, each once, as it names them. Hashes of results go into the
 * table of jobs on the way, for the digest of all outcomes.
 */
import type { LedgerEvent, Segment } from '../fabric/ledger.ts';
import { has, size } from '../fabric/ordinals.ts';
import type { JobTable } from '../reporting/job-table.ts';
import { readResults } from '../reporting/read-results.ts';
import type { ResultRecord, RunRecords } from '../reporting/records.ts';
import type { Findings, Position } from './findings.ts';

type Outcome = Extract<LedgerEvent, { type: 'outcome' }>;

interface Pointing {
  readonly at: Position;
  readonly items: Outcome['items'];
}

export class ResultCheck {
  records = 0;
  readonly #findings: Findings;
  /** By segment, in the order of the table's list of them. */
  readonly #pointing: Pointing[] = [];
  readonly #names = new Set<string>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  get segments(): number {
    return this.#pointing.length;
  }

  /** Takes an outcome, in the order in which the table of jobs takes them. */
  apply({ items, segment, lease }: Outcome, at: Position): void {
    if (segment !== null) {
      if (this.#names.has(segment.name)) {
        this.#findings.fail('results', `segment ${segment.name} is pointed at twice`);
      }
      this.#names.add(segment.name);
      this.#pointing.push({ at, items });
    } else if (items.some((item) => endedIn(item) > 0)) {
      this.#findings.fail('results', `lease ${lease} ended jobs and points at no results`);
    }
  }

  /** Reads every segment once; the table must have taken every outcome. */
  async read(records: RunRecords, table: JobTable): Promise<void> {
    let next = 0;
    const checked: RunRecords = {
      ...records,
      results: (segment) => this.#checked(records, segment, this.#pointing[next++]!),
    };
    await readResults(checked, table, this.#findings);
    this.#findings.position = null;
  }

  async #checked(
    records: RunRecords,
    segment: Segment,
    { at, items }: Pointing,
  ): Promise<readonly ResultRecord[]> {
    this.#findings.position = at;
    const match = new OutcomeMatch(items);
    const found = await records.results(segment);
    this.records += found.length;
    for (const record of found) {
      const what = match.take(record);
      if (what !== null) this.#findings.fail('results', `segment ${segment.name}: ${what}`);
    }
    const missing = match.missing();
    if (missing > 0) {
      const what = `segment ${segment.name} says nothing of ${missing} jobs that its outcome names`;
      this.#findings.fail('results', what);
    }
    return found;
  }
}

/** One outcome against the records of its segment. */
class OutcomeMatch {
  readonly #items: readonly {
    readonly item: Outcome['items'][number];
    readonly codes: ReadonlyMap<number, string>;
  }[];
  readonly #seen = new Set<string>();

  constructor(items: Outcome['items']) {
    this.#items = items.map((item) => ({
      item,
      codes: new Map([...item.failed, ...item.retried]),
    }));
  }

  /** What is wrong with the record, or null. */
  take({ feed, ordinal, attempt, status, code }: ResultRecord): string | null {
    const job = `job ${feed}/${ordinal} at attempt ${attempt}`;
    const key = `${feed}/${ordinal}`;
    if (this.#seen.has(key)) return `${job} stands there twice`;
    const isNamed = this.#items.some(({ item, codes }) => {
      if (item.feed !== feed || item.attempt !== attempt) return false;
      return status === 'completed' ? has(item.completed, ordinal) : codes.get(ordinal) === code;
    });
    if (!isNamed) return `${job} is ${status} there and not so in the outcome that points at it`;
    this.#seen.add(key);
    return null;
  }

  missing(): number {
    return this.#items.reduce((sum, { item }) => sum + endedIn(item), 0) - this.#seen.size;
  }
}

function endedIn({ completed, failed, retried }: Outcome['items'][number]): number {
  return size(completed) + failed.length + retried.length;
}
