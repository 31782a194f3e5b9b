/** The record of who set what, when and why: commands and snapshots, both capped; the ledger has all. */
import { jsonBytes } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { withoutLists } from '../messages.ts';
import type { Draft } from './draft.ts';
import type { CommandRecord } from './state.ts';

/** Adds a command; at the cap the oldest that is over is dropped from the state. */
export function addRecord(draft: Draft, record: CommandRecord): void {
  const { state } = draft;
  const commands = [...state.commands, record];
  if (commands.length > LIMITS.governanceMax) {
    const open = new Set(state.relays.map((relay) => relay.commandId));
    const oldest = commands.findIndex((each) => !open.has(each.commandId));
    commands.splice(oldest, 1);
    state.commandsDropped += 1;
  }
  state.commands = commands;
}

export function changeRecord(
  { state }: Draft,
  commandId: string,
  change: Partial<CommandRecord>,
): void {
  const at = state.commands.findIndex((each) => each.commandId === commandId);
  const record = state.commands[at];
  if (record) state.commands = state.commands.with(at, { ...record, ...change });
}

/**
 * Drops what answers say of jobs one by one, oldest first, where all of it together is more than a state may
 * carry. Whoever submitted them has looked by then; their numbers stay in the words, and the ledger has all.
 */
export function trimAnswers({ state }: Draft): void {
  let bytes = 0;
  const kept = state.commands.toReversed().map((record) => {
    const listed = record.answers.filter(({ accepted, refused }) => accepted ?? refused);
    if (listed.length === 0) return record;
    bytes += jsonBytes(listed);
    if (bytes <= LIMITS.answerBytesMax) return record;
    return { ...record, answers: record.answers.map(withoutLists) };
  });
  state.commands = kept.reverse();
}

/** Keeps the whole policy as it is after a command. */
export function takeSnapshot({ state, nowMs }: Draft, commandId: string): void {
  const { tickMs, fabricPaused, governed: shards } = state;
  const snapshot = { atMs: nowMs, commandId, tickMs, fabricPaused, shards };
  const kept = state.snapshots.slice(-(LIMITS.governanceMax - 1));
  state.snapshots = [...kept, snapshot];
}
