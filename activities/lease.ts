/**
 * The desk of one node: takes leases, runs as many at a time as the node has slots, and does each once.
 * A lease is known by its number, its fence and the life of the workflow that gave it; asked for it again,
 * as by one that continued as new with the lease in flight, the desk hands out the one that runs or has just
 * ended.
 *
 * A call waits with its lease. It beats while the lease waits for a slot, for that is how a cancel
 * reaches it: then the lease ends unstarted. One that has begun is finished whatever comes.
 */
import { ApplicationFailure } from '@temporalio/common';
import { Context } from '@temporalio/activity';
import { LEASE_SHARES } from '../fabric/lease-time.ts';
import { jsonBytes } from '../fabric/bytes.ts';
import type { LeaseGrant, LeaseProgress, LeaseResult } from '../fabric/messages.ts';
import type { AskedBy, LeaseOrder } from './contracts.ts';
import { expectedFailure } from './expected-failure.ts';
import type { LeaseHost } from './lease-run.ts';
import { runJobs, untouched } from './lease-run.ts';
import { requireSession } from './presence.ts';

export interface DeskOrder extends LeaseHost {
  readonly node: string;
  /** Leases that it works on at the same time, until a lease brings another number. */
  readonly slots: number;
}

/** Ended leases that are remembered for calls still to come. */
export const ENDED_LEASES_MAX = 256;

/** Leases that a heartbeat tells of, and their bytes as JSON. */
const PROGRESS_KEPT_MAX = 16;
const PROGRESS_BYTES_MAX = 32 * 1024;

const WAITING_BEAT_MS = 200;

interface LeaseAtDesk {
  readonly key: string;
  readonly grant: LeaseOrder;
  readonly arrivedMs: number;
  readonly done: Promise<LeaseResult>;
  state: 'waiting' | 'running' | 'ended';
  resolve: (result: LeaseResult) => void;
  reject: (error: unknown) => void;
  /** The newest call; when a newer one comes, this one is let go. */
  call: { readonly scheduledMs: number; readonly letGo: () => void } | null;
}

export class LeaseDesk {
  readonly #order: DeskOrder;
  readonly #leases = new Map<string, LeaseAtDesk>();
  readonly #ended = new Map<string, Promise<LeaseResult>>();
  readonly #waiting: LeaseAtDesk[] = [];
  /** What is synced of each lease that runs or has just ended, oldest first. */
  readonly #progress = new Map<string, LeaseProgress & AskedBy>();
  readonly #abandoned = new AbortController();
  #slots: number;
  #running = 0;
  #draining = false;
  #idle: (() => void)[] = [];

  constructor(order: DeskOrder) {
    this.#order = order;
    this.#slots = order.slots;
  }

  /**
   * The activity. Throws a failure of type `StaleSession` for a grant to an earlier start of this
   * process, `NotStarted` for a called-back lease that has not begun, `Superseded` when a later call
   * took over, a CancelledFailure when it was cancelled unstarted or nobody waits for the call any
   * more, and what `runJobs` throws.
   */
  async runLease(grant: LeaseOrder): Promise<LeaseResult> {
    const { node, session } = this.#order;
    requireSession(node, grant.session, session);
    if (grant.node !== node) {
      const message = `lease ${grant.lease} is for node "${grant.node}", not "${node}"`;
      throw ApplicationFailure.nonRetryable(message, 'WrongNode');
    }
    const key = `${grant.lease} ${grant.fence} ${grant.execution}`;
    const ended = this.#ended.get(key);
    if (ended) return ended;
    if (grant.attachOnly) this.#requireStarted(key, grant);
    const lease = this.#leases.get(key) ?? this.#admit(key, grant);
    return this.#attend(lease, Context.current());
  }

