/**
 * What differed between two instants of a run, told from its ledger alone: the policy and the state at
 * each, and what was ordered, planned and moved in between.
 */
import type { LedgerEntry, LedgerEvent } from '../fabric/ledger.ts';
import type { Move } from '../fabric/orchestrator/plan.ts';
import { size } from '../fabric/ordinals.ts';
import type { RunRecords } from '../reporting/records.ts';
import { endsOf, isTransfer, type TransferEntry } from '../reporting/transfer-check.ts';
import { inCausalOrder } from './causal-order.ts';
import { COUNTS, RunState, type Counts, type RunAt, type ShardAt } from './run-state.ts';

/** One value that is not the same at both instants; null where there was none. */
export interface Difference {
  /** The shard, or null for the fabric as a whole. */
  readonly where: string | null;
  readonly what: string;
  readonly before: string | number | null;
  readonly after: string | number | null;
}

/** An owner command about which something was recorded in between. */
export interface CommandBetween {
  readonly commandId: string;
  readonly name: string;
  readonly args: unknown;
  readonly by: string;
  readonly reason: string;
  readonly via: string;
  /** The last that was recorded of it by the second instant, and when. */
  readonly outcome: string;
  readonly atMs: number;
  /** What it changed, or why it was refused. */
  readonly effect: string;
}

/** Transfers that one shard sent to another in between. */
export interface PairBetween {
  readonly from: string;
  readonly to: string;
  transfers: number;
  jobs: number;
  /** Refused in between, whenever they were sent. */
  refused: number;
}

export interface RunDiff {
  readonly before: RunAt;
  readonly after: RunAt;
  readonly differences: readonly Difference[];
  readonly between: {
    readonly entries: number;
    readonly plans: number;
    readonly moves: number;
    readonly jobsOrdered: number;
    readonly transfers: readonly PairBetween[];
    readonly commands: readonly CommandBetween[];
  };
}

/**
 * Compares the run as it was after all entries up to one instant with the same at a later one, both in ms
 * since the epoch. Each is a cut through all chains that has every cause of what it has. Reads each
 * chain once. A chain that can't be read further ends there: look at `spanOf` first.
 */
export async function diffRun(
  records: RunRecords,
  fromMs: number,
  untilMs: number,
): Promise<RunDiff> {
  const state = new RunState();
  const between = new Between();
  let before: RunAt | null = null;
  for await (const { chain, entry } of inCausalOrder(records, () => undefined)) {
    if (entry.at > fromMs) before ??= state.now();
    if (entry.at > untilMs) break;
    state.apply(chain, entry);
    if (before !== null) between.apply(chain, entry);
  }
  const after = state.now();
  before ??= after;
  return { before, after, differences: differencesOf(before, after), between: between.told() };
}

class Between {
  #entries = 0;
  #plans = 0;
  #moves = 0;
  #jobsOrdered = 0;
  readonly #pairs = new Map<string, PairBetween>();
  readonly #commands = new Map<string, CommandBetween>();

  apply(chain: string, entry: LedgerEntry): void {
    this.#entries += 1;
    if (entry.type === 'plan') {
      const moves = entry.moves as readonly Move[];
      this.#plans += 1;
      this.#moves += moves.length;
      this.#jobsOrdered += moves.reduce((sum, { jobs }) => sum + jobs, 0);
    }
    if (isTransfer(entry)) this.#transfer(chain, entry);
    // A shard has its part of a command that was relayed, and its own word of one given to it by hand.
    if (entry.type !== 'command') return;
    if (chain === 'orchestrator' || entry.via === 'shard') this.#command(entry);
  }

  told(): RunDiff['between'] {
    const pairs = [...this.#pairs].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      entries: this.#entries,
      plans: this.#plans,
      moves: this.#moves,
      jobsOrdered: this.#jobsOrdered,
      transfers: pairs.map(([, pair]) => pair),
      commands: [...this.#commands.values()],
    };
  }

  #transfer(chain: string, entry: TransferEntry): void {
    if (entry.type !== 'transfer-out' && entry.type !== 'transfer-refused') return;
    const { from, to } = endsOf(chain, entry);
    const key = `${from} ${to}`;
    const pair = this.#pairs.get(key) ?? { from, to, transfers: 0, jobs: 0, refused: 0 };
    this.#pairs.set(key, pair);
    if (entry.type === 'transfer-refused') pair.refused += 1;
    else {
      pair.transfers += 1;
      pair.jobs += entry.jobs.reduce((sum, { ordinals }) => sum + size(ordinals), 0);
    }
  }

  #command(entry: LedgerEntry & Extract<LedgerEvent, { type: 'command' }>): void {
    const { commandId, name, args, by, reason, via, outcome, at: atMs } = entry;
    const effect = entry.because ?? entry.effect ?? '';
    const told = { commandId, name, args, by, reason, via, outcome, atMs, effect };
    this.#commands.set(commandId, told);
  }
}

function differencesOf(before: RunAt, after: RunAt): Difference[] {
  const [was, is] = [valuesOf(before), valuesOf(after)];
  const places = [...new Set([...was.keys(), ...is.keys()])];
  return places.flatMap((where) => {
    const [old, fresh] = [was.get(where) ?? {}, is.get(where) ?? {}];
    return Object.keys({ ...old, ...fresh })
      .map((what) => ({ where, what, before: old[what] ?? null, after: fresh[what] ?? null }))
      .filter((each) => each.before !== each.after);
  });
}

type Values = Readonly<Record<string, string | number | null>>;

/** Every value by its name: of the fabric first, then of each shard. */
function valuesOf({ tickMs, paused, jobs, shards }: RunAt): Map<string | null, Values> {
  const fabric = { 'tick, ms': tickMs, paused: paused ? 'yes' : 'no', ...countValues(jobs) };
  const all = Object.entries(shards).map(([name, each]) => [name, shardValues(each)] as const);
  return new Map<string | null, Values>([[null, fabric], ...all]);
}

function shardValues({ policy, pausedBy, jobs, nodes }: ShardAt): Values {
  const paused = pausedBy.length === 0 ? 'no' : `by the ${pausedBy.toSorted().join(' and ')}`;
  const lives = Object.entries(nodes).map(([id, life]) => [`node ${id}`, life] as const);
  return {
    'spillover limit': policy?.spilloverLimit ?? null,
    'spill targets': policy?.spillTargets.join(' ') ?? null,
    'latency budget, ms': policy?.latencyBudgetMs ?? null,
    paused,
    ...countValues(jobs),
    ...Object.fromEntries(lives),
  };
}

function countValues(jobs: Counts): Record<string, number> {
  const named = (key: string): string =>
    key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return Object.fromEntries(COUNTS.map((key) => [named(key), jobs[key]]));
}
