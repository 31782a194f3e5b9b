/**
 * Moving jobs to another shard, so that a kill at any point neither loses nor doubles one. Transfers
 * are numbered per (origin, target). The origin keeps each in its outbox, and sends it again, until the
 * target's record covers its number; the target settles each number once, whatever the order of
 * arrival, and answers with its whole record. A refused transfer goes back into the origin's queue.
 *
 * Neither speaks before its own ledger holds what it says. So the chains on disk never know the effect of
 * a transfer without its cause, whatever is lost of the engine, and a fabric can be rebuilt from them.
 *
 * A job is the origin's while it is queued, the transfer's while it is in the outbox, and the target's
 * once the target's record holds the number without refusing it.
 */
import { jsonBytes } from '../bytes.ts';
import { isFull, isOnDisk } from '../ledger.ts';
import { LIMITS } from '../limits.ts';
import type { JobClass, JobSlice, TravellingSlice } from '../job.ts';
import type { Offload, Transfer, TransferAck, TransferMessage } from '../messages.ts';
import { size, takeLast } from '../ordinals.ts';
import { reason } from '../reasons.ts';
import { count, log, note, send, type Draft } from './draft.ts';
import { pageRoom, unpulledJobs } from './feeds.ts';
import {
  enqueue,
  holdBodies,
  isRegistryFull,
  queuedJobs,
  refOf,
  releaseBodies,
  shrink,
  sliceOf,
  withBodies,
} from './queue.ts';
import { canDo, someCanDo } from './skills.ts';
import type { OutboxEntry, Received, ShardState } from './state.ts';

/**
 * A transfer without an acknowledgement is sent again after this long, then twice as long, up to a cap; by a
 * shard that closes always after this long.
 */
const RESEND_MS = 1_000;
const RESEND_MAX_MS = 30_000;
/**
 * How often a shard that closes sends a transfer before it no longer waits for its acknowledgement; what is
 * left stays recorded as in transit. Counted and not timed: a stop of everything is no answer from anyone.
 */
const CLOSE_SENDS = 5;

const NOTHING_RECEIVED: Received = { upTo: 0, beyond: [], refused: [] };

/** Takes an order of the planner. One that a newer order has overtaken is dropped: it is planned anew. */
export function takeOrder(draft: Draft, order: Offload): void {
  const { state } = draft;
  if (order.plan <= state.planSeen) return;
  state.planSeen = order.plan;
  if (state.closingAtMs !== null || state.orders.length >= LIMITS.ordersMax) return;
  state.orders = [...state.orders, order];
}

/** Carries out what is ordered, as far as jobs are at hand; the rest waits for the next pulled page. */
export function shed(draft: Draft): void {
  const { state, nowMs } = draft;
  for (const order of state.orders) {
    const moved = shedOne(draft, order);
    const left = order.jobs - moved;
    const excess = queuedJobs(state) + unpulledJobs(state, nowMs) - order.floor;
    // An order waits for pages only while some can come: jobs that may not be moved fill the room too.
    const more =
      Math.min(left, excess) > 0 &&
      unpulledJobs(state, nowMs) > 0 &&
      (pageRoom(state, draft.nowMs) > 0 || state.feeds.some((feed) => feed.pulling > 0));
    const full = state.outbox.length >= LIMITS.outboxMax;
    state.orders = state.orders.flatMap((each) => {
      if (each.plan !== order.plan) return [each];
      return more && !full ? [{ ...each, jobs: left }] : [];
    });
  }
}

function shedOne(draft: Draft, order: Offload): number {
  const { state, nowMs } = draft;
  let moved = 0;
  while (state.outbox.length < LIMITS.outboxMax) {
    const excess = queuedJobs(state) + unpulledJobs(state, nowMs) - order.floor;
    const room = Math.min(order.jobs - moved, excess, LIMITS.transferJobsMax);
    const slices = room > 0 ? pickSlices(draft, order, room) : [];
    if (slices.length === 0) return moved;
    moved += dispatchTransfer(draft, order, slices);
  }
  return moved;
}

/** Takes jobs from the far end of the queue: those that would have waited longest. */
function pickSlices(draft: Draft, order: Offload, most: number): TravellingSlice[] {
  const { state } = draft;
  const slices: TravellingSlice[] = [];
  let room = most;
  for (const jobs of state.queue.toReversed()) {
    if (room === 0 || slices.length >= LIMITS.transferClassesMax) break;
    if (!mayMove(state, jobs, order)) continue;
    const { taken, rest } = takeLast(jobs.ordinals, room);
    room -= size(taken);
    slices.push(travelling(state, sliceOf(jobs, taken)));
    shrink(draft, jobs.id, rest);
  }
  return slices;
}

/** Jobs as they leave: one move further, and with the budget that they have here. */
export function travelling(state: ShardState, slice: JobSlice): TravellingSlice {
  const latencyBudgetMs = slice.latencyBudgetMs ?? state.policy.latencyBudgetMs;
  return { ...withBodies(state, slice), hops: slice.hops + 1, latencyBudgetMs };
}

