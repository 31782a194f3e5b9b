/**
 * The node pool of a shard: who is here. A node is known by its id and, between two starts of its process,
 * by a session; every new session is a new incarnation, and what an earlier one held ends with it.
 *
 * A node whose presence ended is first suspect: its leases stay where they are, since it may only have lost
 * the engine for a while. It is ready again when its process, still the same, registers. When its time is
 * up it is lost, what it is known to have finished is kept, and only the rest is given to others.
 */
import { isFull } from '../ledger.ts';
import { LIMITS } from '../limits.ts';
import type { LeaseProgress } from '../messages.ts';
import type { NodeSpec } from '../policy.ts';
import { reason } from '../reasons.ts';
import { changeNode, log, note, type Draft } from './draft.ts';
import { endLease, loseLease } from './outcomes.ts';
import { isOfFormer } from './former.ts';
import { askAgain } from './overdue.ts';
import type { Lease, NodeState, ShardState } from './state.ts';

/** A suspect whose last heartbeat told of finished jobs is given so much longer, until that has been read. */
const READ_MS = 250;
/** The silences of nodes that share a cause come within this time of each other. */
const SUSPECT_MS = 250;
/** When most of a pool is silent at once it is likely the engine: hosts need so long to be heard again. */
const SUSPECT_TOGETHER_MS = 3_000;
/** Why leases of an earlier process come back. */
const STARTED_ANEW = 'the node registered again';
/** Nodes given up together are given up one after another, so that their jobs don't come back all at once. */
const LOST_STEP_MS = 50;

/** The engine says so long after its last heartbeat, at the latest, that a process is gone. */
const LAST_BEAT_MS = 1_500;

/** Takes a registration. The same session of a node that is ready already changes nothing. */
export function registerNode(draft: Draft, spec: NodeSpec, session: string): void {
  const { state } = draft;
  // Its chain has its last entry.
  if (state.closed) return;
  const known = state.nodes.find((node) => node.spec.id === spec.id);
  if (known?.service === 'removed') {
    note(draft, reason('node-removed', { node: spec.id }));
    return;
  }
  if (known?.session === session) {
    if (known.state === 'ready') return;
    if (known.state === 'suspect') return welcomeBack(draft, known);
  }
  // It could not be recorded; the host registers again.
  if (isFull(state.ledger)) return;
  if (!known && state.nodes.length >= LIMITS.nodesPerShardMax) {
    const limit = LIMITS.nodesPerShardMax;
    note(draft, reason('too-many-nodes', { node: spec.id, shard: state.shard, limit }));
    return;
  }
  const incarnation = (known?.incarnation ?? 0) + 1;
  const former = known ? leaveBehind(draft, known) : null;
  const offered = admitNode(draft, spec, session, incarnation);
  changeNode(draft, spec.id, (node) => ({ ...node, former }));
  draft.effects.push({ do: 'presence', node: spec.id, incarnation, session });
  log(draft, { type: 'node', node: spec.id, incarnation, change: 'registered', spec: offered });
  note(draft, reason('node-ready', { node: spec.id, incarnation, slots: offered.slots }));
}

/**
 * Puts a node among those that are here, with what is counted of its earlier incarnations, and what the owner
 * has said of it in the place of what its host says. Returns what it offers then.
 */
export function admitNode(
  draft: Draft,
  spec: NodeSpec,
  session: string,
  incarnation: number,
): NodeSpec {
  const current = draft.state.nodes.find((node) => node.spec.id === spec.id) ?? freshNode(spec);
  const offered = { ...spec, ...current.ordered };
  keepNode(draft, {
    ...current,
    spec: offered,
    state: 'ready',
    session,
    incarnation,
    suspectUntilMs: null,
    progress: [],
    ejectedUntilMs: null,
    serviceMs: null,
    health: 1,
    attempts: 0,
    lastSeenAtMs: draft.nowMs,
  });
  return offered;
}

