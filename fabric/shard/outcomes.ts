/**
 * What becomes of leases. Each ordinal of a lease ends in exactly one of: completed, failed for good,
 * queued again after a failed attempt, or handed back unstarted. An answer under a fence that is no
 * longer held changes nothing.
 */
import { addLatency } from '../histogram.ts';
import type { JobSlice } from '../job.ts';
import type { FailedJob, LedgerEvent } from '../ledger.ts';
import type { ItemResult, LeaseResult } from '../messages.ts';
import { fromList, has, intersect, size, subtract, type Ordinals } from '../ordinals.ts';
import { reason } from '../reasons.ts';
import { changeNode, count, log, note, type Draft } from './draft.ts';
import { isWithFormer } from './former.ts';
import { enqueue, refOf, releaseBodies } from './queue.ts';
import type { Lease, NodeState } from './state.ts';
import { holdNode, releaseNode } from './unwritten.ts';

type OutcomeItem = Extract<LedgerEvent, { type: 'outcome' }>['items'][number];

/** Weight of the newest lease in a node's moving means. */
const NEWEST = 0.3;

/**
 * Takes the result of a lease. With `lost` it is what its node is known to have finished before it was
 * lost: the rest goes back as if it had never been begun.
 */
export function endLease(
  draft: Draft,
  event: { lease: number; fence: string; result: LeaseResult; lost?: boolean },
): void {
  const lease = takeLease(draft, event.lease, event.fence);
  if (!lease) {
    const { lease: number, fence } = event;
    count(draft, { lateAnswers: 1 });
    log(draft, { type: 'late', lease: number, fence });
    note(draft, reason('late-answer', { lease: number, fence }));
    return;
  }
  const items = lease.items.map((item, i) =>
    settleItem(draft, lease, item, event.result.items[i] ?? { completed: [], failed: [] }),
  );
  const completed = items.reduce((sum, item) => sum + size(item.completed), 0);
  const failed = items.reduce((sum, item) => sum + item.failed.length + item.retried.length, 0);
  const back = lease.jobs - completed - failed;
  const price =
    draft.state.nodes.find((node) => node.spec.id === lease.node)?.spec.pricePerJob ?? 0;
  const cost = (completed + failed) * price;
  const isLost = event.lost === true;
  count(draft, { cost, leasesLost: isLost ? 1 : 0 });
  const isFormer = isWithFormer(draft.state, lease);
  changeNode(draft, lease.node, (node) => ({
    ...node,
    completed: node.completed + completed,
    failed: node.failed + failed,
    cost: node.cost + cost,
    leasesLost: node.leasesLost + (isLost ? 1 : 0),
    lastSeenAtMs: isLost ? node.lastSeenAtMs : draft.nowMs,
  }));
  const { segment, busyMs } = event.result;
  // What an earlier process did says nothing of the one that runs the node now.
  if (!isFormer) changeNode(draft, lease.node, (node) => measured(node, busyMs, completed, failed));
  if (segment !== null && !isFormer) releaseNode(draft, lease.node);
  const { fence, node } = lease;
  const how = isLost ? ({ lost: true } as const) : {};
  log(draft, { type: 'outcome', lease: lease.lease, fence, node, segment, items, cost, ...how });
  note(draft, reason('lease-ended', { lease: lease.lease, node, completed, failed, back }));
}

/** Puts the jobs of a lease back that ended without an answer. No attempt is counted. */
export function loseLease(
  draft: Draft,
  event: { lease: number; fence: string },
  why: string,
  returned: boolean,
): void {
  const lease = takeLease(draft, event.lease, event.fence);
  if (!lease) return;
  if (!returned) {
    count(draft, { leasesLost: 1 });
    changeNode(draft, lease.node, (node) => ({ ...node, leasesLost: node.leasesLost + 1 }));
  }
  handBack(draft, lease, why);
  const { node, jobs } = lease;
  const code = returned ? 'lease-returned' : 'lease-lost';
  note(draft, reason(code, { lease: lease.lease, node, jobs, why }));
}

/** Puts the jobs of a lease back, whatever ended it. */
export function requeueLease(
  draft: Draft,
  event: { lease: number; fence: string },
  why: string,
): void {
  const lease = takeLease(draft, event.lease, event.fence);
  if (lease) handBack(draft, lease, why);
}

