/** A lease as its node is handed it. */
import { LEASE_WORK_TIMES } from '../lease-time.ts';
import type { LeaseGrant } from '../messages.ts';
import { withBodies } from './queue.ts';
import type { ShardState } from './state.ts';

/**
 * The grant of a lease in flight: issued once at first, again by each new run of the workflow, and again
 * when its node is back. Throws where the shard holds no such lease.
 */
export function grantOf(state: ShardState, number: number): LeaseGrant {
  const lease = state.leases.find((each) => each.lease === number);
  if (!lease) throw new Error(`no lease ${number}`);
  const node = state.nodes.find((each) => each.spec.id === lease.node);
  if (!node) throw new Error(`lease ${number} is on an unknown node`);
  return {
    shard: state.shard,
    lease: lease.lease,
    fence: lease.fence,
    node: lease.node,
    session: node.session,
    items: lease.items.map((item) => withBodies(state, item)),
    timeoutMs: state.fabricPolicy.leaseTimeoutMs,
    workMs: state.fabricPolicy.leaseTargetMs * LEASE_WORK_TIMES,
    slots: node.spec.slots,
    attachOnly: lease.cancelled,
  };
}
