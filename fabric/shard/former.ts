/** Leases of a start of a node's process that has been followed by another. */
import { incarnationOf } from './fence.ts';
import type { Lease, NodeState, ShardState } from './state.ts';

/** True of a lease of which the process that runs its node now knows nothing. */
export function isWithFormer({ nodes }: ShardState, { node: id, fence }: Lease): boolean {
  const node = nodes.find(({ spec }) => spec.id === id);
  return node !== undefined && isOfFormer(node, fence);
}

/** True of a fence that an earlier start of the node was given. */
export function isOfFormer(
  { incarnation }: Pick<NodeState, 'incarnation'>,
  fence: string,
): boolean {
  return incarnationOf(fence) < incarnation;
}
