/**
 * Which of the nodes that are here are given work: not those that the owner has cordoned, drains or has
 * removed, and for a while not those that stand out by failures or by slowness.
 */
import type { CommandAnswer, NodeLife } from '../messages.ts';
import { explain, reason, type Reason } from '../reasons.ts';
import { changeNode, log, note, type Draft } from './draft.ts';
import { freeLeases, leasesOf } from './nodes.ts';
import { canDo } from './skills.ts';
import type { NodeState, ShardState } from './state.ts';

/** A node is compared once it has ended so many attempts since it registered or came back. */
const ATTEMPTS_MIN = 20;
/** Fewer than half of its attempts succeed, and most of the others' do. */
const HEALTH_BAD = 0.5;
const HEALTH_GOOD = 0.8;
/** So many times as long as its peers need for a job. */
const SLOW_TIMES = 5;
/** Below this, in ms a job, slowness hurts nobody. */
const SLOW_MS_MIN = 20;
const EJECTED_MS = 10_000;
const EJECTED_MS_MAX = 300_000;
/** Of a shard's pool at the most so many are out at once, as a share; of two nodes it is one. */
const EJECTED_SHARE_MAX = 1 / 3;

/**
 * True while the node may be given leases. One whose process has just been started anew waits until it is known
 * what its last one had finished: the rest of that is the oldest there is, and it is free for it.
 */
export function takesLeases(node: NodeState, nowMs: number): boolean {
  const isThere = node.state === 'ready' && !node.former;
  return isThere && node.service === 'open' && !isEjected(node, nowMs);
}

/** What the node is, in one word. */
export function lifeOf(
  node: Pick<NodeState, 'state' | 'service' | 'incarnation' | 'ejectedUntilMs'>,
  nowMs: number,
): NodeLife {
  const { state, service, incarnation } = node;
  if (service === 'removed') return 'removed';
  if (incarnation === 0) return 'expected';
  if (state !== 'ready') return state;
  if (service !== 'open') return service;
  return isEjected(node, nowMs) ? 'ejected' : 'ready';
}

function isEjected({ ejectedUntilMs }: Pick<NodeState, 'ejectedUntilMs'>, nowMs: number): boolean {
  return (ejectedUntilMs ?? 0) > nowMs;
}

/** Ends drains that are done or overdue, and looks for nodes that stand out. */
export function tendService(draft: Draft): void {
  for (const node of draft.state.nodes) {
    if (node.service === 'draining') tendDrain(draft, node);
    if (node.ejectedUntilMs !== null && node.ejectedUntilMs <= draft.nowMs) readmit(draft, node);
  }
  ejectOutlier(draft);
}

/** When a node needs a look though nothing happens to it. */
export function nodeInstants(nodes: readonly NodeState[]): number[] {
  return nodes.flatMap(({ suspectUntilMs, drainUntilMs, ejectedUntilMs, former = null }) =>
    [suspectUntilMs, drainUntilMs, ejectedUntilMs, former?.untilMs ?? null].filter(
      (at) => at !== null,
    ),
  );
}

export type NodeCommand = 'cordonNode' | 'uncordonNode' | 'drainNode' | 'removeNode';

/** Carries out an owner's command about one node. Refused when the shard has no such node. */
export function commandNode(
  draft: Draft,
  name: NodeCommand,
  { node: id = '', seconds }: { readonly node?: string; readonly seconds?: number },
): Pick<CommandAnswer, 'effect'> & Partial<CommandAnswer> {
  const { state, nowMs } = draft;
  const node = state.nodes.find(({ spec }) => spec.id === id);
  if (!node) {
    const because = explain(reason('unknown-node', { node: id, shard: state.shard }));
    return { outcome: 'refused', because, effect: 'Nothing changed.' };
  }
  const held = leasesOf(state, node);
  switch (name) {
    case 'cordonNode':
      return served(
        draft,
        node,
        'cordoned',
        reason('node-cordoned', { node: id, leases: held.length }),
      );
    case 'uncordonNode':
      return served(draft, node, 'open', reason('node-uncordoned', { node: id }));
    case 'drainNode': {
      const within = seconds ?? DRAIN_SECONDS;
      for (const { lease } of held) draft.effects.push({ do: 'cancelLease', lease });
      state.leases = state.leases.map((lease) =>
        held.includes(lease) ? { ...lease, cancelled: true } : lease,
      );
      const why = reason('node-draining', { node: id, leases: held.length, seconds: within });
      return served(draft, node, 'draining', why, nowMs + within * 1_000);
    }
    case 'removeNode': {
      const answer = served(draft, node, 'removed', reason('node-removed', { node: id }));
      freeLeases(draft, node, 'the owner removed the node');
      draft.effects.push({ do: 'dismiss', node: id });
      return answer;
    }
  }
}

