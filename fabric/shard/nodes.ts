/**
 * The node pool of a shard. A node is known by its id and, between two starts of its process, by a
 * session; every new session is a new incarnation, and what an earlier one held is freed at once.
 */
import { LIMITS } from '../limits.ts';
import type { NodeSpec } from '../policy.ts';
import { reason } from '../reasons.ts';
import { changeNode, log, note, type Draft } from './draft.ts';
import { loseLease } from './outcomes.ts';
import type { NodeState } from './state.ts';

/** Takes a registration. The same session of a node that is ready already changes nothing. */
export function registerNode(draft: Draft, spec: NodeSpec, session: string): void {
  const { state } = draft;
  const known = state.nodes.find((node) => node.spec.id === spec.id);
  if (known?.state === 'ready' && known.session === session) return;
  if (!known && state.nodes.length >= LIMITS.nodesPerShardMax) {
    const limit = LIMITS.nodesPerShardMax;
    note(draft, reason('too-many-nodes', { node: spec.id, shard: state.shard, limit }));
    return;
  }
  const incarnation = (known?.incarnation ?? 0) + 1;
  if (known) freeLeases(draft, spec.id, 'the node registered again');
  const fresh: NodeState = {
    completed: 0,
    failed: 0,
    leasesLost: 0,
    cost: 0,
    ...state.nodes.find((node) => node.spec.id === spec.id),
    spec,
    state: 'ready',
    session,
    incarnation,
    serviceMs: null,
    health: 1,
    lastSeenAtMs: draft.nowMs,
  };
  const others = state.nodes.filter((node) => node.spec.id !== spec.id);
  state.nodes = [...others, fresh].sort((a, b) => (a.spec.id < b.spec.id ? -1 : 1));
  draft.effects.push({ do: 'presence', node: spec.id, incarnation, session });
  log(draft, { type: 'node', node: spec.id, incarnation, change: 'registered' });
  note(draft, reason('node-ready', { node: spec.id, incarnation, slots: spec.slots }));
}

/** A node whose presence ended. News of an earlier incarnation is ignored. */
export function nodeGone(
  draft: Draft,
  event: { node: string; incarnation: number; change: 'lost' | 'left'; why: string },
): void {
  const node = draft.state.nodes.find((each) => each.spec.id === event.node);
  if (!node || node.incarnation !== event.incarnation || node.state !== 'ready') return;
  changeNode(draft, event.node, (each) => ({ ...each, state: event.change }));
  const { incarnation, change, why } = event;
  log(draft, { type: 'node', node: event.node, incarnation, change, why });
  note(draft, reason(change === 'lost' ? 'node-lost' : 'node-left', { node: event.node, why }));
  freeLeases(draft, event.node, why);
}

function freeLeases(draft: Draft, node: string, why: string): void {
  for (const lease of draft.state.leases.filter((each) => each.node === node)) {
    draft.effects.push({ do: 'cancelLease', lease: lease.lease });
    loseLease(draft, lease, why, false);
  }
}
