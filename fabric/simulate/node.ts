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

/** A grant, and which engine it came by: another one may give the same numbers and fences again. */
export type EngineGrant = LeaseGrant & { readonly engine: number };

/** One job of a lease, with its item, when it ended, and its error code. */
interface JobEnd {
  readonly item: number;
  readonly ordinal: number;
  readonly code: string | null;
  readonly atMs: number;
}

/** What a node has done of a lease. */
export interface Worked {
  readonly grant: EngineGrant;
  readonly result: LeaseResult;
}

interface Held {
  readonly grant: EngineGrant;
  readonly arrivedMs: number;
  /** Who asked last: an earlier call is let go. */
  answer: Answer;
  /** How its jobs end, once it has been started. */
  jobs: readonly JobEnd[] | null;
  end: LeaseEnd | null;
}

export class SimulatedNode {
  readonly spec: RunNode;
  readonly #calendar: Calendar;
  readonly #jobs: SimulatedJobs;
  #held = new Map<string, Held>();
  #told: readonly Worked[] = [];
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

  /** Everything it held is gone with it, but for what its last beat told. */
  lose(): void {
    if (this.isUp) this.beat();
    this.isUp = false;
    this.#held = new Map();
    this.#running = 0;
  }

  run(grant: EngineGrant, answer: Answer): void {
    if (!this.isUp || grant.session !== this.session) return;
    const key = keyOf(grant);
    const held = this.#held.get(key);
    if (held) {
      held.answer = answer;
      if (held.end) answer(held.end);
      return;
    }
    if (grant.attachOnly) return answer({ end: 'returned' });
    const arrivedMs = this.#calendar.nowMs;
    this.#slots = grant.slots ?? this.#slots;
    this.#held.set(key, { grant, arrivedMs, answer, jobs: null, end: null });
    this.#startNext();
  }

  /** A heartbeat: it tells what has been done of each lease by now. */
  beat(): void {
    const { nowMs } = this.#calendar;
    this.#told = [...this.#held.values()].flatMap(({ grant, jobs }): Worked[] => {
      const done = (jobs ?? []).filter(({ atMs }) => atMs <= nowMs);
      return done.length === 0 ? [] : [{ grant, result: this.#resultOf(grant, done, nowMs) }];
    });
  }

  /** What the last beat of that start of it told of the leases that such an engine gave it. */
  lastTold(session: string, engine: number): readonly Worked[] {
    return this.#told.filter(({ grant }) => grant.session === session && grant.engine === engine);
  }

  cancel(lease: Pick<EngineGrant, 'fence' | 'engine'>): void {
    const held = this.#held.get(keyOf(lease));
    if (held && held.jobs === null) this.#finish(held, { end: 'returned' });
  }

  #startNext(): void {
    for (const held of this.#held.values()) {
      if (this.#running >= this.#slots) return;
      if (held.jobs !== null || held.end) continue;
      const jobs = this.#work(held);
      held.jobs = jobs;
      this.#running += 1;
      const startedMs = this.#calendar.nowMs;
      const endMs = jobs.at(-1)?.atMs ?? startedMs;
      const life = this.#life;
      this.#calendar.at(endMs, () => {
        if (life !== this.#life || !this.isUp) return;
        this.#running -= 1;
        this.#finish(held, { end: 'done', result: this.#resultOf(held.grant, jobs, startedMs) });
        this.#startNext();
      });
    }
  }

  #finish(held: Held, end: LeaseEnd): void {
    held.end = end;
    held.answer(end);
  }

  /** Like an adapter: begins no job late, and ends the one that runs over. */
  #work({ grant: { items, timeoutMs, workMs = Infinity }, arrivedMs }: Held): readonly JobEnd[] {
    const { adapter } = this.spec;
    const speed = adapter.type === 'simulated' ? adapter.speed : 1;
    const { nowMs } = this.#calendar;
    const beginByMs = Math.min(arrivedMs + timeoutMs * LEASE_SHARES.beginBy, nowMs + workMs);
    const endByMs = arrivedMs + timeoutMs * LEASE_SHARES.endBy;
    const ends: JobEnd[] = [];
    let atMs = nowMs;
    for (const [item, { feed, attempt, estimateMs, ordinals, bodies }] of items.entries()) {
      let place = 0;
      for (const ordinal of each(ordinals)) {
        if (atMs >= beginByMs) break;
        const body = bodies?.[place++] ?? null;
        const job = { feed, ordinal, attempt, estimateMs, body, adapter: adapter.type };
        const { serviceMs, code } = this.#jobs.attempt(job);
        const dueMs = atMs + serviceMs / speed;
        atMs = Math.min(dueMs, endByMs);
        ends.push({ item, ordinal, code: dueMs > endByMs ? JOB_TIMEOUT : code, atMs });
      }
    }
    return ends;
  }

  #resultOf(
    { items, fence, lease, shard }: EngineGrant,
    jobs: readonly JobEnd[],
    startedMs: number,
  ): LeaseResult {
    const name = `${shard}/${this.spec.id}/${lease}-${fence}/${jobs.length}`;
    return {
      items: items.map((_, i): ItemResult => {
        const own = jobs.filter(({ item }) => item === i);
        const completed = own.flatMap(({ ordinal, code }) => (code === null ? [ordinal] : []));
        const failed = own.flatMap(({ ordinal, code }): FailedJob[] =>
          code === null ? [] : [[ordinal, code]],
        );
        return { completed: fromList(completed), failed };
      }),
      segment: jobs.length === 0 ? null : { name, records: jobs.length, sha256: '' },
      busyMs: (jobs.at(-1)?.atMs ?? startedMs) - startedMs,
    };
  }
}

function keyOf({ fence, engine }: Pick<EngineGrant, 'fence' | 'engine'>): string {
  return `${engine} ${fence}`;
}
