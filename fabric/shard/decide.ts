/**
 * The shard: `decide(state, events, now) → { state, effects, reasons }`. Pure: the same arguments give
 * the same result, and the state handed in is never touched. All that has happened is applied first;
 * then the shard is settled once, in numbered steps, however much has happened.
 */
import { acrossCuts, endCut, type CutEvent } from '../checkpoint/cut.ts';
import { appendUnderWay, finishAppend, isStuck, postponeAppend, startAppend } from '../ledger.ts';
import { reason, type Reason } from '../reasons.ts';
import { closeIfDone, startClosing } from './closing.ts';
import { refuseCommand, sendAnswers, settlePauses, takeCommand } from './commands.ts';
import { dispatch } from './dispatch.ts';
import { log, note, openDraft, send, type Draft } from './draft.ts';
import type { ShardEffect, ShardEvent } from './events.ts';
import { acceptPage, failFeed, pullPages } from './feeds.ts';
import { isWithFormer } from './former.ts';
import { grantOf } from './grant.ts';
import { tendService } from './node-service.ts';
import { giveUpFormers, giveUpSuspects, nodeGone, registerNode, takeFinished } from './nodes.ts';
import { isSubmission } from './inbox.ts';
import { endLease, loseLease, returnUnwritten } from './outcomes.ts';
import { askForOverdue } from './overdue.ts';
import { isWorkDone, reportCrossing, reportIfDue } from './report.ts';
import type { ShardState } from './state.ts';
import {
  receiveAck,
  receiveTransfer,
  sendAcks,
  sendTransfers,
  shed,
  takeOrder,
  waitsForLedger,
} from './transfers.ts';

export interface ShardDecision {
  readonly state: ShardState;
  readonly effects: readonly ShardEffect[];
  readonly reasons: readonly Reason[];
}

/** Applies what has happened, in the order given, and says what is to be done. */
export function decide(
  state: ShardState,
  events: readonly ShardEvent[],
  nowMs: number,
): ShardDecision {
  return acrossCuts(state, events, (at, some) => decideBetweenCuts(at, some, nowMs));
}

function decideBetweenCuts(
  state: ShardState,
  events: readonly ShardEvent[],
  nowMs: number,
): ShardDecision {
  const draft = openDraft(state, nowMs);
  for (const event of events) apply(draft, event);
  settle(draft);
  return { state: draft.state, effects: draft.effects, reasons: draft.reasons };
}

function settle(draft: Draft): void {
  // 1. Who is here, and what became of those who are not; then the planner sees the queue as it is
  //    before anything is leased.
  giveUpSuspects(draft);
  giveUpFormers(draft);
  tendService(draft);
  askForOverdue(draft);
  reportCrossing(draft);
  // 2. What is ordered away goes before it could be leased.
  shed(draft);
  // 3. Nodes get work, and what they take is pulled anew.
  dispatch(draft);
  pullPages(draft);
  // 4. Transfers: what the ledger holds by now, and again what was not acknowledged; then answers.
  sendTransfers(draft);
  sendAcks(draft);
  // 5. Pauses whose leases have come back, and the end.
  settlePauses(draft);
  sendAnswers(draft);
  closeIfDone(draft);
  // 6. The ledger last, so that it holds all of the above; then the report of it.
  append(draft);
  reportIfDue(draft);
}

function apply(draft: Draft, event: ShardEvent): void {
  if (event.on !== 'wake' && event.on !== 'appended') {
    draft.state.report = { ...draft.state.report, due: true };
  }
  switch (event.on) {
    case 'opened':
      return logOpening(draft);
    case 'page':
      return acceptPage(draft, event);
    case 'feedFailed':
      return failFeed(draft, event.feed, event.why);
    case 'leaseEnded':
      return endLease(draft, event);
    case 'leaseReturned':
      return loseLease(draft, event, 'it had not started', true);
    case 'leaseLost':
      return loseLease(draft, event, event.why, false);
    case 'leaseUnwritten':
      return returnUnwritten(draft, event);
    case 'nodeRegistered':
      return registerNode(draft, event.node, event.session);
    case 'nodeGone':
      return nodeGone(draft, event);
    case 'finished':
      return takeFinished(draft, event);
    case 'offload':
      return takeOrder(draft, event.order);
    case 'transfer':
      return receiveTransfer(draft, event.message);
    case 'ack':
      return receiveAck(draft, event.ack);
    case 'command':
      return takeCommand(draft, event.command);
    case 'badInput':
      return refuseCommand(draft, event.command, event.because);
    case 'appended':
      return appended(draft, event);
    case 'appendFailed':
      return appendFailed(draft, event.why);
    case 'asked':
      draft.state.report = { ...draft.state.report, due: true, sentAtMs: 0 };
      return;
    case 'cutWritten':
    case 'cutFailed':
      return endSnapshot(draft, event);
    case 'close':
      return startClosing(draft);
    case 'cut':
    case 'wake':
      return;
  }
}

