/**
 * The orchestrator: `decide(state, events, now) → { state, effects, reasons }`, pure, like a shard's. All
 * that has happened is applied first, then the fabric is settled once.
 */
import { acrossCuts, endCut } from '../checkpoint/cut.ts';
import {
  appendAtMs,
  appendUnderWay,
  finishAppend,
  isStuck,
  postponeAppend,
  startAppend,
} from '../ledger.ts';
import type { Reason } from '../reasons.ts';
import {
  checkpointInstants,
  epochDue,
  isLastDue,
  ORCHESTRATOR,
  sealAgain,
  takePart,
  takeSeal,
  tendCheckpoints,
} from './checkpoints.ts';
import { logOutcome, takeAnswer, takeClose, takeOwnerCommand } from './commands.ts';
import { log, openDraft, send, type Draft } from './draft.ts';
import type { OrchestratorEffect, OrchestratorEvent } from './events.ts';
import { needsTicks, planIfDue, sendOrders, waitsForLedger } from './planning.ts';
import { endRelays, relayInstants, tendRelays } from './relays.ts';
import { askAtMs, askWhenStill, takeReport } from './reports.ts';
import type { OrchestratorState } from './state.ts';
import { showAtMs, showIfDue } from './showing.ts';
import { allEnded, outcomes } from './status.ts';
import { hasJobsToCome, issueTimeline, timelineInstants } from './timeline.ts';

export interface OrchestratorDecision {
  readonly state: OrchestratorState;
  readonly effects: readonly OrchestratorEffect[];
  readonly reasons: readonly Reason[];
}

/**
 * Shards are told again to close after this long; a missing one is given up when it has been told for as long as
 * its leases may take and this much longer. Told, and not passed: while everything is stopped nobody can hear it.
 */
const CLOSE_RESEND_MS = 1_000;
const CLOSE_GRACE_MS = 15_000;

/**
 * Applies what has happened, in the order given, and says what is to be done. A checkpoint begins as if a
 * message of the next epoch had come.
 */
export function decide(
  state: OrchestratorState,
  events: readonly OrchestratorEvent[],
  nowMs: number,
): OrchestratorDecision {
  const decision = decideAcrossCuts(state, events, nowMs);
  const epoch = epochDue(decision.state, nowMs);
  if (epoch === null) return decision;
  const begun = decideAcrossCuts(decision.state, [{ on: 'wake', epoch }], nowMs);
  return {
    state: begun.state,
    effects: [...decision.effects, ...begun.effects],
    reasons: [...decision.reasons, ...begun.reasons],
  };
}

function decideAcrossCuts(
  state: OrchestratorState,
  events: readonly OrchestratorEvent[],
  nowMs: number,
): OrchestratorDecision {
  return acrossCuts(state, events, (at, some) => decideBetweenCuts(at, some, nowMs));
}

function decideBetweenCuts(
  state: OrchestratorState,
  events: readonly OrchestratorEvent[],
  nowMs: number,
): OrchestratorDecision {
  const draft = openDraft(state, nowMs);
  for (const event of events) apply(draft, event);
  settle(draft);
  return { state: draft.state, effects: draft.effects, reasons: draft.reasons };
}

/** Records what the fabric begins with. */
export function logOpening(draft: Draft): void {
  const { tickMs, governed: shards } = draft.state;
  log(draft, { type: 'open', shard: 'orchestrator', policy: { tickMs, shards } });
}

function settle(draft: Draft): void {
  // 1. The owner's schedule, then what is still unanswered.
  issueTimeline(draft);
  endCommands(draft, tendRelays(draft));
  // 2. Spillover.
  planIfDue(draft);
  sendOrders(draft);
  askWhenStill(draft);
  // 3. Checkpoints, the end of the mission, and of the run.
  endCommands(draft, tendCheckpoints(draft));
  noticeFinish(draft);
  if (draft.state.closingAtMs !== null) closeShards(draft);
  showIfDue(draft);
  // 4. The ledger last, so that it holds all of the above.
  const atOnce = draft.state.closingAtMs !== null || waitsForLedger(draft.state);
  const started = startAppend(draft.state.ledger, draft.nowMs, atOnce);
  if (!started) return;
  draft.state.ledger = started.ledger;
  draft.effects.push({ do: 'append', head: started.ledger.head, entries: started.entries });
}

