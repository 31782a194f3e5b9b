/**
 * A fabric from a checkpoint and the ledger beyond it, for an engine that knows nothing of it. What has an
 * outcome in the ledger has ended; what was with a node goes back into its queue and is done again;
 * transfers go on from their outboxes, and commands that were received are relayed again.
 */
import { EMPTY_LEDGER, type LedgerEntry, type LedgerState } from '../ledger.ts';
import { log as logGlobal, openDraft as openGlobal } from '../orchestrator/draft.ts';
import { ORCHESTRATOR } from '../orchestrator/checkpoints.ts';
import type { OrchestratorState } from '../orchestrator/state.ts';
import { rememberIds } from '../orchestrator/submitted-ids.ts';
import { changeNode, log, openDraft, type Draft } from '../shard/draft.ts';
import { loadReport } from '../shard/report.ts';
import { loseLease } from '../shard/outcomes.ts';
import type { ShardState } from '../shard/state.ts';
import { isSettled } from '../shard/transfers.ts';
import { reopenCommands, type TakenCommand } from './open-commands.ts';
import { applyToOrchestrator } from './orchestrator-tail.ts';
import { applyToShard, TailError } from './shard-tail.ts';

export { TailError } from './shard-tail.ts';

/** All states of a fabric. */
export interface FabricStates {
  readonly orchestrator: OrchestratorState;
  /** In the order of the mission. */
  readonly shards: readonly ShardState[];
}

/** Where a chain of the ledger ends on disk. */
export interface ChainPoint {
  readonly entries: number;
  readonly head: string;
}

/** The checkpoint that a fabric is rebuilt from, by its epoch and the digest of its file. */
export interface RebuiltFrom {
  readonly epoch: number;
  readonly sha256: string;
  /** The greatest number of any file of the run: the next checkpoint takes the place of none. */
  readonly newestEpoch: number;
}

/** Why leases ended and nodes went. */
export const ENGINE_LOST = 'the engine was lost';

export interface Rebuilt {
  readonly states: FabricStates;
  /** Entries of the ledger beyond the checkpoint. */
  readonly entries: number;
  /** Jobs that they end. */
  readonly ended: number;
}

/** Every chain on disk: where it ends, and its entries, of which those before the checkpoint may be left out. */
export type Chains = ReadonlyMap<
  string,
  { readonly end: ChainPoint; readonly entries: readonly LedgerEntry[] }
>;

/** Rebuilds a fabric. Throws TailError where the ledger does not follow from the checkpoint. */
export function rebuild(
  states: FabricStates,
  chains: Chains,
  from: RebuiltFrom,
  nowMs: number,
): Rebuilt {
  const work = new Rebuild(states);
  work.applyAll(chains);
  return { states: work.finish(chains, from, nowMs), ...work.tail };
}

/** What a chain holds beyond the checkpoint, and how much of it is applied. */
interface Tail {
  readonly chain: string;
  readonly entries: readonly LedgerEntry[];
  at: number;
}

class Rebuild {
  readonly tail = { entries: 0, ended: 0 };
  #orchestrator: OrchestratorState;
  readonly #shards: Map<string, ShardState>;
  readonly #taken: TakenCommand[] = [];
  readonly #ids: string[] = [];

  constructor({ orchestrator, shards }: FabricStates) {
    this.#orchestrator = orchestrator;
    this.#shards = new Map(shards.map((state) => [state.shard, state]));
  }

  /** Each chain in its order, and what is said of a transfer on one side after its cause on the other. */
  applyAll(chains: Chains): void {
    const tails = [...chains].map(([chain, { entries }]): Tail => {
      const { ledger } = this.#stateOf(chain);
      return { chain, entries: entries.filter(({ seq }) => seq >= ledger.nextSeq), at: 0 };
    });
    while (tails.filter((tail) => this.#advance(tail)).length > 0);
    const stuck = tails.find(({ entries, at }) => at < entries.length);
    if (!stuck) return;
    const { seq, type } = stuck.entries[stuck.at]!;
    throw new TailError(`${stuck.chain}, entry ${seq}: the other side of this ${type} is missing`);
  }

  /** Applies what waits for nothing; false when that is nothing. */
  #advance(tail: Tail): boolean {
    const from = tail.at;
    for (const entry of tail.entries.slice(from)) {
      if (this.#waits(tail.chain, entry)) break;
      this.#apply(tail.chain, entry);
      tail.at += 1;
    }
    return tail.at > from;
  }

  #stateOf(chain: string): ShardState | OrchestratorState {
    const state = chain === ORCHESTRATOR ? this.#orchestrator : this.#shards.get(chain);
    if (!state) throw new TailError(`${chain}: the checkpoint knows no such chain`);
    return state;
  }

  #waits(chain: string, entry: LedgerEntry): boolean {
    switch (entry.type) {
      case 'transfer-in':
      case 'transfer-refused':
        return this.#sent(entry.peer, chain, entry.no) === undefined;
      case 'transfer-done':
      case 'transfer-back': {
        const record = this.#shards.get(entry.peer)?.received[chain];
        return record === undefined || !isSettled(record, entry.no);
      }
      default:
        return false;
    }
  }

