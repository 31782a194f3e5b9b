/**
 * What a shard's ledger holds beyond a checkpoint, applied to its snapshot entry by entry. An entry tells
 * what was decided; here it is done again by the functions that decided it, and nothing is asked of anybody:
 * the effects, and what these functions record, are dropped by the caller.
 */
import type { JobSlice } from '../job.ts';
import type { AcceptedClass, JobRef, LedgerEntry, LedgerEvent } from '../ledger.ts';
import type { CommandAnswer, ItemResult, ShardCommand, Transfer } from '../messages.ts';
import { each, intersect, isEmpty, rank, size, subtract, union } from '../ordinals.ts';
import { callBackLeases, carryOut } from '../shard/commands.ts';
import { changeNode, count, type Draft } from '../shard/draft.ts';
import { arrivalMs } from '../shard/feeds.ts';
import { inboxFeed } from '../shard/inbox.ts';
import { admitNode } from '../shard/nodes.ts';
import { endLease, requeueLease } from '../shard/outcomes.ts';
import { enqueue, holdBodies, releaseBodies, shrink, sliceOf } from '../shard/queue.ts';
import type { NodeState } from '../shard/state.ts';
import { receiveAck, settleTransfer, travelling } from '../shard/transfers.ts';

type Of<Type extends LedgerEvent['type']> = Extract<LedgerEvent, { type: Type }>;
type Sent = Extract<LedgerEvent, { no: number }>;

/** The ledger does not follow from the checkpoint; the message says where. */
export class TailError extends Error {
  override name = 'TailError';
}

/** Applies one entry. `sent` finds a transfer in the outbox of its origin. Throws TailError where it can't be. */
export function applyToShard(
  draft: Draft,
  entry: LedgerEntry,
  sent: (origin: string, no: number) => Transfer | undefined,
): void {
  const { state } = draft;
  switch (entry.type) {
    case 'accept':
      return accept(draft, entry);
    case 'refuse':
      count(draft, { refused: entry.jobs, valueRefused: entry.value });
      if (entry.feed === inboxFeed(state.shard)) addSubmitted(draft, entry.jobs);
      return pulledTo(draft, entry.feed, entry.ordinals.at(-1) ?? 0);
    case 'lease':
      return lease(draft, entry);
    case 'outcome':
      return outcome(draft, entry);
    case 'requeue':
      return requeueLease(draft, entry, entry.why);
    case 'cancel':
      return cancel(draft, entry.jobs);
    case 'late':
      return count(draft, { lateAnswers: 1 });
    case 'transfer-out':
      return transferOut(draft, entry, entry.seq);
    case 'transfer-in':
    case 'transfer-refused': {
      const transfer = sent(entry.peer, entry.no);
      if (!transfer) throw new TailError(`transfer ${entry.no} from ${entry.peer} was never sent`);
      return settleTransfer(draft, transfer, entry.type === 'transfer-in' ? null : 'refused');
    }
    case 'transfer-done':
    case 'transfer-back': {
      const refused = entry.type === 'transfer-back' ? [entry.no] : [];
      return receiveAck(draft, { target: entry.peer, upTo: 0, beyond: [entry.no], refused });
    }
    case 'node':
      return changedNode(draft, entry);
    case 'command':
      return command(draft, entry);
    case 'close':
      state.closed = true;
      state.closingAtMs ??= entry.at;
      return;
    default:
      return;
  }
}

function accept(draft: Draft, { feed: id, classes }: Of<'accept'>): void {
  const { state, nowMs } = draft;
  const start = Math.min(...classes.flatMap(({ ordinals }) => ordinals[0] ?? []));
  const end = Math.max(0, ...classes.flatMap(({ ordinals }) => ordinals.at(-1) ?? []));
  const feed = state.feeds.find(({ spec }) => spec.id === id);
  const isInbox = id === inboxFeed(state.shard);
  const page = isInbox ? holdInbox(draft, classes, start) : null;
  const arrivedAtMs = feed ? arrivalMs(feed, feed.cursor) : nowMs;
  const birth = { feed: id, origin: state.shard, attempt: 1, hops: 0, avoidNode: null };
  for (const { ids: _ids, payloads: _payloads, ordinals, ...traits } of classes) {
    enqueue(draft, { ...traits, ...birth, arrivedAtMs, page, ordinals });
    const jobs = size(ordinals);
    count(draft, { accepted: jobs, valueAccepted: jobs * traits.value });
    if (isInbox) addSubmitted(draft, jobs);
  }
  if (isInbox) state.inline = { ...state.inline, next: Math.max(state.inline.next, end) };
  pulledTo(draft, id, end);
}