function apply(draft: Draft, event: OrchestratorEvent): void {
  const { state } = draft;
  if (event.on !== 'wake' && event.on !== 'appended') state.shown = { ...state.shown, due: true };
  switch (event.on) {
    case 'opened':
      return logOpening(draft);
    case 'load':
      return takeReport(draft, event.report);
    case 'answer':
      return takeAnswer(draft, event.answer);
    case 'command':
      return takeOwnerCommand(draft, event);
    case 'appended':
      if (isStuck(state.ledger)) state.shown = { ...state.shown, due: true };
      state.ledger = finishAppend(state.ledger, event.throughSeq, event.head);
      return;
    case 'appendFailed':
      state.ledger = postponeAppend(state.ledger, draft.nowMs, event.why);
      return;
    case 'close':
      return takeClose(draft, event);
    case 'cutEnded':
      return endCommands(draft, takePart(draft, event.report));
    case 'cutWritten':
    case 'cutFailed': {
      Object.assign(state, endCut(state, event));
      const ended =
        event.on === 'cutWritten' ? { part: event.part, why: '' } : { part: null, ...event };
      return endCommands(
        draft,
        takePart(draft, { ...ended, epoch: event.epoch, shard: ORCHESTRATOR }),
      );
    }
    case 'sealed':
    case 'sealFailed':
      return endCommands(draft, takeSeal(draft, event));
    case 'wake':
      return;
  }
}

/** The ledger is told what became of these commands. */
function endCommands(draft: Draft, commandIds: readonly string[]): void {
  for (const commandId of commandIds) logOutcome(draft, commandId);
}

function noticeFinish({ state, nowMs }: Draft): void {
  if (state.mode !== 'mission' || state.closingAtMs !== null) return;
  const jobsUnderWay = state.relays.some((relay) =>
    Object.values(relay.waiting).some((command) => command.name === 'submitJobs'),
  );
  const over = allEnded(state) && !jobsUnderWay && !hasJobsToCome(state);
  state.finishedAtMs = over ? (state.finishedAtMs ?? nowMs) : null;
}

function closeShards(draft: Draft): void {
  const { state, nowMs } = draft;
  if (state.closed || state.closingAtMs === null || isLastDue(state)) return;
  const open = state.shards.filter((shard) => state.reports[shard]?.closed !== true);
  if (open.length > 0) {
    if (nowMs < closeResendMs(state)) return;
    const { closesSent = 0 } = state;
    if (closesSent < closesMax(state)) {
      for (const shard of open) send(draft, shard, { kind: 'close' });
      state.closeSentAtMs = nowMs;
      state.closesSent = closesSent + 1;
      return;
    }
  }
  state.closed = true;
  endCommands(draft, endRelays(draft));
  const tally = Object.fromEntries(
    Object.entries(state.reports).map(([shard, report]) => [shard, report.tally]),
  );
  log(draft, { type: 'close', tally: { outcomes: outcomes(state), shards: tally } });
}

function closeResendMs({ closeSentAtMs }: OrchestratorState): number {
  return closeSentAtMs === null ? 0 : closeSentAtMs + CLOSE_RESEND_MS;
}

function closesMax({ leaseTimeoutMs }: OrchestratorState): number {
  return Math.ceil((leaseTimeoutMs + CLOSE_GRACE_MS) / CLOSE_RESEND_MS);
}

/** Closed, and all of its ledger is on disk. */
export function isEnded(state: OrchestratorState): boolean {
  return state.closed && state.ledger.backlog.length === 0;
}

/** The next instant later than now at which time alone changes something; null when none does. */
export function nextWake(state: OrchestratorState, nowMs: number): number | null {
  const instants = state.closed ? [] : relayInstants(state);
  if (state.closingAtMs === null) {
    instants.push(...timelineInstants(state), askAtMs(state) ?? nowMs);
    if (needsTicks(state)) instants.push(state.nextTickAtMs);
  } else if (!state.closed) {
    instants.push(closeResendMs(state));
  }
  instants.push(...checkpointInstants(state));
  instants.push(appendAtMs(state.ledger) ?? nowMs, showAtMs(state) ?? nowMs);
  const later = instants.filter((at) => at > nowMs);
  return later.length > 0 ? Math.min(...later) : null;
}

/** False while a new run of the workflow would miss word of a snapshot. */
export function mayContinue({ cutting }: OrchestratorState): boolean {
  return cutting === null;
}

/** True while word of the ledger or of shards is on its way. */
export function isExpecting(state: OrchestratorState): boolean {
  const { ledger, relays } = state;
  return relays.length > 0 || appendUnderWay(ledger).length > 0 || sealAgain(state).length > 0;
}

/** What a new run of the workflow has to ask for again. */
export function resumeEffects(state: OrchestratorState): readonly OrchestratorEffect[] {
  const entries = appendUnderWay(state.ledger);
  const append = { do: 'append', head: state.ledger.head, entries } as const;
  return [...sealAgain(state), ...(entries.length > 0 ? [append] : [])];
}
