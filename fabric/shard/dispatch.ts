/**
 * The router: which node gets which jobs. A node holds at most its slots and one lease more, so that it
 * never waits for the next one; what it works off decides how long its next lease is. Jobs stay where
 * they are queued (locality), a node that fails much gets less (isolation), the emptiest goes first
 * (balance); ties are broken by id.
 */
import { isBehind, isStuck } from '../ledger.ts';
import { LIMITS } from '../limits.ts';
import type { JobSlice } from '../job.ts';
import { size, take } from '../ordinals.ts';
import { reason } from '../reasons.ts';
import { count, log, mayDispatch, note, type Draft } from './draft.ts';
import { fenceOf } from './fence.ts';
import { grantOf } from './grant.ts';
import { takesLeases } from './node-service.ts';
import { patienceMs } from './overdue.ts';
import { refOf, shrink, sliceOf } from './queue.ts';
import { canDo } from './skills.ts';
import { leasesAllowed } from './unwritten.ts';
import type { NodeState, ShardState } from './state.ts';

/**
 * Service time of a job of which nothing is known yet. A guess that is far too low does no harm: a node hands
 * back what it has not begun of a lease in `LEASE_WORK_TIMES` of the time that the lease aims at.
 */
const UNKNOWN_SERVICE_MS = 1;
/** No lease is cut shorter than this for the sake of even shares: what it costs would be more than its work. */
const SHORTEST_MS = 50;
/** Shorter service times are taken for this. */
const SERVICE_MS_MIN = 0.01;

interface Candidate {
  readonly node: NodeState;
  readonly window: number;
  free: number;
}

/** Grants leases until the nodes are full or nothing can be leased. */
export function dispatch(draft: Draft): void {
  const { state } = draft;
  if (state.queue.length === 0 || !mayDispatch(state)) return;
  if (isBehind(state.ledger)) {
    const entries = state.ledger.backlog.length;
    if (!isStuck(state.ledger)) note(draft, reason('ledger-behind', { entries }));
    return;
  }
  const candidates = readyNodes(state, draft.nowMs);
  let places = candidates.reduce((sum, { free }) => sum + free, 0);
  while (state.leases.length < LIMITS.leasesInFlightMax) {
    const chosen = mostRoom(candidates);
    if (!chosen) return;
    const slices = fillLease(draft, chosen.node, places);
    if (slices.length === 0) {
      places -= chosen.free;
      chosen.free = 0;
      continue;
    }
    grant(draft, chosen, slices);
    chosen.free -= 1;
    places -= 1;
  }
}

/** Leases that a node may hold at once. A node that fails most of its work keeps a single one. */
export function leaseWindow(node: NodeState): number {
  return node.health < 0.5 ? 1 : node.spec.slots + 1;
}

/** Jobs a second that the shard's ready nodes can do. */
export function jobsPerSecond(state: ShardState, nowMs: number): number {
  let rate = 0;
  for (const node of state.nodes) {
    if (!takesLeases(node, nowMs)) continue;
    rate += (node.spec.slots * 1000) / serviceMs(node, null);
  }
  return rate;
}

/** Jobs that the shard's ready nodes can hold at once, in leases as long as they are to be. */
export function appetite({ nodes, fabricPolicy }: ShardState, nowMs: number): number {
  const { leaseTargetMs, leaseJobsMax } = fabricPolicy;
  let jobs = 0;
  for (const node of nodes) {
    if (!takesLeases(node, nowMs)) continue;
    const lease = leaseTargetMs / serviceMs(node, null);
    jobs += leaseWindow(node) * Math.min(Math.ceil(lease), leaseJobsMax);
  }
  return jobs;
}

function readyNodes(state: ShardState, nowMs: number): Candidate[] {
  const held = new Map<string, number>();
  for (const lease of state.leases) held.set(lease.node, (held.get(lease.node) ?? 0) + 1);
  return state.nodes
    .filter((node) => takesLeases(node, nowMs))
    .map((node) => {
      const window = Math.min(leaseWindow(node), leasesAllowed(state, node.spec.id, nowMs));
      return { node, window, free: Math.max(0, window - (held.get(node.spec.id) ?? 0)) };
    });
}

function mostRoom(candidates: readonly Candidate[]): Candidate | undefined {
  let best: Candidate | undefined;
  for (const candidate of candidates) {
    if (candidate.free === 0) continue;
    if (!best || candidate.free / candidate.window > best.free / best.window) best = candidate;
  }
  return best;
}

/** Takes jobs out of the queue for one lease: as many as fit its target time, and no more than a fair share. */
function fillLease(draft: Draft, node: NodeState, places: number): JobSlice[] {
  const { state, nowMs } = draft;
  const eligible = state.queue.filter(
    (jobs) =>
      jobs.notBeforeMs <= nowMs &&
      canDo(node.spec.skills, jobs.skills) &&
      !avoids(state, jobs, node, nowMs),
  );
  const waiting = eligible.reduce((sum, jobs) => sum + size(jobs.ordinals), 0);
  const perMs = 1 / serviceMs(node, eligible[0]?.estimateMs ?? null);
  const target = Math.ceil(state.fabricPolicy.leaseTargetMs * perMs);
  const share = Math.max(Math.ceil(waiting / Math.max(places, 1)), Math.floor(SHORTEST_MS * perMs));
  let room = Math.max(1, Math.min(target, share, state.fabricPolicy.leaseJobsMax));
  const slices: JobSlice[] = [];
  for (const jobs of eligible) {
    if (room === 0) break;
    const { taken, rest } = take(jobs.ordinals, room);
    room -= size(taken);
    slices.push(sliceOf(jobs, taken));
    shrink(draft, jobs.id, rest);
  }
  return slices;
}

/** Jobs that just failed on a node go to another one, unless no other ready one can do them. */
function avoids(
  state: ShardState,
  jobs: { avoidNode: string | null; skills: readonly string[] },
  node: NodeState,
  nowMs: number,
): boolean {
  if (jobs.avoidNode !== node.spec.id) return false;
  return state.nodes.some(
    (other) =>
      takesLeases(other, nowMs) &&
      other.spec.id !== node.spec.id &&
      canDo(other.spec.skills, jobs.skills),
  );
}

function grant(draft: Draft, { node, window, free }: Candidate, items: JobSlice[]): void {
  const { state, nowMs } = draft;
  const lease = state.next.lease;
  const fence = fenceOf(node.incarnation, lease);
  const jobs = items.reduce((sum, item) => sum + size(item.ordinals), 0);
  state.next = { ...state.next, lease: lease + 1 };
  state.leases = [
    ...state.leases,
    {
      lease,
      fence,
      node: node.spec.id,
      jobs,
      grantedAtMs: nowMs,
      askAtMs: nowMs + patienceMs(jobs * serviceMs(node, items[0]?.estimateMs ?? null)),
      cancelled: false,
      items,
    },
  ];
  let waitMs = 0;
  for (const item of items) {
    const waited = nowMs - item.arrivedAtMs;
    waitMs = Math.max(waitMs, waited);
  }
  draft.effects.push({
    do: 'lease',
    grant: grantOf(state, lease),
  });
  count(draft, { leasesGranted: 1 });
  const refs = items.map(refOf);
  log(draft, { type: 'lease', lease, fence, node: node.spec.id, jobs: refs, waitMs });
  note(draft, reason('leased', { lease, jobs, node: node.spec.id, free, window }));
}

function serviceMs(node: NodeState, estimateMs: number | null): number {
  return Math.max(node.serviceMs ?? estimateMs ?? UNKNOWN_SERVICE_MS, SERVICE_MS_MIN);
}
