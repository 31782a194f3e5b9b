/**
 * When work goes on after a fault, and what it cost, told from entries of the ledger as they come. The ledger
 * knows nothing of faults: it names leases that were lost, what was left of those of which a lost node's last
 * heartbeat had told, and which outcomes came.
 */
import type { JobRef, LedgerEntry } from '../fabric/ledger.ts';
import { intersect, isEmpty, size } from '../fabric/ordinals.ts';
import type { InjectedFault } from './reported-run.ts';

type Outcome = Extract<LedgerEntry, { type: 'outcome' }>;

/** Why a lease came back of which no job was begun, as the shard writes it. */
const NOT_BEGUN = 'it had not started';

/** What a fault has cost is known so long after its end, whatever time-outs it takes. */
const COSTS_AFTER_MS = 60_000;

/** One fault, and what is known of its consequences. */
export class Recovery {
  /** As far as it is known: it may have gone on since. */
  fault: InjectedFault;
  /** Jobs of leases that were lost with it. */
  readonly #lost: JobRef[] = [];

  constructor(fault: InjectedFault) {
    this.fault = fault;
  }

  /** Jobs that may have been begun and had to be done again. */
  get reexecutedJobs(): number {
    return this.#lost.reduce((sum, { ordinals }) => sum + size(ordinals), 0);
  }

  /** True once it is known what tells that work goes on: of a node, when a lease of its has been given up. */
  get isAwaiting(): boolean {
    return this.fault.nodes.length === 0 || this.#lost.length > 0;
  }

  mayHaveCost({ at, node }: { readonly at: number; readonly node: string }): boolean {
    const { atMs, nodes } = this.fault;
    return atMs <= at && at <= this.#costsUntilMs && (nodes.length === 0 || nodes.includes(node));
  }

  /** True once nothing that is lost from now on can be its doing. */
  isOver(nowMs: number): boolean {
    return nowMs > this.#costsUntilMs;
  }

  get #costsUntilMs(): number {
    return (this.fault.backAtMs ?? Infinity) + COSTS_AFTER_MS;
  }

  lose(jobs: readonly JobRef[]): void {
    this.#lost.push(...jobs);
  }

  /**
   * True of an outcome that tells that work goes on: where a node was struck and held jobs, the outcome of
   * one of those; else any in which a job was tried.
   */
  isAnsweredBy(entry: LedgerEntry): boolean {
    // What a lost node had done before is entered, and is no work that goes on.
    if (entry.type !== 'outcome' || entry.lost === true) return false;
    if (entry.at <= this.fault.atMs) return false;
    const awaited = this.fault.nodes.length === 0 ? [] : this.#lost;
    return entry.items.some((item) => answers(item, awaited));
  }
}

/** A lost lease belongs to the latest fault before it that may have cost it; `all` is in the order of time. */
export function takeLoss(all: readonly Recovery[], entry: LedgerEntry): void {
  if (entry.type !== 'requeue' && entry.type !== 'outcome') return;
  const jobs = entry.type === 'requeue' ? requeued(entry) : leftOver(entry);
  if (jobs.length > 0) all.findLast((each) => each.mayHaveCost(entry))?.lose(jobs);
}

function requeued({ why, jobs }: Extract<LedgerEntry, { type: 'requeue' }>): readonly JobRef[] {
  return why === NOT_BEGUN ? [] : jobs;
}

/** Of a lease that ended by what its node was last known to have done: the rest, which may have been begun. */
function leftOver({ lost, items }: Outcome): readonly JobRef[] {
  if (lost !== true) return [];
  return items.flatMap(({ feed, origin, attempt, back }) =>
    isEmpty(back) ? [] : [{ feed, origin, attempt, ordinals: back }],
  );
}

function answers(
  { feed, completed, failed, retried }: Outcome['items'][number],
  awaited: readonly JobRef[],
): boolean {
  const ended = [...failed, ...retried].map(([ordinal]) => ordinal);
  if (awaited.length === 0) return ended.length > 0 || !isEmpty(completed);
  return awaited.some(
    (lost) =>
      lost.feed === feed &&
      (!isEmpty(intersect(lost.ordinals, completed)) ||
        ended.some((ordinal) => !isEmpty(intersect(lost.ordinals, [ordinal, ordinal + 1])))),
  );
}
