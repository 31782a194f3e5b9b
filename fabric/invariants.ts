/**
 * What must hold at any instant, told from the states alone. The checks have names of DESIGN's
 * invariants; each returns what is wrong in words, and nothing when all is well.
 */
import { LIMITS } from './limits.ts';
import { intersect, isEmpty, size, union, type Ordinals } from './ordinals.ts';
import { isSettled } from './shard/transfers.ts';
import type { ShardState } from './shard/state.ts';

/** Jobs held by one owner: a shard's queue, one of its leases, or a transfer on its way. */
interface Holding {
  readonly owner: string;
  readonly feed: string;
  readonly ordinals: Ordinals;
}

/** All checks of one instant. `shards` are the states of all shards of a fabric. */
export function violations(shards: readonly ShardState[]): string[] {
  return [...conservation(shards), ...singleOwner(shards), ...shards.flatMap(caps)];
}

/** I2: accepted = queued + leased + in transit + completed + failed + cancelled. */
export function conservation(shards: readonly ShardState[]): string[] {
  const held = holdings(shards).reduce((sum, { ordinals }) => sum + size(ordinals), 0);
  const tallied = (key: 'accepted' | 'completed' | 'failed' | 'cancelled'): number =>
    shards.reduce((sum, { tally }) => sum + tally[key], 0);
  const accepted = tallied('accepted');
  const ended = tallied('completed') + tallied('failed') + tallied('cancelled');
  if (accepted === held + ended) return [];
  return [`I2: ${accepted} accepted, but ${held} held and ${ended} ended`];
}

/** I3: no job has two owners. */
export function singleOwner(shards: readonly ShardState[]): string[] {
  const found: string[] = [];
  const owned = new Map<string, { ordinals: Ordinals; owner: string }>();
  for (const { owner, feed, ordinals } of holdings(shards)) {
    const before = owned.get(feed);
    const shared = before ? intersect(before.ordinals, ordinals) : [];
    if (!isEmpty(shared)) {
      found.push(`I3: ${owner} and ${before!.owner} both hold ${feed} [${shared.join(', ')}]`);
    }
    owned.set(feed, { owner, ordinals: before ? union(before.ordinals, ordinals) : ordinals });
  }
  return found;
}

/** Every cap of the state by its name in `LIMITS`. */
export function caps(state: ShardState): string[] {
  const bodies = Object.values(state.pages);
  const measured: Partial<Record<keyof typeof LIMITS, number>> = {
    leasesInFlightMax: state.leases.length,
    leaseJobsMax: Math.max(0, ...state.leases.map((lease) => lease.jobs)),
    outboxMax: state.outbox.length,
    ordersMax: state.orders.length,
    nodesPerShardMax: state.nodes.length,
    inboxJobsMax: bodies.reduce((sum, page) => sum + page.open, 0),
    inboxBytesMax: bodies.reduce((sum, page) => sum + page.bytes, 0),
    commandsRememberedMax: state.commands.length,
    decisionsKept: state.decisions.length,
    directCommandsKept: state.direct.length,
    transferJobsMax: Math.max(0, ...state.outbox.map((entry) => entry.jobs)),
    receivedGapsMax: Math.max(
      0,
      ...Object.values(state.received).map((each) => each.beyond.length),
    ),
  };
  return Object.entries(measured)
    .filter(([name, value]) => value > LIMITS[name as keyof typeof LIMITS])
    .map(([name, value]) => `cap: ${state.shard} has ${value} of ${name}`);
}

/** A transfer that its target has settled is the target's, or the origin's again once it knows. */
function holdings(shards: readonly ShardState[]): Holding[] {
  const byName = new Map(shards.map((state) => [state.shard, state]));
  return shards.flatMap((state): Holding[] => [
    ...state.queue.map(({ feed, ordinals }) => ({ owner: state.shard, feed, ordinals })),
    ...state.leases.flatMap(({ lease, items }) =>
      items.map(({ feed, ordinals }) => ({
        owner: `lease ${lease} of ${state.shard}`,
        feed,
        ordinals,
      })),
    ),
    ...state.outbox.flatMap(({ transfer }) => {
      const { no, to, slices } = transfer;
      const record = byName.get(to)?.received[state.shard];
      if (record && isSettled(record, no) && !record.refused.includes(no)) return [];
      const owner = `transfer ${no} from ${state.shard} to ${to}`;
      return slices.map(({ feed, ordinals }) => ({ owner, feed, ordinals }));
    }),
  ]);
}
