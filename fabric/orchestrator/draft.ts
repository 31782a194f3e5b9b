/** The working copy of one decision of the orchestrator; see the shard's, which works the same way. */
import { record, type LedgerEvent } from '../ledger.ts';
import { LIMITS } from '../limits.ts';
import type { Letter } from '../messages.ts';
import type { Reason } from '../reasons.ts';
import type { OrchestratorEffect } from './events.ts';
import type { OrchestratorState } from './state.ts';

export interface Draft {
  readonly state: { -readonly [K in keyof OrchestratorState]: OrchestratorState[K] };
  readonly nowMs: number;
  readonly effects: OrchestratorEffect[];
  readonly reasons: Reason[];
  /** Set when a report asks for a plan before the next tick. */
  planNow: boolean;
}

export function openDraft(state: OrchestratorState, nowMs: number): Draft {
  return { state: { ...state }, nowMs, effects: [], reasons: [], planNow: false };
}

/** Keeps a reason for people; the same one again and again is kept once. */
export function note(draft: Draft, reason: Reason): void {
  draft.reasons.push(reason);
  const { decisions } = draft.state;
  const last = decisions.at(-1);
  if (last && JSON.stringify(last.reason) === JSON.stringify(reason)) return;
  draft.state.decisions = [
    ...decisions.slice(-(LIMITS.decisionsKept - 1)),
    { at: draft.nowMs, reason },
  ];
}

export function log(draft: Draft, event: LedgerEvent): void {
  draft.state.ledger = record(draft.state.ledger, draft.nowMs, event);
}

export function send(draft: Draft, to: string, letter: Letter): void {
  const message = { ...letter, epoch: draft.state.epoch };
  draft.effects.push({ do: 'send', to, message });
}
