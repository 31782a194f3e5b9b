/** How a shard's effects become activities and signals, and how their ends become events again. */
import * as wf from '@temporalio/workflow';
import type { NodeActivities } from '../activities/contracts.ts';
import type { LeaseGrant, LeaseProgress } from '../fabric/messages.ts';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import { size } from '../fabric/ordinals.ts';
import { counted } from '../fabric/reasons.ts';
import type { ShardEffect, ShardEvent } from '../fabric/shard/events.ts';
import { causeOf } from './activity-cause.ts';
import { saveSnapshot } from './checkpointing.ts';
import { appendEntries, orchestratorActivities } from './appending.ts';
import { nodeQueue, orchestratorId, shardId } from './protocol.ts';
import type { Sending } from './sending.ts';

/** A beat missed for so long means the node is gone: its leases are requeued. */
const PRESENCE_TIMEOUT = '1s';
/** A host that registers takes its presence at once; one that does not is gone again. */
const PRESENCE_START_TIMEOUT = '10s';
/** Longer than any node lives. */
const PRESENCE_LIFE = '3650 days';

/** What the effects need of the shell: where to tell what has happened. */
export interface ShardShell {
  happened(event: ShardEvent): void;
  fail(error: Error): void;
}

export class ShardEffects {
  readonly #spec: RunSpec;
  readonly #shard: string;
  readonly #sending: Sending;
  readonly #shell: ShardShell;
  readonly #leases = new Map<number, wf.CancellationScope>();
  readonly #presences = new Map<string, wf.CancellationScope>();
  /** The same in every run of this workflow, and another one once its fabric was rebuilt. */
  readonly #execution = wf.workflowInfo().firstExecutionRunId;
  readonly #activities: ReturnType<typeof orchestratorActivities>;

  constructor(spec: RunSpec, shard: string, sending: Sending, shell: ShardShell) {
    this.#spec = spec;
    this.#shard = shard;
    this.#sending = sending;
    this.#shell = shell;
    this.#activities = orchestratorActivities();
  }

  carryOut(effect: ShardEffect): void {
    switch (effect.do) {
      case 'pull':
        return this.#pull(effect);
      case 'lease':
        return this.#lease(effect.grant);
      case 'cancelLease':
        return this.#leases.get(effect.lease)?.cancel();
      case 'presence':
        return this.#presence(effect);
      case 'dismiss':
        return this.#presences.get(effect.node)?.cancel();
      case 'append': {
        const folder = `${this.#spec.folders.ledger}/${this.#shard}`;
        return appendEntries(
          this.#activities,
          { ...effect, folder },
          (event) => this.#shell.happened(event),
          (error) => this.#shell.fail(error),
        );
      }
      case 'cut':
        return saveSnapshot(this.#spec, this.#shard, effect, (event) =>
          this.#shell.happened(event),
        );
      case 'send': {
        const { fabric } = this.#spec;
        const to = effect.to === null ? orchestratorId(fabric) : shardId(fabric, effect.to);
        return this.#sending.send(to, effect.message);
      }
    }
  }

  #pull({ feed, from, count }: Extract<ShardEffect, { do: 'pull' }>): void {
    void this.#activities.pullPage({ feed, from, count }).then(
      (page) => this.#shell.happened({ on: 'page', feed: feed.id, from, ...page }),
      (error) => this.#shell.happened({ on: 'feedFailed', feed: feed.id, why: whyOf(error) }),
    );
  }

  #lease(grant: LeaseGrant): void {
    const { lease, fence, node, timeoutMs } = grant;
    const jobs = grant.items.reduce((sum, item) => sum + size(item.ordinals), 0);
    const { runLease } = wf.proxyActivities<NodeActivities>({
      taskQueue: nodeQueue(this.#spec.fabric, node),
      startToCloseTimeout: timeoutMs,
      // The server would try again on the same queue; the shard knows better nodes.
      retry: { maximumAttempts: 1 },
      cancellationType: wf.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
      summary: `lease ${lease}: ${counted(jobs, 'job')} to ${node}`,
    });
    const scope = new wf.CancellationScope();
    this.#leases.set(lease, scope);
    void scope
      .run(() => runLease({ ...grant, execution: this.#execution }))
      .then(
        (result) => {
          // Another call of the same lease has brought it already.
          if (!this.#leases.delete(lease)) return;
          this.#shell.happened({ on: 'leaseEnded', lease, fence, result });
        },
        (error) => {
          // A later call waits in this one's place, or another has brought the result.
          if (typeOf(error) === 'Superseded' || this.#leases.get(lease) !== scope) return;
          this.#leases.delete(lease);
          this.#shell.happened(leaseFailure(lease, fence, error));
        },
      );
  }

  #presence({ node, incarnation, session }: Extract<ShardEffect, { do: 'presence' }>): void {
    const { holdPresence } = wf.proxyActivities<NodeActivities>({
      taskQueue: nodeQueue(this.#spec.fabric, node),
      scheduleToStartTimeout: PRESENCE_START_TIMEOUT,
      startToCloseTimeout: PRESENCE_LIFE,
      heartbeatTimeout: PRESENCE_TIMEOUT,
      retry: { maximumAttempts: 1 },
      summary: `presence of ${node}`,
    });
    const gone = (change: 'left' | 'lost', why: string, told: boolean): void =>
      this.#shell.happened({ on: 'nodeGone', node, incarnation, change, why, told });
    const execution = this.#execution;
    const scope = new wf.CancellationScope();
    this.#presences.set(node, scope);
    void scope
      .run(() => holdPresence({ shard: this.#shard, node, session, incarnation, execution }))
      .then(
        () => gone('left', 'it was told to stop', false),
        async (error) => {
          const told = this.#toldOf(error);
          gone('lost', whyOf(error), told.length > 0);
          if (told.length === 0) return;
          const progress = await this.#readBack(told);
          this.#shell.happened({ on: 'finished', node, incarnation, progress });
        },
      );
  }

  /** What the last heartbeat of a node told of leases that it still holds. */
  #toldOf(error: unknown): readonly unknown[] {
    const cause = causeOf(error);
    const told: unknown = cause instanceof wf.TimeoutFailure ? cause.lastHeartbeatDetails : null;
    if (!Array.isArray(told)) return [];
    return (told as ({ readonly lease?: unknown } | null)[]).filter((each) =>
      this.#leases.has(Number(each?.lease)),
    );
  }

  async #readBack(told: readonly unknown[]): Promise<readonly LeaseProgress[]> {
    try {
      return await this.#activities.readBack({ folder: this.#spec.folders.results, told });
    } catch {
      return [];
    }
  }
}

function leaseFailure(lease: number, fence: string, error: unknown): ShardEvent {
  if (wf.isCancellation(error) || typeOf(error) === 'NotStarted') {
    return { on: 'leaseReturned', lease, fence };
  }
  const on = typeOf(error) === 'ResultsUnwritable' ? 'leaseUnwritten' : 'leaseLost';
  return { on, lease, fence, why: whyOf(error) };
}

function typeOf(error: unknown): string | null {
  const cause = causeOf(error);
  return cause instanceof wf.ApplicationFailure ? (cause.type ?? null) : null;
}

/** The deepest message, which says what happened rather than that an activity failed. */
function whyOf(error: unknown): string {
  const cause = causeOf(error);
  if (cause instanceof wf.TimeoutFailure) {
    return cause.timeoutType === 'HEARTBEAT' ? 'its heartbeat stopped' : 'it took too long';
  }
  return cause instanceof Error ? cause.message : 'unknown';
}