/** What a drain is given where nothing was said. */
const DRAIN_SECONDS = 30;

function served(
  draft: Draft,
  { spec, incarnation }: NodeState,
  service: NodeState['service'],
  why: Reason,
  drainUntilMs: number | null = null,
): { effect: string } {
  changeNode(draft, spec.id, (each) => ({ ...each, service, drainUntilMs }));
  const change = service === 'open' ? 'uncordoned' : service;
  log(draft, { type: 'node', node: spec.id, incarnation, change });
  note(draft, why);
  return { effect: explain(why) };
}

function tendDrain(draft: Draft, node: NodeState): void {
  const { spec, drainUntilMs } = node;
  const held = leasesOf(draft.state, node).length > 0;
  if (held && draft.nowMs < (drainUntilMs ?? 0)) return;
  if (held) freeLeases(draft, node, 'its time to drain was over');
  served(draft, node, 'cordoned', reason('node-drained', { node: spec.id }));
}

/** One at a time, so that the next look compares with a pool without it. */
function ejectOutlier(draft: Draft): void {
  const { state, nowMs } = draft;
  const pool = state.nodes.filter((node) => node.state === 'ready' && node.service === 'open');
  const out = pool.filter((node) => isEjected(node, nowMs)).length;
  const most = pool.length > 1 ? Math.max(1, Math.floor(pool.length * EJECTED_SHARE_MAX)) : 0;
  if (out >= most) return;
  const judged = pool.filter((node) => !isEjected(node, nowMs) && node.attempts >= ATTEMPTS_MIN);
  for (const node of judged) {
    if (isAlone(state, node, nowMs)) continue;
    const others = judged.filter((other) => other !== node);
    const why = standsOut(node, others);
    if (why === null) continue;
    const ejections = node.ejections + 1;
    const forMs = Math.min(EJECTED_MS * 2 ** (ejections - 1), EJECTED_MS_MAX);
    changeNode(draft, node.spec.id, (each) => ({
      ...each,
      ejections,
      ejectedUntilMs: nowMs + forMs,
    }));
    const { incarnation } = node;
    log(draft, { type: 'node', node: node.spec.id, incarnation, change: 'ejected', why });
    note(draft, reason('node-ejected', { node: node.spec.id, seconds: forMs / 1_000, why }));
    return;
  }
}

/** True where jobs wait that no other node could be given: bad as it is, they have nobody else. */
function isAlone(state: ShardState, { spec }: NodeState, nowMs: number): boolean {
  const others = state.nodes.filter((node) => node.spec.id !== spec.id && takesLeases(node, nowMs));
  return state.queue.some(
    ({ skills }) =>
      canDo(spec.skills, skills) && !others.some((other) => canDo(other.spec.skills, skills)),
  );
}

/** Why a node stands out among nodes that have ended enough attempts to be compared with; or null. */
function standsOut(node: NodeState, others: readonly NodeState[]): string | null {
  if (others.length === 0) return null;
  const health = median(others.map((other) => other.health));
  if (node.health < HEALTH_BAD && health >= HEALTH_GOOD) {
    return `${Math.round(node.health * 100)}% of its attempts succeed, ${Math.round(health * 100)}% elsewhere`;
  }
  const serviceMs = median(others.map((other) => other.serviceMs ?? 0));
  const own = node.serviceMs ?? 0;
  if (own < SLOW_MS_MIN || own < serviceMs * SLOW_TIMES) return null;
  return `a job takes ${Math.round(own)} ms, ${Math.round(serviceMs)} ms elsewhere`;
}

/** It starts anew, with a clean record. */
function readmit(draft: Draft, { spec, incarnation }: NodeState): void {
  const fresh = { ejectedUntilMs: null, health: 1, serviceMs: null, attempts: 0 };
  changeNode(draft, spec.id, (each) => ({ ...each, ...fresh }));
  log(draft, { type: 'node', node: spec.id, incarnation, change: 'readmitted' });
  note(draft, reason('node-readmitted', { node: spec.id }));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
