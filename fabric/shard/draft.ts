/**
 * The working copy of one decision. Modules of the shard change it field by field, always putting a new
 * value in place of the old one, so that the state handed in is never touched and unchanged parts are
 * shared.
 */
import { record, type LedgerEvent } from '../ledger.ts';
import { LIMITS } from '../limits.ts';
import type { Letter, Tally } from '../messages.ts';
import type { Reason } from '../reasons.ts';
import type { ShardEffect } from './events.ts';
import type { NodeState, ShardState } from './state.ts';

export type Writable<T> = { -readonly [K in keyof T]: T[K] };

export interface Draft {
  readonly state: Writable<ShardState>;
  readonly nowMs: number;
  readonly effects: ShardEffect[];
  readonly reasons: Reason[];
}

export function openDraft(state: ShardState, nowMs: number): Draft {
  return { state: { ...state }, nowMs, effects: [], reasons: [] };
}

/** Gives a reason for what was just decided, and keeps it among the last few for people to read. */
export function note(draft: Draft, reason: Reason): void {
  draft.reasons.push(reason);
  const kept = draft.state.decisions.slice(-(LIMITS.decisionsKept - 1));
  draft.state.decisions = [...kept, { at: draft.nowMs, reason }];
}

export function log(draft: Draft, event: LedgerEvent): void {
  draft.state.ledger = record(draft.state.ledger, draft.nowMs, event);
}

export function count(draft: Draft, change: Partial<Record<keyof Tally, number>>): void {
  const tally: Writable<Tally> = { ...draft.state.tally };
  for (const key of Object.keys(change) as (keyof Tally)[]) tally[key] += change[key] ?? 0;
  draft.state.tally = tally;
}

export function send(draft: Draft, to: string | null, letter: Letter): void {
  const message = { ...letter, epoch: draft.state.epoch };
  draft.effects.push({ do: 'send', to, message });
}

export function mayDispatch(state: ShardState): boolean {
  return state.switches.fabric && state.switches.shard && state.closingAtMs === null;
}

export function changeNode(draft: Draft, id: string, change: (node: NodeState) => NodeState): void {
  const { state } = draft;
  const at = state.nodes.findIndex((node) => node.spec.id === id);
  const node = state.nodes[at];
  if (node) state.nodes = state.nodes.with(at, change(node));
}
