/**
 * Replays the ledger job by job and sum by sum: who owns each job after every entry (I3), and that none is
 * made, lost or ended twice on the way (I1, I2). What an entry takes must be where the entry takes it from.
 */
import type { ForkedShard } from '../fabric/forked-chain.ts';
import type { JobRef, LedgerEntry, LedgerEvent } from '../fabric/ledger.ts';
import { fromList, size, type Ordinals } from '../fabric/ordinals.ts';
import { transferKey, type TransferEntry } from '../reporting/transfer-check.ts';
import { Balance } from './balance.ts';
import type { CheckName, Findings } from './findings.ts';
import { JobPlaces, type Misplaced, type Place, type Whereabouts } from './job-places.ts';

type Outcome = Extract<LedgerEvent, { type: 'outcome' }>;

/** Where the jobs of an entry come from and go to; the attempt is that of the jobs unless it is given. */
interface Step {
  readonly from: Place;
  readonly fromHolder?: number;
  readonly to: Place;
  readonly toHolder?: number;
  /** The shard that jobs in transit come from. */
  readonly origin?: string;
}

interface Sent {
  readonly index: number;
  readonly jobs: number;
}

const ENDED: readonly Place[] = ['completed', 'failed', 'cancelled'];

export class JobReplay {
  readonly balance = new Balance();
  entries = 0;
  /** Jobs of entries whose cause stands in a part of another chain that is not on disk. */
  untold = 0;
  readonly #places = new JobPlaces();
  readonly #findings: Findings;
  readonly #mayTrail: (chain: string) => boolean;
  readonly #leases = new Map<string, number>();
  readonly #sent = new Map<string, Sent>();
  /** By feed, where a chain is forked: ordinals below had come in by then. */
  readonly #pulled = new Map<string, number>();

  /** `mayTrail` says whether a chain's last entries may be missing: of a run that was not closed, they may. */
  constructor(findings: Findings, mayTrail: (chain: string) => boolean) {
    this.#findings = findings;
    this.#mayTrail = mayTrail;
  }

  apply(chain: string, entry: LedgerEntry): void {
    this.entries += 1;
    this.#take(chain, entry);
    for (const what of this.balance.news(chain)) this.#findings.fail('I2', what);
  }

  /** Holds the sums against the jobs themselves; of a closed run, nothing may be open any more. */
  close(): void {
    const isWhole = [...this.balance.shards.keys()].every((chain) => !this.#mayTrail(chain));
    const problem = isWhole ? this.balance.forkProblem() : null;
    if (problem !== null) this.#findings.fail('I2', problem, null);
    const counts = this.#places.count();
    for (const [shard, sums] of this.balance.shards) {
      for (const place of ['queued', 'leased'] as const) {
        const jobs = counts.get(place)?.get(shard) ?? 0;
        if (jobs === sums[place]) continue;
        const what = `${shard}: ${jobs} jobs are ${place} in the end; the entries add up to ${sums[place]}`;
        this.#findings.fail('I2', what, null);
      }
    }
  }

  #take(chain: string, entry: LedgerEntry): void {
    const sums = this.balance.of(chain);
    switch (entry.type) {
      case 'accept':
        for (const { ordinals } of entry.classes) {
          this.#requireNew(entry.feed, ordinals);
          const birth = { feed: entry.feed, ordinals, attempt: 1 };
          this.#move(chain, birth, { from: 'unknown', to: 'queued' });
          sums.accepted += size(ordinals);
          sums.queued += size(ordinals);
        }
        return;
      case 'forked':
        return this.#takeUp(chain, entry.held);
      case 'refuse': {
        const refused = { feed: entry.feed, ordinals: entry.ordinals, attempt: 1 };
        this.#move(chain, refused, { from: 'unknown', to: 'refused' });
        sums.refused += entry.jobs;
        return;
      }
      case 'lease':
        for (const jobs of entry.jobs) {
          this.#move(chain, jobs, { from: 'queued', to: 'leased', toHolder: entry.lease });
        }
        sums.leasesGranted += 1;
        sums.queued -= jobsOf(entry.jobs);
        sums.leased += jobsOf(entry.jobs);
        this.#leases.set(`${chain}/${entry.lease}`, jobsOf(entry.jobs));
        return;
      case 'outcome':
        return this.#end(chain, entry);
      case 'requeue':
        for (const jobs of entry.jobs) {
          this.#move(chain, jobs, { from: 'leased', fromHolder: entry.lease, to: 'queued' });
        }
        sums.leased -= this.#leased(chain, entry.lease);
        sums.queued += jobsOf(entry.jobs);
        return;
      case 'cancel':
        for (const jobs of entry.jobs) this.#move(chain, jobs, { from: 'queued', to: 'cancelled' });
        sums.queued -= jobsOf(entry.jobs);
        sums.cancelled += jobsOf(entry.jobs);
        return;
      case 'late':
        sums.lateAnswers += 1;
        return;
      case 'close':
        return this.#compare(chain, entry.tally);
      case 'transfer-out':
      case 'transfer-in':
      case 'transfer-done':
      case 'transfer-back':
      case 'transfer-refused':
        return this.#transfer(chain, entry);
      default:
        return;
    }
  }

