/**
 * A fabric from a checkpoint alone, its ledger being lost: chains that begin anew from what the checkpoint
 * knew. What was with a node or between two shards is queued again, so that a chain begins with queues and
 * sums and nothing else. The same checkpoint gives the same states, whenever it is asked: a fork that was
 * interrupted is taken up again.
 */
import type { Fork } from '../forked-chain.ts';
import { EMPTY_LEDGER } from '../ledger.ts';
import { logOpening as logGlobalOpening } from '../orchestrator/decide.ts';
import { log as logGlobal, openDraft as openGlobal } from '../orchestrator/draft.ts';
import type { OrchestratorState } from '../orchestrator/state.ts';
import { inboxFeed } from '../shard/inbox.ts';
import { logOpening } from '../shard/decide.ts';
import { log, openDraft, type Draft } from '../shard/draft.ts';
import { loseLease } from '../shard/outcomes.ts';
import { refOf } from '../shard/queue.ts';
import type { ShardState } from '../shard/state.ts';
import { receiveAck, receiveTransfer, transferMessage } from '../shard/transfers.ts';
import { ENGINE_LOST, type FabricStates } from './rebuild.ts';

/** The states at the beginning of forked chains, with nothing of them on disk. `atMs` is the checkpoint's time. */
export function fork(
  { orchestrator, shards }: FabricStates,
  from: Pick<Fork, 'epoch' | 'sha256'>,
  atMs: number,
): FabricStates {
  const drafts = new Map(shards.map((state) => [state.shard, openDraft(unwritten(state), atMs)]));
  for (const draft of drafts.values()) {
    for (const lease of draft.state.leases) loseLease(draft, lease, ENGINE_LOST, false);
  }
  for (const draft of drafts.values()) arriveAll(draft, drafts);
  return {
    orchestrator: forkedOrchestrator(orchestrator, from, atMs),
    shards: shards.map((before) =>
      forkedShard(drafts.get(before.shard)!.state, before, from, atMs),
    ),
  };
}

/** What is recorded on the way is no part of the chain: that begins with what comes of it. */
function unwritten<State extends { readonly ledger: unknown }>(state: State): State {
  return { ...state, ledger: EMPTY_LEDGER };
}

/** Every transfer of one origin arrives, if it has not, and is answered. */
function arriveAll(origin: Draft, drafts: ReadonlyMap<string, Draft>): void {
  const { shard, outbox } = origin.state;
  for (const { transfer } of outbox) {
    const target = drafts.get(transfer.to)!;
    receiveTransfer(target, transferMessage(origin.state, transfer));
    const { upTo, beyond, refused } = target.state.received[shard]!;
    receiveAck(origin, { target: transfer.to, upTo, beyond, refused });
  }
}

function forkedShard(
  settled: ShardState,
  { ledger }: ShardState,
  from: Pick<Fork, 'epoch' | 'sha256'>,
  atMs: number,
): ShardState {
  const draft = openDraft({ ...unwritten(settled), acksOwed: {} }, atMs);
  const { state } = draft;
  const { tally, spillovers, nodes, feeds, inline, queue, shard, switches } = state;
  log(draft, {
    type: 'forked',
    ...from,
    ...lostChain(ledger),
    commandIds: state.commands.map(({ commandId }) => commandId),
    off: (['shard', 'fabric'] as const).filter((each) => !switches[each]),
    plans: 0,
    held: {
      tally,
      spillovers,
      nodes: nodes.map(({ spec, incarnation, service, completed, failed, cost }) => ({
        node: spec.id,
        incarnation,
        service,
        completed,
        failed,
        cost,
      })),
      pulled: {
        ...Object.fromEntries(feeds.map(({ spec, cursor }) => [spec.id, cursor])),
        [inboxFeed(shard)]: inline.next,
      },
      jobs: queue.map(({ value, ...jobs }) => ({ ...refOf({ value, ...jobs }), value })),
    },
  });
  logOpening(draft);
  // What it owes an answer for stood in the lost chain; it is given once this one is on disk.
  const seq = state.ledger.nextSeq - 1;
  state.answersOwed = state.answersOwed.map(({ answer }) => ({ answer, seq }));
  return state;
}

function forkedOrchestrator(
  before: OrchestratorState,
  from: Pick<Fork, 'epoch' | 'sha256'>,
  atMs: number,
): OrchestratorState {
  const draft = openGlobal(unwritten(before), atMs);
  const { state } = draft;
  logGlobal(draft, {
    type: 'forked',
    ...from,
    ...lostChain(before.ledger),
    commandIds: state.commands.map(({ commandId }) => commandId),
    off: state.fabricPaused ? ['fabric'] : [],
    plans: state.plans,
    held: null,
  });
  logGlobalOpening(draft);
  return state;
}

function lostChain({ nextSeq, backlog, head }: ShardState['ledger']) {
  return { entries: nextSeq - backlog.length, head };
}