  /**
   * What a heartbeat tells of the leases that such an execution gave, so that it is kept should this be the
   * last one: the newest ones, as far as a heartbeat may carry them.
   */
  progress(execution: string): readonly LeaseProgress[] {
    let bytes = 0;
    const newest = [...this.#progress.values()]
      .filter((each) => each.execution === execution)
      .map(({ lease, fence, result }): LeaseProgress => ({ lease, fence, result }))
      .reverse();
    const room = newest.findIndex((each) => (bytes += jsonBytes(each)) > PROGRESS_BYTES_MAX);
    return room < 0 ? newest : newest.slice(0, room);
  }

  /**
   * Ends in order: no job is begun any more, what waits goes back, and what runs hands back the rest
   * after its job under way. Resolves when nothing runs; after `graceMs` jobs under way are abandoned.
   */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    for (const lease of this.#waiting.splice(0)) this.#end(lease, untouched(lease.grant));
    if (this.#running === 0) return;
    const deadline = setTimeout(() => this.#abandoned.abort(), graceMs);
    await new Promise<void>((resolve) => this.#idle.push(resolve));
    clearTimeout(deadline);
  }

  #admit(key: string, grant: LeaseOrder): LeaseAtDesk {
    let resolve: LeaseAtDesk['resolve'] = () => undefined;
    let reject: LeaseAtDesk['reject'] = () => undefined;
    const done = new Promise<LeaseResult>((yes, no) => {
      resolve = yes;
      reject = no;
    });
    done.catch(() => undefined);
    const arrivedMs = performance.now();
    const lease: LeaseAtDesk = {
      key,
      grant,
      arrivedMs,
      done,
      state: 'waiting',
      resolve,
      reject,
      call: null,
    };
    this.#leases.set(key, lease);
    this.#slots = grant.slots ?? this.#slots;
    if (this.#draining) this.#end(lease, untouched(grant));
    else this.#waiting.push(lease);
    this.#fillSlots();
    return lease;
  }

  /** Waits with the lease on behalf of one call. */
  async #attend(lease: LeaseAtDesk, context: Context): Promise<LeaseResult> {
    const scheduledMs = context.info.currentAttemptScheduledTimestampMs;
    if (lease.call !== null && lease.call.scheduledMs > scheduledMs) throw supersededFailure();
    lease.call?.letGo();
    const beats = setInterval(() => {
      if (lease.state === 'waiting') context.heartbeat();
    }, WAITING_BEAT_MS);
    try {
      const letGo = new Promise<never>((_, reject) => {
        lease.call = { scheduledMs, letGo: () => reject(supersededFailure()) };
      });
      return await Promise.race([lease.done, letGo, this.#cancelled(lease, context)]);
    } finally {
      clearInterval(beats);
    }
  }

  /**
   * Rejects when the call is to end without the lease's result. A cancel ends a lease that has not
   * begun. A call whose workflow is gone ("not found") is detached: the lease goes on without it.
   */
  async #cancelled(lease: LeaseAtDesk, context: Context): Promise<never> {
    try {
      return await context.cancelled;
    } catch (error) {
      const isCancel = context.cancellationDetails?.cancelRequested === true;
      if (!isCancel) throw error;
      if (lease.state !== 'waiting') return await new Promise<never>(() => undefined);
      this.#withdraw(lease, error);
      throw error;
    }
  }

  /** A lease that was called back while a workflow run took over from the last: it must not begin now. */
  #requireStarted(key: string, { lease: number }: LeaseGrant): void {
    const lease = this.#leases.get(key);
    if (lease !== undefined && lease.state !== 'waiting') return;
    const message = `lease ${number} was called back before it began`;
    const failure = expectedFailure('NotStarted', message);
    if (lease !== undefined) this.#withdraw(lease, failure);
    throw failure;
  }

  #withdraw(lease: LeaseAtDesk, error: unknown): void {
    this.#waiting.splice(this.#waiting.indexOf(lease), 1);
    lease.state = 'ended';
    this.#leases.delete(lease.key);
    lease.reject(error);
  }

  #fillSlots(): void {
    while (this.#running < this.#slots) {
      const lease = this.#waiting.shift();
      if (!lease) return;
      this.#running++;
      lease.state = 'running';
      void this.#run(lease);
    }
  }

  async #run(lease: LeaseAtDesk): Promise<void> {
    const { key, grant, arrivedMs } = lease;
    const { lease: number, fence, execution } = grant;
    const { timeoutMs, workMs = Infinity } = grant;
    const latestMs = arrivedMs + timeoutMs * LEASE_SHARES.beginBy;
    const beginByMs = Math.min(latestMs, performance.now() + workMs);
    try {
      const result = await runJobs(this.#order, grant, {
        mayStart: () => !this.#draining && performance.now() < beginByMs,
        endByMs: arrivedMs + timeoutMs * LEASE_SHARES.endBy,
        abandoned: this.#abandoned.signal,
        onProgress: (result) =>
          this.#progress.set(key, { lease: number, fence, execution, result }),
      });
      this.#end(lease, result);
    } catch (error) {
      lease.state = 'ended';
      this.#leases.delete(lease.key);
      lease.reject(error);
    } finally {
      this.#running--;
      if (this.#running === 0) for (const resolve of this.#idle.splice(0)) resolve();
      this.#fillSlots();
    }
  }

  #end(lease: LeaseAtDesk, result: LeaseResult): void {
    lease.state = 'ended';
    this.#leases.delete(lease.key);
    this.#ended.set(lease.key, lease.done);
    lease.resolve(result);
    const oldest = this.#ended.keys().next().value;
    if (this.#ended.size > ENDED_LEASES_MAX && oldest !== undefined) this.#ended.delete(oldest);
    // Its answer is on its way; a node that dies now has told of it by its heartbeat all the same.
    const [first] = this.#progress.keys();
    if (this.#progress.size > PROGRESS_KEPT_MAX && first !== undefined)
      this.#progress.delete(first);
  }
}

/** Nobody waits for the earlier call any more. */
function supersededFailure(): ApplicationFailure {
  return expectedFailure('Superseded', 'a later call took over this lease');
}
