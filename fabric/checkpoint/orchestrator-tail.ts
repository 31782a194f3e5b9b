/** What the orchestrator's ledger holds beyond a checkpoint, applied to its snapshot entry by entry. */
import type { LedgerEntry, LedgerEvent } from '../ledger.ts';
import type { Draft } from '../orchestrator/draft.ts';
import { addRecord, changeRecord, takeSnapshot } from '../orchestrator/governance.ts';
import type { CommandRecord } from '../orchestrator/state.ts';

type CommandEntry = Extract<LedgerEvent, { type: 'command' }>;

/** Applies one entry. */
export function applyToOrchestrator(draft: Draft, entry: LedgerEntry): void {
  const { state } = draft;
  switch (entry.type) {
    case 'command':
      return command(draft, entry);
    case 'plan': {
      const moves = Array.isArray(entry.moves) ? entry.moves.length : 0;
      state.plans = Math.max(state.plans, entry.plan + moves - 1);
      return;
    }
    case 'close':
      state.closed = true;
      return;
    default:
      return;
  }
}

function command(draft: Draft, entry: CommandEntry): void {
  const { state, nowMs } = draft;
  const { commandId, name, args, by, reason, via, outcome, because, effect = '' } = entry;
  const ends: Partial<CommandRecord> = {
    outcome,
    appliedAtMs: outcome === 'applied' ? nowMs : null,
    refusedBecause: because ?? null,
    effect,
  };
  if (!state.commands.some((each) => each.commandId === commandId)) {
    const came = { commandId, name, args, by, reason, via, receivedAtMs: nowMs, answers: [] };
    const open = { appliedAtMs: null, outcome, refusedBecause: null, effect } as const;
    addRecord(draft, { ...came, ...open });
    noteIssued(draft, commandId, via);
  }
  changeRecord(draft, commandId, ends);
  if (outcome === 'received') return;
  if (outcome !== 'unconfirmed') {
    state.relays = state.relays.filter((relay) => relay.commandId !== commandId);
  }
  if (outcome === 'applied') applied(draft, name, args, commandId);
}

/** An entry of the mission's timeline is issued once. */
function noteIssued({ state }: Draft, commandId: string, via: string): void {
  const [, number] = /^timeline-(\d+)$/.exec(commandId) ?? [];
  if (via === 'timeline' && number !== undefined) state.issued = [...state.issued, +number - 1];
}

function applied(draft: Draft, name: string, args: unknown, commandId: string): void {
  const { state, nowMs } = draft;
  if (name === 'pauseAll' || name === 'resumeAll') state.fabricPaused = name === 'pauseAll';
  if (name === 'setTickInterval') {
    state.tickMs = Math.round((args as { seconds: number }).seconds * 1000);
  }
  if (name === 'registerNode') {
    const { node, shard } = args as { readonly node: string; readonly shard: string };
    state.nodeShards = { ...state.nodeShards, [node]: shard };
  }
  if (name === 'close') state.closingAtMs ??= nowMs;
  else if (name !== 'submitJobs' && name !== 'checkpoint') takeSnapshot(draft, commandId);
}
