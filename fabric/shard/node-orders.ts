/**
 * What the owner says of nodes themselves: that one is to come, and what one offers from now on. The owner's
 * word counts more than what a host says of its node, so a process that starts again undoes nothing.
 */
import { LIMITS } from '../limits.ts';
import type { CommandAnswer, ShardCommand } from '../messages.ts';
import type { NodeChange, NodeSpec } from '../policy.ts';
import { explain, reason, type Reason } from '../reasons.ts';
import { changeNode, note, type Draft } from './draft.ts';
import { lifeOf } from './node-service.ts';
import { freshNode, keepNode } from './nodes.ts';

type NodeArgs = ShardCommand['args'];
type Answered = Pick<CommandAnswer, 'effect'> & Partial<CommandAnswer>;

/**
 * Takes a node that is to come: it is expected until its host registers it. Refused while a node of that name
 * is there or may come back, and where the shard has as many as it may have.
 */
export function expectNode(draft: Draft, args: NodeArgs): Answered {
  const { state, nowMs } = draft;
  const [id, ordered] = [args.node!, offerIn(args)];
  const spec = { id, shard: state.shard, ...ordered } as NodeSpec;
  const known = state.nodes.find((node) => node.spec.id === id);
  const life = known ? lifeOf(known, nowMs) : 'expected';
  if (life !== 'expected' && life !== 'left') {
    return refuse(draft, reason('node-there', { node: id, shard: state.shard, state: life }));
  }
  if (!known && state.nodes.length >= LIMITS.nodesPerShardMax) {
    const limit = LIMITS.nodesPerShardMax;
    return refuse(draft, reason('too-many-nodes', { node: id, shard: state.shard, limit }));
  }
  keepNode(draft, { ...(known ?? freshNode(spec)), spec, ordered });
  return done(draft, reason('node-expected', { node: id }));
}

/** Changes what a node offers. Leases that it holds stay as they are. Refused where the shard has no such node. */
export function updateNode(draft: Draft, args: NodeArgs): Answered {
  const { state } = draft;
  const [id, change] = [args.node!, offerIn(args)];
  const node = state.nodes.find(({ spec }) => spec.id === id);
  if (!node) return refuse(draft, reason('unknown-node', { node: id, shard: state.shard }));
  const spec: NodeSpec = { ...node.spec, ...change };
  changeNode(draft, id, (each) => ({ ...each, spec, ordered: { ...each.ordered, ...change } }));
  const changes = OFFERED.filter((key) => Object.hasOwn(change, key)).map(
    (key) => `${NAMES[key]} ${told(node.spec[key])} → ${told(spec[key])}`,
  );
  return done(draft, reason('node-changed', { node: id, what: changes.join(', ') }));
}

/** What the command's arguments say of the node's offer. */
function offerIn(args: NodeArgs): NodeChange {
  const said = OFFERED.filter((key) => args[key] !== undefined).map((key) => [key, args[key]]);
  return Object.fromEntries(said) as NodeChange;
}

const NAMES: Readonly<Record<keyof NodeChange, string>> = {
  skills: 'skills',
  slots: 'slots',
  pricePerJob: 'price per job',
  image: 'image',
  runtime: 'runtime',
  tags: 'tags',
};

const OFFERED = Object.keys(NAMES) as (keyof NodeChange)[];

function told(value: NodeSpec[keyof NodeSpec]): string {
  if (typeof value !== 'object') return String(value);
  return `[${value.join(', ')}]`;
}

function refuse(draft: Draft, why: Reason): Answered {
  note(draft, why);
  return { outcome: 'refused', because: explain(why), effect: 'Nothing changed.' };
}

function done(draft: Draft, why: Reason): Answered {
  note(draft, why);
  return { effect: explain(why) };
}
