/**
 * Owner commands that were under way when the engine was lost. Shards answer a command that they know with
 * what became of it, so each is simply relayed again; only jobs handed in can't be: their bodies went with
 * the engine unless a shard had accepted them.
 */
import type { LedgerEvent } from '../ledger.ts';
import type { CommandAnswer } from '../messages.ts';
import { shardOf } from '../orchestrator/addressing.ts';
import { askForCheckpoint } from '../orchestrator/checkpoints.ts';
import {
  complete,
  logOutcome,
  refuse,
  relayAgain,
  takeOwnerCommand,
} from '../orchestrator/commands.ts';
import type { Draft } from '../orchestrator/draft.ts';
import { addRecord, changeRecord } from '../orchestrator/governance.ts';
import type { CommandRecord } from '../orchestrator/state.ts';
import { reason } from '../reasons.ts';

type CommandEntry = Extract<LedgerEvent, { type: 'command' }>;

/** A command as a shard's ledger has it. */
export interface TakenCommand {
  readonly shard: string;
  readonly entry: CommandEntry;
}

/** What the owner calls that which a shard was told. */
const OWNERS_NAME: Readonly<
  Record<string, { readonly name: string; readonly namesShard: boolean }>
> = {
  fabricPause: { name: 'pauseAll', namesShard: false },
  fabricResume: { name: 'resumeAll', namesShard: false },
  pause: { name: 'pauseShard', namesShard: true },
  resume: { name: 'resumeShard', namesShard: true },
  updateSpilloverLimit: { name: 'updateSpilloverLimit', namesShard: true },
  updateLatencyBudget: { name: 'updateLatencyBudget', namesShard: true },
  registerNode: { name: 'registerNode', namesShard: true },
};

/** Takes up every command again that has no outcome, and those that only a shard's ledger knows of. */
export function reopenCommands(
  draft: Draft,
  taken: readonly TakenCommand[],
  answers: readonly CommandAnswer[],
): void {
  const { state, nowMs } = draft;
  for (const { shard, entry } of taken) takeUnknown(draft, shard, entry);
  for (const record of state.commands) {
    const { commandId, outcome } = record;
    const isRelayed = state.relays.some((relay) => relay.commandId === commandId);
    if ((outcome !== 'received' && outcome !== 'unconfirmed') || isRelayed) continue;
    reopen(
      draft,
      record,
      answers.filter((answer) => answer.commandId === commandId),
    );
  }
  // They are due at once, and have their time to be answered before them.
  state.relays = state.relays.map((relay) => ({
    ...relay,
    sentAtMs: 0,
    sends: 1,
    deadlineAtMs: nowMs + (relay.deadlineAtMs - relay.sentAtMs),
  }));
}

function reopen(draft: Draft, record: CommandRecord, answers: readonly CommandAnswer[]): void {
  const { commandId, name, args } = record;
  if (name === 'checkpoint') {
    askForCheckpoint(draft, commandId);
  } else if (name === 'submitJobs') {
    if (answers.length === 0) return refuse(draft, commandId, reason('lost-with-engine'));
    changeRecord(draft, commandId, { answers });
    complete(draft, commandId);
  } else {
    const { node } = args as { readonly node?: string };
    if (name !== 'registerNode' && node !== undefined && shardOf(draft.state, node) === null) {
      return refuse(draft, commandId, reason('unknown-node', { node, shard: 'any shard' }));
    }
    relayAgain(draft, record);
  }
}

/** The orchestrator's ledger trails: what a shard has done of it stands, and the rest is done. */
function takeUnknown(draft: Draft, shard: string, entry: CommandEntry): void {
  const { commandId, args, by, reason: why, via } = entry;
  const isKnown = draft.state.commands.some((each) => each.commandId === commandId);
  // What the mission schedules it issues again, and what came to a shard itself its reports repeat.
  if (isKnown || via === 'shard' || commandId.startsWith('timeline-')) return;
  const { name, namesShard } = OWNERS_NAME[entry.name] ?? { name: entry.name, namesShard: false };
  const own = { ...(args as object), ...(namesShard ? { shard } : {}) };
  if (name !== 'submitJobs') {
    const input = { ...own, commandId, by, reason: why };
    return takeOwnerCommand(draft, { name, input, via: 'signal', fallbackId: commandId });
  }
  const came = { commandId, name, args, by, reason: why, via: 'signal', receivedAtMs: draft.nowMs };
  const open = {
    appliedAtMs: null,
    outcome: 'received',
    refusedBecause: null,
    effect: '',
  } as const;
  addRecord(draft, { ...came, ...open, answers: [] });
  logOutcome(draft, commandId);
}