/** Jobs that were handed in come back with their bodies: the ledger has them. */
function holdInbox(draft: Draft, classes: readonly AcceptedClass[], start: number): string {
  const page = `inbox/${start}`;
  const ordinals = classes.reduce<AcceptedClass['ordinals']>(
    (all, at) => union(all, at.ordinals),
    [],
  );
  const bodies = [...each(ordinals)].map((ordinal) => {
    const found = classes.find((at) => !isEmpty(intersect(at.ordinals, [ordinal, ordinal + 1])))!;
    const at = rank(found.ordinals, ordinal);
    return { id: found.ids?.[at] ?? '', kind: found.kind, payload: found.payloads?.[at] ?? null };
  });
  holdBodies(draft, page, ordinals, bodies);
  return page;
}

function addSubmitted({ state }: Draft, jobs: number): void {
  state.inline = { ...state.inline, submitted: state.inline.submitted + jobs };
}

function pulledTo({ state }: Draft, id: string, end: number): void {
  state.feeds = state.feeds.map((feed) =>
    feed.spec.id === id ? { ...feed, cursor: Math.max(feed.cursor, end) } : feed,
  );
}

function lease(draft: Draft, { lease: number, fence, node, jobs }: Of<'lease'>): void {
  const { state, nowMs } = draft;
  const items = takeFromQueue(draft, jobs);
  const held = items.reduce((sum, item) => sum + size(item.ordinals), 0);
  const granted = { lease: number, fence, node, jobs: held, grantedAtMs: nowMs, cancelled: false };
  state.leases = [...state.leases, { ...granted, items }];
  state.next = { ...state.next, lease: Math.max(state.next.lease, number + 1) };
  count(draft, { leasesGranted: 1 });
}

function outcome(
  draft: Draft,
  { lease: number, fence, segment, items, cost, lost }: Of<'outcome'>,
): void {
  const { state } = draft;
  const held = state.leases.find((each) => each.lease === number);
  if (!held) throw new TailError(`lease ${number} ended and was never granted`);
  const before = state.tally.cost;
  const result = { items: held.items.map((item) => resultOf(item, items)), segment, busyMs: 0 };
  const measured = state.nodes.find(({ spec }) => spec.id === held.node);
  endLease(draft, { lease: number, fence, result, lost: lost === true });
  // Neither its price nor how long it took need be known here: the entry has the one, the other is not told.
  count(draft, { cost: cost - (state.tally.cost - before) });
  if (measured) {
    const { serviceMs } = measured;
    changeNode(draft, held.node, (node) => ({ ...node, serviceMs }));
  }
}

function resultOf(
  { feed, attempt, ordinals }: JobSlice,
  items: Of<'outcome'>['items'],
): ItemResult {
  const own = items.filter((item) => item.feed === feed && item.attempt === attempt);
  return {
    completed: intersect(
      ordinals,
      own.reduce<JobSlice['ordinals']>((all, { completed }) => union(all, completed), []),
    ),
    failed: own.flatMap(({ failed, retried }) => [...failed, ...retried]),
  };
}

function cancel(draft: Draft, refs: readonly JobRef[]): void {
  for (const { page, ordinals, value } of takeFromQueue(draft, refs)) {
    const cancelled = size(ordinals);
    releaseBodies(draft, page, cancelled);
    count(draft, { cancelled, valueCancelled: cancelled * value });
  }
}

