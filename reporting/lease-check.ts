/**
 * Every lease ends once, and every job of it is accounted for in how it ended: completed, failed,
 * queued again, or handed back. This is conservation at its smallest, within one chain and in its order.
 */
import type { LedgerEntry, LedgerEvent } from '../fabric/ledger.ts';
import { size } from '../fabric/ordinals.ts';
import type { ProblemSink } from './problems.ts';

type Outcome = Extract<LedgerEvent, { type: 'outcome' }>;

export class LeaseCheck {
  /** Jobs of each lease in flight. */
  readonly #open = new Map<string, number>();
  readonly #shard: string;
  readonly #problems: ProblemSink;

  constructor(shard: string, problems: ProblemSink) {
    this.#shard = shard;
    this.#problems = problems;
  }

  apply(entry: LedgerEntry): void {
    if (entry.type === 'lease') {
      const key = keyOf(entry);
      if (this.#open.has(key)) this.#problem(key, 'was granted twice');
      this.#open.set(key, jobsOf(entry.jobs));
    } else if (entry.type === 'outcome') {
      this.#end(keyOf(entry), settled(entry));
    } else if (entry.type === 'requeue') {
      this.#end(keyOf(entry), jobsOf(entry.jobs));
    }
  }

  /** When the run has `ended`, no lease may be in flight. */
  close(ended: boolean): void {
    for (const key of ended ? this.#open.keys() : []) this.#problem(key, 'never ended');
  }

  #end(key: string, jobs: number): void {
    const leased = this.#open.get(key);
    if (leased === undefined) this.#problem(key, 'ended and was not in flight');
    else if (leased !== jobs) {
      this.#problem(key, `held ${leased} jobs and ended with ${jobs}`);
    }
    this.#open.delete(key);
  }

  #problem(key: string, what: string): void {
    this.#problems.add('lease-mismatch', `${this.#shard}: lease ${key} ${what}`);
  }
}

function keyOf({ lease, fence }: { lease: number; fence: string }): string {
  return `${lease} (fence ${fence})`;
}

function jobsOf(jobs: readonly { ordinals: readonly number[] }[]): number {
  return jobs.reduce((sum, { ordinals }) => sum + size(ordinals), 0);
}

function settled({ items }: Outcome): number {
  return items.reduce(
    (sum, item) =>
      sum + size(item.completed) + item.failed.length + item.retried.length + size(item.back),
    0,
  );
}