function mayMove(state: ShardState, jobs: JobClass, order: Offload): boolean {
  if (jobs.hops >= state.fabricPolicy.hopsMax) return false;
  if (!someCanDo(order.targetSkills, jobs.skills)) return false;
  if (!order.strandedOnly) return true;
  return !state.nodes.some((node) => canDo(node.spec.skills, jobs.skills));
}

function dispatchTransfer(draft: Draft, order: Offload, slices: TravellingSlice[]): number {
  const { state, nowMs } = draft;
  const no = (state.transferNo[order.to] ?? 0) + 1;
  const transfer: Transfer = {
    no,
    from: state.shard,
    to: order.to,
    plan: order.plan,
    sentAtMs: nowMs,
    slices,
  };
  const jobs = slices.reduce((sum, slice) => sum + size(slice.ordinals), 0);
  const queued = queuedJobs(state) + unpulledJobs(state, nowMs) + jobs;
  state.transferNo = { ...state.transferNo, [order.to]: no };
  const seq = state.ledger.nextSeq;
  state.outbox = [...state.outbox, { transfer, jobs, seq, sentAtMs: nowMs, sends: 0 }];
  log(draft, {
    type: 'transfer-out',
    peer: order.to,
    no,
    plan: order.plan,
    jobs: slices.map(refOf),
  });
  const why = order.strandedOnly
    ? reason('spill-skills', { no, jobs, to: order.to })
    : reason('spilled', { no, jobs, to: order.to, queued, limit: state.policy.spilloverLimit });
  note(draft, why);
  return jobs;
}

/** Sends what is recorded by now, and again what has waited too long for its acknowledgement. */
export function sendTransfers(draft: Draft): void {
  const { state, nowMs } = draft;
  const isClosing = state.closingAtMs !== null;
  state.outbox = state.outbox.map((entry) => {
    const isLast = isClosing && entry.sends >= CLOSE_SENDS;
    const waits = isLast || resendAtMs(entry, isClosing) > nowMs;
    if (entry.sends === 0 ? !isOnDisk(state.ledger, entry.seq) : waits) return entry;
    const body = transferMessage(state, entry.transfer);
    send(draft, entry.transfer.to, { kind: 'transfer', body });
    return { ...entry, sentAtMs: nowMs, sends: entry.sends + 1 };
  });
}

/** True while a shard that closes waits for its acknowledgement. */
export function isAwaited(entry: OutboxEntry, nowMs: number): boolean {
  return entry.sends < CLOSE_SENDS || resendAtMs(entry, true) > nowMs;
}

/** When it is sent again; only one that was sent can be. */
export function resendAtMs({ sentAtMs, sends }: OutboxEntry, isClosing: boolean): number {
  const waitMs = isClosing ? RESEND_MS : Math.min(RESEND_MS * 2 ** (sends - 1), RESEND_MAX_MS);
  return sentAtMs + waitMs;
}

/** The transfer as it is sent, with how far its origin has settled those before it. */
export function transferMessage(state: ShardState, transfer: Transfer): TransferMessage {
  let settledUpTo = state.transferNo[transfer.to] ?? 0;
  for (const entry of state.outbox) {
    if (entry.transfer.to === transfer.to) {
      settledUpTo = Math.min(settledUpTo, entry.transfer.no - 1);
    }
  }
  return { transfer, settledUpTo: Math.min(settledUpTo, transfer.no - 1) };
}

/** The target's side: settles the transfer if its number is new, and answers in any case. */
export function receiveTransfer(draft: Draft, { transfer, settledUpTo }: TransferMessage): void {
  const { state } = draft;
  const isOurs = transfer.to === state.shard && state.shards.includes(transfer.from);
  if (!isOurs || transfer.from === state.shard) return;
  const record = state.received[transfer.from] ?? NOTHING_RECEIVED;
  if (isSettled(record, transfer.no)) {
    oweAck(draft, transfer.from);
    setRecord(draft, transfer.from, forget(record, settledUpTo));
    return;
  }
  // Its origin sends it again.
  if (record.beyond.length >= LIMITS.receivedGapsMax || isFull(state.ledger)) return;
  settleTransfer(draft, transfer, refusal(state, transfer));
  oweAck(draft, transfer.from);
  setRecord(draft, transfer.from, forget(state.received[transfer.from]!, settledUpTo));
}

/** Takes in a transfer whose number is new, or refuses it for the reason given; and keeps its number. */
export function settleTransfer(draft: Draft, transfer: Transfer, why: string | null): void {
  if (why === null) acceptTransfer(draft, transfer);
  else refuseTransfer(draft, transfer, why);
  const record = draft.state.received[transfer.from] ?? NOTHING_RECEIVED;
  setRecord(draft, transfer.from, settle(record, transfer.no, why !== null));
}

/** True when the record covers the number, taken in or refused. */
export function isSettled(record: Pick<Received, 'upTo' | 'beyond'>, no: number): boolean {
  return no <= record.upTo || record.beyond.includes(no);
}