function transferOut(draft: Draft, entry: Sent, seq: number): void {
  const { state, nowMs } = draft;
  const { peer: to, no, plan } = entry;
  const slices = takeFromQueue(draft, entry.jobs).map((slice) => travelling(state, slice));
  const jobs = slices.reduce((sum, slice) => sum + size(slice.ordinals), 0);
  const transfer = { no, from: state.shard, to, plan, sentAtMs: nowMs, slices };
  state.outbox = [...state.outbox, { transfer, jobs, seq, sentAtMs: nowMs, sends: 0 }];
  state.transferNo = { ...state.transferNo, [to]: Math.max(state.transferNo[to] ?? 0, no) };
  state.planSeen = Math.max(state.planSeen, plan);
}

/** Takes these very jobs out of the queue, with all that the queue knows of them. */
function takeFromQueue(draft: Draft, refs: readonly JobRef[]): JobSlice[] {
  const { state } = draft;
  return refs.flatMap((ref) => {
    let missing = ref.ordinals;
    const slices: JobSlice[] = [];
    for (const jobs of state.queue) {
      if (jobs.feed !== ref.feed || jobs.attempt !== ref.attempt) continue;
      const taken = intersect(jobs.ordinals, missing);
      if (isEmpty(taken)) continue;
      missing = subtract(missing, taken);
      slices.push(sliceOf(jobs, taken));
      shrink(draft, jobs.id, subtract(jobs.ordinals, taken));
    }
    if (isEmpty(missing)) return slices;
    throw new TailError(
      `${size(missing)} jobs of ${ref.feed}, from ${missing[0]} on, are not queued`,
    );
  });
}

const LIFE: Partial<Record<Of<'node'>['change'], NodeState['state']>> = {
  suspect: 'suspect',
  back: 'ready',
  lost: 'lost',
  left: 'left',
};

const SERVICE: Partial<Record<Of<'node'>['change'], NodeState['service']>> = {
  cordoned: 'cordoned',
  uncordoned: 'open',
  draining: 'draining',
  removed: 'removed',
};

function changedNode(draft: Draft, { node: id, incarnation, change, spec }: Of<'node'>): void {
  if (change === 'registered') {
    if (spec) admitNode(draft, spec, '', incarnation);
    return;
  }
  changeNode(draft, id, (node) => {
    const service = SERVICE[change] ?? node.service;
    // How long a drain may last is not recorded: what is not done by now goes to others.
    const drainUntilMs = service === 'draining' ? draft.nowMs : null;
    return { ...node, state: LIFE[change] ?? node.state, service, drainUntilMs };
  });
}

function command(draft: Draft, entry: Of<'command'>): void {
  const { state, nowMs } = draft;
  const { commandId, name, by, reason, via, outcome: what, because, effect = '' } = entry;
  if (state.commands.some((known) => known.commandId === commandId)) return;
  state.pendingPauses = state.pendingPauses.filter((each) => each.command.commandId !== commandId);
  const answer: CommandAnswer = {
    commandId,
    shard: state.shard,
    outcome: what === 'refused' ? 'refused' : 'applied',
    ...(because === undefined ? {} : { because }),
    effect,
    appliedAtMs: nowMs,
    afterSeq: state.report.seq,
  };
  state.commands = [...state.commands, answer];
  // Of jobs that were handed in only their number is there; they stand in entries of their own.
  const args = name === 'submitJobs' ? {} : (entry.args as ShardCommand['args']);
  const told: ShardCommand = { commandId, name, args, by, reason, via };
  if (via === 'shard') state.direct = [...state.direct, { command: told, answer }];
  if (what === 'applied') changePolicy(draft, told);
}

function changePolicy(draft: Draft, { name, args }: ShardCommand): void {
  const { state } = draft;
  switch (name) {
    case 'pause':
    case 'fabricPause':
      state.switches = { ...state.switches, [name === 'pause' ? 'shard' : 'fabric']: false };
      return callBackLeases(draft);
    case 'resume':
    case 'fabricResume':
    case 'updateSpilloverLimit':
    case 'updateLatencyBudget':
    case 'setTickInterval':
    case 'registerNode':
    case 'updateNode':
      carryOut(draft, { name, args });
      return;
    default:
      // Jobs handed in, and which nodes are given work, have entries of their own.
      return;
  }
}