/** A node of which nothing has been heard yet. */
export function freshNode(spec: NodeSpec): NodeState {
  return {
    spec,
    state: 'left',
    service: 'open',
    session: '',
    incarnation: 0,
    completed: 0,
    failed: 0,
    leasesLost: 0,
    cost: 0,
    drainUntilMs: null,
    suspectUntilMs: null,
    progress: [],
    ejectedUntilMs: null,
    ejections: 0,
    serviceMs: null,
    health: 1,
    attempts: 0,
    lastSeenAtMs: 0,
  };
}

/** Puts the node in the place of the one of its name, or adds it; they stand by their names. */
export function keepNode({ state }: Draft, node: NodeState): void {
  const others = state.nodes.filter((each) => each.spec.id !== node.spec.id);
  state.nodes = [...others, node].sort((a, b) => (a.spec.id < b.spec.id ? -1 : 1));
}

/** A node whose presence ended. News of an incarnation before the last two is ignored. */
export function nodeGone(
  draft: Draft,
  event: {
    node: string;
    incarnation: number;
    change: 'lost' | 'left';
    why: string;
    told?: boolean;
  },
): void {
  const node = draft.state.nodes.find((each) => each.spec.id === event.node);
  const isTold = event.told === true;
  if (node?.former?.incarnation === event.incarnation) {
    if (!isTold) freeFormer(draft, node, []);
    return;
  }
  if (!node || node.incarnation !== event.incarnation || node.state !== 'ready') return;
  const isWanted = event.change === 'lost' && node.service !== 'removed';
  if (!isWanted) return endPresence(draft, node, 'left', event.why);
  const suspectUntilMs = draft.nowMs + SUSPECT_MS + (isTold ? READ_MS : 0);
  const change = { state: 'suspect' as const, suspectUntilMs, isOneOfMany: false, progress: [] };
  changeNode(draft, event.node, (each) => ({ ...each, ...change }));
  log(draft, {
    type: 'node',
    node: event.node,
    incarnation: event.incarnation,
    change: 'suspect',
    why: event.why,
  });
  note(draft, reason('node-suspect', { node: event.node, why: event.why }));
  if (isSilentTogether(draft)) waitForAll(draft);
}

/** What a node that is gone had finished: its leases end by that, at once or when it is given up. */
export function takeFinished(
  draft: Draft,
  event: { node: string; incarnation: number; progress: readonly LeaseProgress[] },
): void {
  const node = draft.state.nodes.find((each) => each.spec.id === event.node);
  const { incarnation, progress } = event;
  if (node?.former?.incarnation === incarnation) return freeFormer(draft, node, progress);
  if (node?.state !== 'suspect' || node.incarnation !== incarnation) return;
  const { suspectUntilMs, isOneOfMany } = node;
  const untilMs = (suspectUntilMs ?? 0) - (isOneOfMany === true ? 0 : READ_MS);
  changeNode(draft, event.node, (each) => ({ ...each, progress, suspectUntilMs: untilMs }));
}

/** Gives up suspects whose time is over. */
export function giveUpSuspects(draft: Draft): void {
  for (const node of draft.state.nodes) {
    if (node.state !== 'suspect' || (node.suspectUntilMs ?? 0) > draft.nowMs) continue;
    endPresence(draft, node, 'lost', 'its heartbeat stopped');
  }
}

/** Half of those that were here, and not merely one of several. */
function isSilentTogether({ state }: Draft): boolean {
  const silent = state.nodes.filter((node) => node.state === 'suspect').length;
  const here = state.nodes.filter((node) => node.state === 'ready').length;
  return silent >= here && (silent > 1 || here === 0);
}

/** Each is waited for once: those that are already keep their time, the others follow them. */
function waitForAll(draft: Draft): void {
  const suspects = draft.state.nodes.filter(({ state }) => state === 'suspect');
  const waitedFor = suspects.filter(({ isOneOfMany }) => isOneOfMany === true);
  const latestMs = Math.max(...waitedFor.map(({ suspectUntilMs }) => suspectUntilMs ?? 0));
  let at = Math.max(draft.nowMs + SUSPECT_TOGETHER_MS, latestMs + LOST_STEP_MS);
  for (const node of suspects) {
    if (node.isOneOfMany === true) continue;
    const wait = { suspectUntilMs: at, isOneOfMany: true };
    changeNode(draft, node.spec.id, (each) => ({ ...each, ...wait }));
    at += LOST_STEP_MS;
  }
}

