/**
 * Conservation as sums (I2): accepted = queued + leased + in transit + completed + failed + cancelled, after
 * every entry and over all shards, and never less than nothing anywhere. The sums come from the sizes that
 * entries name alone and are held against the replayed jobs at the end, so each can show the other wrong.
 */

import type { Tally } from '../fabric/messages.ts';

/** What one shard has and has had, in jobs. */
export interface ShardSums {
  accepted: number;
  refused: number;
  queued: number;
  leased: number;
  /** On their way from this shard to another. */
  inTransit: number;
  completed: number;
  failed: number;
  cancelled: number;
  retried: number;
  spilledIn: number;
  spilledOut: number;
  lateAnswers: number;
  leasesGranted: number;
  cost: number;
}

/** Sums of money are added in another order than the shard's own, so the last digits may differ. */
const TOLERANCE = 1e-6;

export class Balance {
  readonly shards = new Map<string, ShardSums>();
  #drift = 0;
  /** Jobs that shards held more than they had accepted when their chains were forked: those of all shards together are none. */
  #moved = 0;
  readonly #below = new Set<string>();

  of(shard: string): ShardSums {
    const known = this.shards.get(shard);
    if (known) return known;
    const sums = emptySums();
    this.shards.set(shard, sums);
    return sums;
  }

  /** Takes what a shard had come to whose ledger was lost, with the jobs that waited there. */
  takeUp(shard: string, tally: Tally, queued: number): void {
    const sums = this.of(shard);
    for (const key of Object.keys(sums) as (keyof ShardSums)[]) {
      sums[key] = key in tally ? tally[key as keyof Tally] : 0;
    }
    sums.queued = queued;
    this.#moved += heldIn(sums) - sums.accepted;
  }

  /** What is wrong with the beginnings of forked chains, once all of them were taken. */
  forkProblem(): string | null {
    return this.#moved === 0
      ? null
      : `the forked chains begin with ${word(-this.#moved)} of the jobs that were accepted before`;
  }

  /** What is wrong now and was not after the entry before, in words. */
  news(shard: string): string[] {
    const sums = this.of(shard);
    const found: string[] = [];
    for (const key of ['queued', 'leased'] as const) {
      if (this.#turned(`${shard} ${key}`, sums[key])) {
        found.push(`${shard} has ${sums[key]} jobs ${key}`);
      }
    }
    const { accepted, queued, leased, inTransit, ended } = this.totals();
    if (this.#turned('in transit', inTransit)) found.push(`${inTransit} jobs are in transit`);
    const drift = accepted - queued - leased - inTransit - ended + this.#moved;
    if (drift !== this.#drift) {
      const has = `${queued} queued, ${leased} leased, ${inTransit} in transit, ${ended} ended`;
      found.push(`${accepted} accepted, but ${has}: ${word(drift - this.#drift)} with this entry`);
    }
    this.#drift = drift;
    return found;
  }

  totals(): Record<'accepted' | 'queued' | 'leased' | 'inTransit' | 'ended', number> {
    const totals = { accepted: 0, queued: 0, leased: 0, inTransit: 0, ended: 0 };
    for (const each of this.shards.values()) {
      totals.accepted += each.accepted;
      totals.queued += each.queued;
      totals.leased += each.leased;
      totals.inTransit += each.inTransit;
      totals.ended += each.completed + each.failed + each.cancelled;
    }
    return totals;
  }

  /** How a shard's own tally, which it closes its chain with, differs from what its entries add up to. */
  differences(shard: string, tally: Readonly<Record<string, unknown>>): string[] {
    const sums = this.of(shard);
    return Object.entries(sums).flatMap(([key, mine]: [string, number]) => {
      const said = tally[key];
      if (typeof said !== 'number') return [];
      if (Math.abs(said - mine) <= TOLERANCE * Math.max(1, Math.abs(mine))) return [];
      return [`${shard} closed with ${key} ${said}; its entries add up to ${mine}`];
    });
  }

  /** True when the number has just fallen below nothing. */
  #turned(name: string, value: number): boolean {
    if (value >= 0) {
      this.#below.delete(name);
      return false;
    }
    const isNews = !this.#below.has(name);
    this.#below.add(name);
    return isNews;
  }
}

function word(drift: number): string {
  return drift > 0 ? `${drift} lost` : `${-drift} too many`;
}

function heldIn({ queued, leased, inTransit, completed, failed, cancelled }: ShardSums): number {
  return queued + leased + inTransit + completed + failed + cancelled;
}

function emptySums(): ShardSums {
  return {
    accepted: 0,
    refused: 0,
    queued: 0,
    leased: 0,
    inTransit: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    retried: 0,
    spilledIn: 0,
    spilledOut: 0,
    lateAnswers: 0,
    leasesGranted: 0,
    cost: 0,
  };
}