/** Records what the shard begins with. */
export function logOpening(draft: Draft): void {
  const { state } = draft;
  log(draft, { type: 'open', shard: state.shard, policy: state.policy });
  for (const { spec } of state.feeds) {
    const sha256 = spec.source.type === 'ndjson' ? spec.source.sha256 : '';
    log(draft, { type: 'feed', feed: spec.id, total: spec.total, sha256 });
  }
}

/** A snapshot is done with: the orchestrator, which gathers them, is told. */
function endSnapshot(draft: Draft, event: CutEvent): void {
  const { shard } = draft.state;
  const { epoch } = event;
  const ended =
    event.on === 'cutWritten' ? { part: event.part, why: '' } : { part: null, why: event.why };
  Object.assign(draft.state, endCut(draft.state, event));
  send(draft, null, { kind: 'cutEnded', body: { shard, epoch, ...ended } });
}

function appended(draft: Draft, event: { throughSeq: number; head: string }): void {
  const { state, nowMs } = draft;
  const { stuck } = state.ledger;
  state.ledger = finishAppend(state.ledger, event.throughSeq, event.head);
  if (stuck === null || stuck === undefined) return;
  note(draft, reason('ledger-writable', { ms: nowMs - stuck.sinceMs }));
  state.report = { ...state.report, due: true };
}

function appendFailed(draft: Draft, why: string): void {
  const { state, nowMs } = draft;
  if (!isStuck(state.ledger)) note(draft, reason('ledger-unwritable', { why }));
  state.ledger = postponeAppend(state.ledger, nowMs, why);
}

function append(draft: Draft): void {
  const { state, nowMs } = draft;
  const atOnce =
    state.closingAtMs !== null ||
    isWorkDone(state) ||
    waitsForLedger(state) ||
    state.ledger.backlog.some(isSubmission);
  const started = startAppend(state.ledger, nowMs, atOnce);
  if (!started) return;
  state.ledger = started.ledger;
  draft.effects.push({ do: 'append', head: started.ledger.head, entries: started.entries });
}

/**
 * False while a new run of the workflow would miss something short: a lease that was called back and comes
 * back meanwhile, or word of a snapshot, would reach no run.
 */
export function mayContinue({ pendingPauses, cutting }: ShardState): boolean {
  return pendingPauses.length === 0 && cutting === null;
}

/** True while word of the ledger, of feeds or of nodes is on its way. */
export function isExpecting({ ledger, feeds, leases }: ShardState): boolean {
  const isPulling = feeds.some(({ pulling }) => pulling > 0);
  return isPulling || leases.length > 0 || appendUnderWay(ledger).length > 0;
}

/**
 * What a new run of the workflow has to ask for again, since answers to the old run's requests no longer
 * reach it. Leases and presences attach to what is already running; pages and appends are repeatable.
 */
export function resumeEffects(state: ShardState): readonly ShardEffect[] {
  const effects: ShardEffect[] = [];
  for (const { spec, cursor, pulling } of state.feeds) {
    if (pulling > 0) effects.push({ do: 'pull', feed: spec, from: cursor, count: pulling });
  }
  for (const { spec, state: life, service, incarnation, session } of state.nodes) {
    if (life !== 'ready' || service === 'removed') continue;
    effects.push({ do: 'presence', node: spec.id, incarnation, session });
  }
  for (const lease of state.leases) {
    if (isWithFormer(state, lease)) continue;
    effects.push({ do: 'lease', grant: grantOf(state, lease.lease) });
  }
  const entries = appendUnderWay(state.ledger);
  if (entries.length > 0) effects.push({ do: 'append', head: state.ledger.head, entries });
  return effects;
}