/** The same process is heard again: its presence is asked for anew, and so is every lease it holds. */
function welcomeBack(draft: Draft, node: NodeState): void {
  const { spec, incarnation, session } = node;
  const back = { state: 'ready' as const, suspectUntilMs: null, progress: [] };
  changeNode(draft, spec.id, (each) => ({ ...each, ...back, lastSeenAtMs: draft.nowMs }));
  draft.effects.push({ do: 'presence', node: spec.id, incarnation, session });
  for (const lease of leasesOf(draft.state, node)) askAgain(draft, lease);
  log(draft, { type: 'node', node: spec.id, incarnation, change: 'back' });
  note(draft, reason('node-back', { node: spec.id }));
}

function endPresence(draft: Draft, node: NodeState, change: 'lost' | 'left', why: string): void {
  const { spec, incarnation } = node;
  const gone = { state: change, suspectUntilMs: null, progress: [] };
  changeNode(draft, spec.id, (each) => ({ ...each, ...gone }));
  log(draft, { type: 'node', node: spec.id, incarnation, change, why });
  note(draft, reason(change === 'lost' ? 'node-lost' : 'node-left', { node: spec.id, why }));
  freeLeases(draft, node, why);
}

/**
 * A node's process has been started anew. What the last one held is free as soon as it is known what it had
 * finished: of a silent one that is known; of any other the engine tells with the end of its presence.
 */
function leaveBehind(draft: Draft, known: NodeState): NonNullable<NodeState['former']> | null {
  const { state, incarnation, former } = known;
  // Two starts within a second: the first one's beats have been waited for long enough.
  if (former) freeFormer(draft, known, []);
  if (state !== 'ready') {
    freeLeases(draft, known, STARTED_ANEW);
    return null;
  }
  const holds = leasesOf(draft.state, known).length > 0;
  return holds ? { incarnation, untilMs: draft.nowMs + LAST_BEAT_MS } : null;
}

/** Ends the leases of a node's process that has been followed by another, by what it had finished. */
function freeFormer(draft: Draft, node: NodeState, progress: readonly LeaseProgress[]): void {
  const { leases } = draft.state;
  const former = leases.filter(
    ({ node: id, fence }) => id === node.spec.id && isOfFormer(node, fence),
  );
  endAll(draft, former, progress, STARTED_ANEW);
  changeNode(draft, node.spec.id, (each) => ({ ...each, former: null }));
}

/** Waits no longer for last heartbeats that are not told of. */
export function giveUpFormers(draft: Draft): void {
  for (const node of draft.state.nodes) {
    if (node.former && node.former.untilMs <= draft.nowMs) freeFormer(draft, node, []);
  }
}

/** Ends the leases of the node's process: with what it is known to have finished, and the rest given to others. */
export function freeLeases(draft: Draft, node: NodeState, why: string): void {
  endAll(draft, leasesOf(draft.state, node), node.progress, why);
}

/** The leases that the process has which runs the node now. */
export function leasesOf({ leases }: ShardState, node: NodeState): readonly Lease[] {
  return leases.filter(({ node: id, fence }) => id === node.spec.id && !isOfFormer(node, fence));
}

function endAll(
  draft: Draft,
  leases: readonly Lease[],
  progress: readonly LeaseProgress[],
  why: string,
): void {
  for (const lease of leases) {
    draft.effects.push({ do: 'cancelLease', lease: lease.lease });
    const done = progress.find(({ fence }) => fence === lease.fence);
    if (done) endLease(draft, { ...lease, result: done.result, lost: true });
    else loseLease(draft, lease, why, false);
  }
}