/** All of its jobs are queued again, as they were. */
function handBack(draft: Draft, { lease, fence, node, items }: Lease, why: string): void {
  for (const item of items) enqueue(draft, item);
  log(draft, { type: 'requeue', lease, fence, node, why, jobs: items.map(refOf) });
}

/** Puts the jobs of a lease back whose results could not be written, and spares its node for a while. */
export function returnUnwritten(
  draft: Draft,
  event: { lease: number; fence: string; why: string },
): void {
  const lease = takeLease(draft, event.lease, event.fence);
  if (!lease) return;
  handBack(draft, lease, `its results could not be written: ${event.why}`);
  const { node, jobs } = lease;
  const ms = holdNode(draft, node, event.why);
  const data = { lease: lease.lease, node, jobs, why: event.why, ms };
  note(draft, reason('results-unwritable', data));
}

/** Removes the lease from those in flight, if it is held under this fence. */
function takeLease({ state }: Draft, number: number, fence: string): Lease | undefined {
  const lease = state.leases.find((each) => each.lease === number && each.fence === fence);
  if (lease) state.leases = state.leases.filter((each) => each !== lease);
  return lease;
}

function settleItem(draft: Draft, lease: Lease, item: JobSlice, result: ItemResult): OutcomeItem {
  const { state, nowMs } = draft;
  const completed = intersect(item.ordinals, result.completed);
  const attempts = failuresOf(item.ordinals, completed, result.failed);
  const tried = fromList(attempts.map(([ordinal]) => ordinal));
  const back = subtract(subtract(item.ordinals, completed), tried);
  const final = item.attempt >= state.fabricPolicy.attemptsMax;
  enqueue(draft, { ...item, ordinals: back });
  if (!final) {
    const again = { attempt: item.attempt + 1, avoidNode: lease.node, ordinals: tried };
    enqueue(draft, { ...item, ...again });
  }
  const done = size(completed);
  const lost = final ? attempts.length : 0;
  const retried = final ? 0 : attempts.length;
  releaseBodies(draft, item.page, done + lost);
  const latencyMs = nowMs - item.arrivedAtMs;
  state.latency = addLatency(state.latency, latencyMs, done);
  const budgetMs = item.latencyBudgetMs ?? state.policy.latencyBudgetMs;
  if (latencyMs > budgetMs) state.overBudget += done + lost;
  count(draft, {
    completed: done,
    failed: lost,
    retried,
    valueCompleted: done * item.value,
    valueFailed: lost * item.value,
  });
  if (lost > 0) note(draft, reason('attempts-exhausted', { jobs: lost, attempt: item.attempt }));
  if (retried > 0) note(draft, reason('retry', { jobs: retried, attempt: item.attempt }));
  const { feed, origin, attempt } = item;
  const ends = final ? { failed: attempts, retried: [] } : { failed: [], retried: attempts };
  return { feed, origin, attempt, completed, ...ends, back };
}

/** Failures of jobs that the lease holds and that were not also reported as completed, each once. */
function failuresOf(
  held: Ordinals,
  completed: Ordinals,
  failed: readonly FailedJob[],
): readonly FailedJob[] {
  const seen = new Set<number>();
  return failed.filter(([ordinal]) => {
    if (seen.has(ordinal) || !has(held, ordinal) || has(completed, ordinal)) return false;
    seen.add(ordinal);
    return true;
  });
}

function measured(node: NodeState, busyMs: number, completed: number, failed: number): NodeState {
  return {
    ...node,
    attempts: node.attempts + completed + failed,
    serviceMs: blend(node.serviceMs, busyMs, completed + failed),
    health: completed + failed === 0 ? node.health : blendShare(node.health, completed, failed),
  };
}

function blend(mean: number | null, busyMs: number, jobs: number): number | null {
  if (jobs === 0) return mean;
  const measured = busyMs / jobs;
  return mean === null ? measured : mean * (1 - NEWEST) + measured * NEWEST;
}

function blendShare(health: number, completed: number, failed: number): number {
  return health * (1 - NEWEST) + (completed / (completed + failed)) * NEWEST;
}
