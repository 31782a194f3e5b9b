/**
 * A node in virtual time. Like the real one it runs each lease once under its fence, however often it is
 * asked, and a lease that has not started comes back when it is called back.
 */
import { JOB_TIMEOUT, LEASE_SHARES } from '../lease-time.ts';
import type { FailedJob } from '../ledger.ts';
import type { ItemResult, LeaseGrant, LeaseResult } from '../messages.ts';
import type { RunNode } from '../mission/run-spec.ts';
import { each, fromList } from '../ordinals.ts';
import type { Calendar } from './calendar.ts';
import type { SimulatedJobs } from './world.ts';

export type LeaseEnd =
  { readonly end: 'done'; readonly result: LeaseResult } | { readonly end: 'returned' };

type Answer = (end: LeaseEnd) => void;

interface Held {
  readonly grant: LeaseGrant;
  readonly arrivedMs: number;
  /** Who asked last: an earlier call is let go. */
  answer: Answer;
  started: boolean;
  end: LeaseEnd | null;
}

export class SimulatedNode {
  readonly spec: RunNode;
  readonly #calendar: Calendar;
  readonly #jobs: SimulatedJobs;
  #held = new Map<string, Held>();
  #slots: number;
  #running = 0;
  #life = 0;
  isUp = false;
  /** Until then nothing is heard of it. */
  silentUntilMs = 0;

  constructor(spec: RunNode, calendar: Calendar, jobs: SimulatedJobs) {
    this.spec = spec;
    this.#slots = spec.slots;
    this.#calendar = calendar;
    this.#jobs = jobs;
  }

  get session(): string {
    return `life-${this.#life}`;
  }

  /** A process that starts knows nothing of the one before. */
  start(): void {
    this.lose();
    this.isUp = true;
    this.#life += 1;
  }

  /** Everything it held is gone with it. */
  lose(): void {
    this.isUp = false;
    this.#held = new Map();
    this.#running = 0;
  }

  run(grant: LeaseGrant, answer: Answer): void {
    if (!this.isUp || grant.session !== this.session) return;
    const held = this.#held.get(grant.fence);
    if (held) {
      held.answer = answer;
      if (held.end) answer(held.end);
      return;
    }
    if (grant.attachOnly) return answer({ end: 'returned' });
    const arrivedMs = this.#calendar.nowMs;
    this.#slots = grant.slots ?? this.#slots;
    this.#held.set(grant.fence, { grant, arrivedMs, answer, started: false, end: null });
    this.#startNext();
  }

  cancel(fence: string): void {
    const held = this.#held.get(fence);
    if (held && !held.started) this.#finish(held, { end: 'returned' });
  }

  #startNext(): void {
    for (const held of this.#held.values()) {
      if (this.#running >= this.#slots) return;
      if (held.started || held.end) continue;
      held.started = true;
      this.#running += 1;
      const { result, tookMs } = this.#work(held);
      const life = this.#life;
      this.#calendar.at(this.#calendar.nowMs + tookMs, () => {
        if (life !== this.#life || !this.isUp) return;
        this.#running -= 1;
        this.#finish(held, { end: 'done', result });
        this.#startNext();
      });
    }
  }

  #finish(held: Held, end: LeaseEnd): void {
    held.end = end;
    held.answer(end);
  }

  /** Like an adapter: begins no job late, and ends the one that runs over. */
  #work({ grant, arrivedMs }: Held): { result: LeaseResult; tookMs: number } {
    const { items, fence, lease, shard, timeoutMs } = grant;
    const { adapter, id } = this.spec;
    const speed = adapter.type === 'simulated' ? adapter.speed : 1;
    const startedMs = this.#calendar.nowMs;
    const beginByMs = arrivedMs + timeoutMs * LEASE_SHARES.beginBy;
    const endByMs = arrivedMs + timeoutMs * LEASE_SHARES.endBy;
    let atMs = startedMs;
    let records = 0;
    const results = items.map(({ feed, attempt, estimateMs, ordinals, bodies }): ItemResult => {
      const completed: number[] = [];
      const failed: FailedJob[] = [];
      let place = 0;
      for (const ordinal of each(ordinals)) {
        if (atMs >= beginByMs) break;
        const body = bodies?.[place++] ?? null;
        const job = { feed, ordinal, attempt, estimateMs, body, adapter: adapter.type };
        const { serviceMs, code } = this.#jobs.attempt(job);
        const dueMs = atMs + serviceMs / speed;
        const drawn = dueMs > endByMs ? JOB_TIMEOUT : code;
        atMs = Math.min(dueMs, endByMs);
        records += 1;
        if (drawn === null) completed.push(ordinal);
        else failed.push([ordinal, drawn]);
      }
      return { completed: fromList(completed), failed };
    });
    const segment =
      records === 0 ? null : { name: `${shard}/${id}/${lease}-${fence}`, records, sha256: '' };
    const tookMs = atMs - startedMs;
    return { result: { items: results, segment, busyMs: tookMs }, tookMs };
  }
}
