/**
 * One pass over the ledger of a run: the table of jobs, and what each chain adds up to. Nothing is
 * taken from the fabric's own counts here, so that the two can be held against each other.
 */
import type { LedgerEntry } from '../fabric/ledger.ts';
import { LIMITS } from '../fabric/limits.ts';
import { size } from '../fabric/ordinals.ts';
import { JobTable } from './job-table.ts';
import { LeaseCheck } from './lease-check.ts';
import type { ProblemList } from './problems.ts';
import type { RunRecords } from './records.ts';
import { TransferCheck, type Spillovers } from './transfer-check.ts';

export type CheckpointEntry = Extract<LedgerEntry, { type: 'checkpoint' }>;
type ForkEntry = Extract<LedgerEntry, { type: 'forked' }>;
type Forked = Pick<ForkEntry, 'epoch' | 'sha256'> & { ended: number };

/** What one chain adds up to. */
export interface ChainFacts {
  entries: number;
  head: string;
  completed: number;
  failed: number;
  retried: number;
  leases: number;
  /** Time of its last entry in ms since the epoch; 0 for an empty chain. */
  lastAtMs: number;
}

export interface LedgerFacts {
  readonly table: JobTable;
  /** By chain, in the order of code units. */
  readonly chains: ReadonlyMap<string, ChainFacts>;
  readonly costByNode: ReadonlyMap<string, number>;
  /** Attempts that ended on each node, those that were tried again included. */
  readonly attemptsByNode: ReadonlyMap<string, { completed: number; failed: number }>;
  readonly spillovers: Spillovers;
  readonly commandIds: ReadonlySet<string>;
  /** Those whose files are kept, oldest first. */
  readonly checkpoints: readonly CheckpointEntry[];
  /** The checkpoint that the run went on from without its ledger, and the jobs that had ended by then; or null. */
  readonly forkedFrom: Forked | null;
}

/**
 * Reads every chain. `ended` says that the run claims to have nothing open: then every job, lease and
 * transfer must be settled. A chain that can't be read becomes a problem; what was read of it counts.
 */
export async function readLedgerFacts(
  records: RunRecords,
  ended: boolean,
  problems: ProblemList,
): Promise<LedgerFacts> {
  const reader = new LedgerReader(problems);
  for (const chain of [...(await records.chains())].sort()) {
    await reader.read(records, chain, ended);
  }
  reader.table.close(ended);
  reader.transfers.close(ended);
  return { ...reader.facts, table: reader.table, spillovers: reader.transfers.spillovers };
}

class LedgerReader {
  readonly table: JobTable;
  readonly transfers: TransferCheck;
  readonly facts = {
    chains: new Map<string, ChainFacts>(),
    costByNode: new Map<string, number>(),
    attemptsByNode: new Map<string, { completed: number; failed: number }>(),
    commandIds: new Set<string>(),
    checkpoints: [] as CheckpointEntry[],
    forkedFrom: null as Forked | null,
  };
  readonly #problems: ProblemList;

  constructor(problems: ProblemList) {
    this.#problems = problems;
    this.table = new JobTable(problems);
    this.transfers = new TransferCheck(problems);
  }

  async read(records: RunRecords, chain: string, ended: boolean): Promise<void> {
    const sums = { completed: 0, failed: 0, retried: 0, leases: 0, lastAtMs: 0 };
    const facts: ChainFacts = { entries: 0, head: '', ...sums };
    this.facts.chains.set(chain, facts);
    const leases = new LeaseCheck(chain, this.#problems);
    const entries = records.entries(chain);
    try {
      let next = await entries.next();
      for (; next.done !== true; next = await entries.next()) {
        const entry = next.value;
        if (entry.seq !== facts.entries) {
          const what = `${chain}: entry ${entry.seq} stands where ${facts.entries} should`;
          this.#problems.add('ledger-broken', what);
        }
        facts.entries += 1;
        facts.lastAtMs = Math.max(facts.lastAtMs, entry.at);
        leases.apply(entry);
        this.table.apply(entry);
        this.transfers.apply(chain, entry);
        this.#sum(facts, chain, entry);
      }
      facts.head = next.value;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#problems.add('ledger-broken', `${chain}: ${why}`);
    }
    leases.close(ended);
  }

  #keep(entry: CheckpointEntry): void {
    const { checkpoints } = this.facts;
    checkpoints.push(entry);
    if (checkpoints.length > LIMITS.checkpointsKept) checkpoints.shift();
  }

  /** What the lost chain had come to counts as if it stood here. */
  #takeUp(facts: ChainFacts, chain: string, entry: ForkEntry): void {
    const { costByNode, attemptsByNode, commandIds } = this.facts;
    for (const id of entry.commandIds) commandIds.add(id);
    const { epoch, sha256, held } = entry;
    this.facts.forkedFrom ??= { epoch, sha256, ended: 0 };
    if (held === null) return;
    const { tally, nodes, spillovers } = held;
    this.facts.forkedFrom.ended += tally.completed + tally.failed + tally.cancelled;
    facts.completed += tally.completed;
    facts.failed += tally.failed;
    facts.retried += tally.retried;
    facts.leases += tally.leasesGranted;
    this.transfers.spillovers.set(chain, new Map(Object.entries(spillovers)));
    for (const { node, completed, failed, cost } of nodes) {
      costByNode.set(node, (costByNode.get(node) ?? 0) + cost);
      const attempts = attemptsByNode.get(node) ?? { completed: 0, failed: 0 };
      attempts.completed += completed;
      attempts.failed += failed;
      attemptsByNode.set(node, attempts);
    }
  }

  #sum(facts: ChainFacts, chain: string, entry: LedgerEntry): void {
    if (entry.type === 'lease') facts.leases += 1;
    if (entry.type === 'command') this.facts.commandIds.add(entry.commandId);
    if (entry.type === 'checkpoint') this.#keep(entry);
    if (entry.type === 'forked') this.#takeUp(facts, chain, entry);
    if (entry.type !== 'outcome') return;
    const { costByNode, attemptsByNode } = this.facts;
    costByNode.set(entry.node, (costByNode.get(entry.node) ?? 0) + entry.cost);
    const node = attemptsByNode.get(entry.node) ?? { completed: 0, failed: 0 };
    attemptsByNode.set(entry.node, node);
    for (const { completed, failed, retried } of entry.items) {
      facts.completed += size(completed);
      facts.failed += failed.length;
      facts.retried += retried.length;
      node.completed += size(completed);
      node.failed += failed.length + retried.length;
    }
  }
}