  #apply(chain: string, entry: LedgerEntry): void {
    this.tail.entries += 1;
    try {
      if (chain === ORCHESTRATOR) this.#applyGlobal(entry);
      else this.#applyToShard(chain, this.#shards.get(chain)!, entry);
    } catch (error) {
      if (!(error instanceof TailError)) throw error;
      throw new TailError(`${chain}, entry ${entry.seq}: ${error.message}`);
    }
  }

  /** The states to go on from, with all that was under way taken back. */
  finish(chains: Chains, from: RebuiltFrom, nowMs: number): FabricStates {
    const shards = [...this.#shards.values()].map((state) =>
      settleShard(continued(state, chains.get(state.shard)?.end), from, nowMs),
    );
    const end = chains.get(ORCHESTRATOR)?.end;
    return { shards, orchestrator: this.#settleGlobal(end, from, shards, nowMs) };
  }

  #applyGlobal(entry: LedgerEntry): void {
    const { ledger } = this.#orchestrator;
    const draft = openGlobal({ ...this.#orchestrator, ledger: EMPTY_LEDGER }, entry.at);
    applyToOrchestrator(draft, entry);
    this.#orchestrator = { ...draft.state, ledger };
  }

  #applyToShard(chain: string, state: ShardState, entry: LedgerEntry): void {
    const draft = openDraft({ ...state, ledger: EMPTY_LEDGER }, entry.at);
    const before = state.tally;
    applyToShard(draft, entry, (origin, no) => this.#sent(origin, chain, no));
    const { completed, failed } = draft.state.tally;
    this.tail.ended += completed + failed - before.completed - before.failed;
    this.#shards.set(chain, { ...draft.state, ledger: state.ledger });
    if (entry.type === 'command') this.#taken.push({ shard: chain, entry });
    if (entry.type === 'accept') this.#ids.push(...entry.classes.flatMap(({ ids }) => ids ?? []));
  }

  #sent(origin: string, to: string, no: number) {
    return this.#shards
      .get(origin)
      ?.outbox.map(({ transfer }) => transfer)
      .find((transfer) => transfer.to === to && transfer.no === no);
  }

  #settleGlobal(
    end: ChainPoint | undefined,
    from: RebuiltFrom,
    shards: readonly ShardState[],
    nowMs: number,
  ): OrchestratorState {
    const draft = openGlobal(continued(this.#orchestrator, end), nowMs);
    const { state } = draft;
    const { checkpoints } = state;
    rememberIds(draft, this.#ids);
    state.epoch = Math.max(state.epoch, from.newestEpoch);
    state.cutting = null;
    // Of shards that have closed no snapshot can be had any more.
    const isOver = shards.some(({ closed }) => closed);
    const last = state.closingAtMs === null ? 'none' : isOver ? 'over' : 'wanted';
    const { epoch } = state;
    state.checkpoints = { ...checkpoints, epoch, gathering: null, asked: [], last };
    state.reports = Object.fromEntries(
      shards.map((shard) => [shard.shard, loadReport(shard, nowMs, shard.report.seq)]),
    );
    state.openOrders = [];
    state.strandedSinceMs = {};
    state.progress = { atMs: nowMs, count: null, asks: 0 };
    state.nextTickAtMs = nowMs + state.tickMs;
    state.shown = { ...state.shown, due: true };
    if (state.closed) return state;
    logGlobal(draft, rebuiltFrom(from));
    reopenCommands(
      draft,
      this.#taken,
      shards.flatMap(({ commands }) => commands),
    );
    return state;
  }
}

/** Everything that an engine had under way for a shard, taken back and recorded. */
function settleShard(before: ShardState, from: RebuiltFrom, nowMs: number): ShardState {
  const draft = openDraft(before, nowMs);
  const { state } = draft;
  state.epoch = Math.max(state.epoch, from.newestEpoch);
  state.cutting = null;
  if (state.closed) return reportAnew(draft);
  log(draft, rebuiltFrom(from));
  for (const { spec, state: life, incarnation } of state.nodes) {
    if (life !== 'ready' && life !== 'suspect') continue;
    const gone = { state: 'lost' as const, suspectUntilMs: null, former: null, progress: [] };
    changeNode(draft, spec.id, (node) => ({ ...node, ...gone }));
    log(draft, { type: 'node', node: spec.id, incarnation, change: 'lost', why: ENGINE_LOST });
  }
  for (const lease of state.leases) loseLease(draft, lease, ENGINE_LOST, false);
  state.feeds = state.feeds.map((feed) => ({ ...feed, pulling: 0 }));
  state.orders = [];
  state.acksOwed = {};
  // Sent again, once the ledger holds what has just been recorded.
  const seq = state.ledger.nextSeq - 1;
  state.outbox = state.outbox.map((entry) => ({ ...entry, seq, sends: 0 }));
  state.pendingPauses = state.pendingPauses.map((pending) => ({ ...pending, dueAtMs: nowMs }));
  state.unwritten = {};
  return reportAnew(draft);
}

function rebuiltFrom({ epoch, sha256 }: RebuiltFrom) {
  return { type: 'rebuilt', epoch, sha256 } as const;
}

function reportAnew({ state }: Draft): ShardState {
  state.report = { ...state.report, due: true, sentAtMs: 0 };
  return state;
}

/** The state with its chain as it is on disk; what the chain does not hold yet is still to be written. */
function continued<State extends { readonly ledger: LedgerState }>(
  state: State,
  end: ChainPoint = { entries: 0, head: '' },
): State {
  const { nextSeq, backlog } = state.ledger;
  const known = nextSeq - backlog.length;
  if (end.entries < known) {
    throw new TailError(
      `a chain has ${end.entries} entries on disk; when the checkpoint was taken it had ${known}`,
    );
  }
  const ledger: LedgerState = {
    ...EMPTY_LEDGER,
    nextSeq: Math.max(nextSeq, end.entries),
    backlog: backlog.filter(({ seq }) => seq >= end.entries),
    head: end.head,
  };
  return { ...state, ledger };
}