  /** Where the ledger of before was lost: its sums as they were, and every job that was open queued. */
  #takeUp(chain: string, held: ForkedShard | null): void {
    if (held === null) return;
    for (const { feed, ordinals, attempt } of held.jobs) {
      this.#move(chain, { feed, ordinals, attempt }, { from: 'unknown', to: 'queued' });
    }
    const { tally, pulled } = held;
    this.balance.takeUp(chain, tally, jobsOf(held.jobs));
    for (const [feed, end] of Object.entries(pulled)) this.#pulled.set(feed, end);
  }

  /** A job that came in before its ledger was lost does not come in again. */
  #requireNew(feed: string, ordinals: Ordinals): void {
    const end = this.#pulled.get(feed) ?? 0;
    const [first = end] = ordinals;
    if (first >= end) return;
    this.#findings.fail('I1', `job ${feed}/${first} had come in before the ledger was lost`);
  }

  #end(chain: string, { lease, items, cost }: Outcome): void {
    const sums = this.balance.of(chain);
    sums.leased -= this.#leased(chain, lease);
    sums.cost += cost;
    const held = { from: 'leased', fromHolder: lease } as const;
    for (const { feed, attempt, completed, failed, retried, back } of items) {
      const part = (ordinals: Ordinals) => ({ feed, attempt, ordinals });
      const failures = part(fromList(failed.map(([ordinal]) => ordinal)));
      const again = part(fromList(retried.map(([ordinal]) => ordinal)));
      this.#move(chain, part(completed), { ...held, to: 'completed' });
      this.#move(chain, failures, { ...held, to: 'failed' });
      this.#move(chain, again, { ...held, to: 'queued' }, attempt + 1);
      this.#move(chain, part(back), { ...held, to: 'queued' });
      sums.completed += size(completed);
      sums.failed += failed.length;
      sums.retried += retried.length;
      sums.queued += retried.length + size(back);
    }
  }

  #transfer(chain: string, entry: TransferEntry): void {
    const { type, peer, jobs } = entry;
    const sums = this.balance.of(chain);
    const key = transferKey(chain, entry);
    const moved = jobsOf(jobs);
    if (type === 'transfer-out') {
      const index = this.#sent.size + 1;
      this.#sent.set(key, { index, jobs: moved });
      for (const each of jobs) {
        this.#move(chain, each, { from: 'queued', to: 'in transit', toHolder: index });
      }
      sums.queued -= moved;
      sums.inTransit += moved;
    } else if (type === 'transfer-in' || type === 'transfer-back') {
      const sent = this.#sent.get(key);
      if (!sent && this.#mayTrail(peer)) return this.#takeUntold(chain, jobs);
      const origin = type === 'transfer-in' ? peer : chain;
      const step = { from: 'in transit', to: 'queued', origin } as const;
      for (const each of jobs) this.#move(chain, each, { ...step, fromHolder: sent?.index ?? 0 });
      this.balance.of(origin).inTransit -= sent?.jobs ?? moved;
      sums.queued += moved;
      if (type === 'transfer-in') sums.spilledIn += moved;
    } else if (type === 'transfer-done') {
      sums.spilledOut += moved;
    }
  }

  /** Jobs whose origin's last entries are not on disk: they are taken to be where this entry says. */
  #takeUntold(chain: string, refs: readonly JobRef[]): void {
    for (const { feed, ordinals, attempt } of refs) {
      const to: Whereabouts = { place: 'queued', shard: chain, holder: 0, attempt };
      const elsewhere = this.#places.move(feed, ordinals, to, to);
      for (const { jobs, was } of elsewhere) {
        this.#leave(chain, was, jobs);
        this.balance.of(chain).queued += jobs;
        this.balance.of(chain).spilledIn += jobs;
        this.untold += jobs;
      }
    }
  }

  #leave(chain: string, { place, shard }: Whereabouts, jobs: number): void {
    if (place === 'queued' || place === 'leased') this.balance.of(shard)[place] -= jobs;
    if (place === 'in transit') this.balance.of(shard).inTransit -= jobs;
    if (place === 'unknown') this.balance.of(chain).accepted += jobs;
  }

  #move(
    chain: string,
    { feed, ordinals, attempt }: Pick<JobRef, 'feed' | 'ordinals' | 'attempt'>,
    step: Step,
    toAttempt = attempt,
  ): void {
    const from: Whereabouts = {
      place: step.from,
      shard: step.origin ?? chain,
      holder: step.fromHolder ?? 0,
      attempt,
    };
    const to = { place: step.to, shard: chain, holder: step.toHolder ?? 0, attempt: toAttempt };
    for (const misplaced of this.#places.move(feed, ordinals, from, to)) {
      this.#findings.fail(checkOf(misplaced.was, from), wordsOf(misplaced, from, to));
    }
  }

  /** Jobs of a lease that ends now; none where it is not in flight. */
  #leased(chain: string, lease: number): number {
    const key = `${chain}/${lease}`;
    const jobs = this.#leases.get(key) ?? 0;
    this.#leases.delete(key);
    return jobs;
  }

  #compare(chain: string, tally: unknown): void {
    if (typeof tally !== 'object' || tally === null || !this.balance.shards.has(chain)) return;
    for (const what of this.balance.differences(chain, tally as Record<string, unknown>)) {
      this.#findings.fail('I2', what);
    }
  }
}

function checkOf(was: Whereabouts, from: Whereabouts): CheckName {
  if (from.place === 'unknown' || ENDED.includes(was.place)) return 'I1';
  if (was.place === 'unknown' || was.place === 'refused') return 'I2';
  const isHeld = was.place === from.place && was.shard === from.shard && was.holder === from.holder;
  return isHeld ? 'I1' : 'I3';
}

function wordsOf({ feed, ordinal, jobs, was }: Misplaced, from: Whereabouts, to: Whereabouts) {
  const more = jobs > 1 ? ` and ${jobs - 1} more` : '';
  const goes = `job ${feed}/${ordinal}${more} is to be ${to.place} in ${to.shard}`;
  return `${goes}, from ${told(from)}; it was ${told(was)}`;
}

function told({ place, shard, holder, attempt }: Whereabouts): string {
  if (place === 'unknown') return 'unknown';
  const which = place === 'leased' ? ` (lease ${holder})` : '';
  return `${place}${which} in ${shard} at attempt ${attempt}`;
}

function jobsOf(refs: readonly Pick<JobRef, 'ordinals'>[]): number {
  return refs.reduce((sum, { ordinals }) => sum + size(ordinals), 0);
}
