/**
 * The orchestrator: `decide(state, events, now) → { state, effects, reasons }`, pure, like a shard's. All
 * that has happened is applied first, then the fabric is settled once.
 */
import {
  appendAtMs,
  appendUnderWay,
  finishAppend,
  isStuck,
  postponeAppend,
  startAppend,
} from '../ledger.ts';
import type { Reason } from '../reasons.ts';
import { logOutcome, takeAnswer, takeClose, takeOwnerCommand } from './commands.ts';
import { log, openDraft, send, type Draft } from './draft.ts';
import type { OrchestratorEffect, OrchestratorEvent } from './events.ts';
import { needsTicks, planIfDue } from './planning.ts';
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

/** Shards are told again to close after this long; a missing one is given up a while after its leases. */
const CLOSE_RESEND_MS = 1_000;
const CLOSE_GRACE_MS = 15_000;

/** Applies what has happened, in the order given, and says what is to be done. */
export function decide(
  state: OrchestratorState,
  events: readonly OrchestratorEvent[],
  nowMs: number,
): OrchestratorDecision {
  const draft = openDraft(state, nowMs);
  for (const event of events) apply(draft, event);
  settle(draft);
  return { state: draft.state, effects: draft.effects, reasons: draft.reasons };
}

function settle(draft: Draft): void {
  // 1. The owner's schedule, then what is still unanswered.
  issueTimeline(draft);
  for (const commandId of tendRelays(draft)) logOutcome(draft, commandId);
  // 2. Spillover.
  planIfDue(draft);
  askWhenStill(draft);
  // 3. The end of the mission, and of the run.
  noticeFinish(draft);
  if (draft.state.closingAtMs !== null) closeShards(draft);
  showIfDue(draft);
  // 4. The ledger last, so that it holds all of the above.
  const started = startAppend(draft.state.ledger, draft.nowMs, draft.state.closingAtMs !== null);
  if (!started) return;
  draft.state.ledger = started.ledger;
  draft.effects.push({ do: 'append', head: started.ledger.head, entries: started.entries });
}

function apply(draft: Draft, event: OrchestratorEvent): void {
  const { state } = draft;
  if (event.on !== 'wake' && event.on !== 'appended') state.shown = { ...state.shown, due: true };
  switch (event.on) {
    case 'opened': {
      const { tickMs, governed: shards } = state;
      log(draft, { type: 'open', shard: 'orchestrator', policy: { tickMs, shards } });
      return;
    }
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
    case 'wake':
      return;
  }
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
  if (state.closed || state.closingAtMs === null) return;
  const open = state.shards.filter((shard) => state.reports[shard]?.closed !== true);
  const givenUp = nowMs >= closeDeadlineMs(state);
  if (open.length > 0 && !givenUp) {
    if (nowMs < closeResendMs(state)) return;
    for (const shard of open) send(draft, shard, { kind: 'close' });
    state.closeSentAtMs = nowMs;
    return;
  }
  state.closed = true;
  for (const commandId of endRelays(draft)) logOutcome(draft, commandId);
  const tally = Object.fromEntries(
    Object.entries(state.reports).map(([shard, report]) => [shard, report.tally]),
  );
  log(draft, { type: 'close', tally: { outcomes: outcomes(state), shards: tally } });
}

function closeResendMs({ closeSentAtMs }: OrchestratorState): number {
  return closeSentAtMs === null ? 0 : closeSentAtMs + CLOSE_RESEND_MS;
}

function closeDeadlineMs(state: OrchestratorState): number {
  return (state.closingAtMs ?? 0) + state.leaseTimeoutMs + CLOSE_GRACE_MS;
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
    instants.push(closeResendMs(state), closeDeadlineMs(state));
  }
  instants.push(appendAtMs(state.ledger) ?? nowMs, showAtMs(state) ?? nowMs);
  const later = instants.filter((at) => at > nowMs);
  return later.length > 0 ? Math.min(...later) : null;
}

/** What a new run of the workflow has to ask for again. */
export function resumeEffects(state: OrchestratorState): readonly OrchestratorEffect[] {
  const entries = appendUnderWay(state.ledger);
  return entries.length > 0 ? [{ do: 'append', head: state.ledger.head, entries }] : [];
}