function refusal(state: ShardState, { slices }: Transfer): string | null {
  if (state.closingAtMs !== null) return 'the shard is closing';
  if (isRegistryFull(state, slices.length)) return 'its registry is full';
  const bodies = slices.flatMap((slice) => slice.bodies ?? []);
  if (bodies.length === 0) return null;
  const bytes = jsonBytes(bodies);
  const { inline } = state;
  const full =
    inline.jobs + bodies.length > LIMITS.inboxJobsMax ||
    inline.bytes + bytes > LIMITS.inboxBytesMax;
  return full ? 'its inbox is full' : null;
}

function acceptTransfer(draft: Draft, transfer: Transfer): void {
  const { state } = draft;
  const { from, no, plan, slices } = transfer;
  const linkMs = state.linkMs[from] ?? 0;
  for (const [i, { bodies, ...slice }] of slices.entries()) {
    const page = bodies ? `transfer/${from}/${no}/${i}` : null;
    if (bodies && page) holdBodies(draft, page, slice.ordinals, bodies);
    enqueue(draft, { ...slice, page, avoidNode: null }, transfer.sentAtMs + linkMs);
  }
  const jobs = jobsOf(transfer);
  count(draft, { spilledIn: jobs });
  log(draft, { type: 'transfer-in', peer: from, no, plan, jobs: slices.map(refOf) });
  note(draft, reason('transfer-in', { no, jobs, from, linkMs }));
}

function refuseTransfer(draft: Draft, transfer: Transfer, why: string): void {
  const { from, no, plan, slices } = transfer;
  log(draft, { type: 'transfer-refused', peer: from, no, plan, jobs: slices.map(refOf) });
  note(draft, reason('transfer-refused', { no, jobs: jobsOf(transfer), from, why }));
}

/** The origin's side: takes finished transfers out of the outbox, and refused ones back. */
export function receiveAck(draft: Draft, ack: TransferAck): void {
  const { state } = draft;
  const settled = ({ transfer }: OutboxEntry): boolean =>
    transfer.to === ack.target && isSettled(ack, transfer.no);
  const ended = state.outbox.filter(settled);
  state.outbox = state.outbox.filter((entry) => !settled(entry));
  for (const { transfer, jobs } of ended) {
    const { no, plan, to, slices } = transfer;
    const refused = ack.refused.includes(no);
    const type = refused ? 'transfer-back' : 'transfer-done';
    log(draft, { type, peer: to, no, plan, jobs: slices.map(refOf) });
    if (refused) {
      // They have not moved, so the attempt to is not one of the moves that they may make.
      for (const { bodies: _, ...slice } of slices) {
        enqueue(draft, { ...slice, hops: slice.hops - 1 });
      }
      note(draft, reason('transfer-back', { no, to, jobs, why: 'the target refused it' }));
      continue;
    }
    for (const slice of slices) releaseBodies(draft, slice.page, size(slice.ordinals));
    count(draft, { spilledOut: jobs });
    state.spillovers = { ...state.spillovers, [to]: (state.spillovers[to] ?? 0) + jobs };
  }
}

/** An answer is given when all that was decided until now is recorded. */
function oweAck({ state }: Draft, origin: string): void {
  state.acksOwed = { ...state.acksOwed, [origin]: state.ledger.nextSeq - 1 };
}

/** True while something is only waiting for the ledger before it is sent. */
export function waitsForLedger({ outbox, acksOwed, answersOwed }: ShardState): boolean {
  const owed = answersOwed.length + Object.keys(acksOwed).length;
  return owed > 0 || outbox.some(({ sends }) => sends === 0);
}

/** Answers every origin whose transfers came in: its whole record each time. */
export function sendAcks(draft: Draft): void {
  const { state } = draft;
  for (const origin of Object.keys(state.acksOwed).sort()) {
    const seq = state.acksOwed[origin]!;
    if (!isOnDisk(state.ledger, seq)) continue;
    const { [origin]: _, ...others } = state.acksOwed;
    state.acksOwed = others;
    const { upTo, beyond, refused } = state.received[origin] ?? NOTHING_RECEIVED;
    const body: TransferAck = { target: state.shard, upTo, beyond, refused };
    send(draft, origin, { kind: 'ack', body });
  }
}

function jobsOf({ slices }: Transfer): number {
  return slices.reduce((sum, slice) => sum + size(slice.ordinals), 0);
}

function setRecord(draft: Draft, origin: string, record: Received): void {
  draft.state.received = { ...draft.state.received, [origin]: record };
}

/** Adds a number, and draws the contiguous part up as far as it now reaches. */
function settle(record: Received, no: number, refused: boolean): Received {
  const waiting = new Set([...record.beyond, no]);
  let { upTo } = record;
  while (waiting.delete(upTo + 1)) upTo += 1;
  const beyond = [...waiting].sort((a, b) => a - b);
  return { upTo, beyond, refused: refused ? [...record.refused, no] : record.refused };
}

/** What the origin has settled is never asked about again. */
function forget(record: Received, settledUpTo: number): Received {
  return { ...record, refused: record.refused.filter((no) => no > settledUpTo) };
}
