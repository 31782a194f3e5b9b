/**
 * The chains of a run as one sequence in which every cause stands before its effect. Entries go by their
 * time, and clocks are not trusted between workflows: what a target says of a transfer waits for the
 * origin's word that it was sent, and what the origin says of its end for the target's word. One entry of
 * each chain is in memory.
 */
import type { LedgerEntry } from '../fabric/ledger.ts';
import type { RunRecords } from '../reporting/records.ts';
import { isTransfer, transferKey } from '../reporting/transfer-check.ts';

export interface Placed {
  readonly chain: string;
  readonly entry: LedgerEntry;
}

export interface ChainEnd {
  readonly entries: number;
  /** Digest of the chain up to its last entry, '' where it is empty or broken. */
  readonly head: string;
  /** Why it can't be read to its end, or null. */
  readonly broken: string | null;
}

interface Cursor {
  readonly chain: string;
  readonly entries: AsyncGenerator<LedgerEntry, string>;
  next: LedgerEntry | null;
  count: number;
}

/**
 * Reads every chain once. `ended` is called when a chain is read to its end or can be read no further; from
 * then on nothing waits for it.
 */
export async function* inCausalOrder(
  records: RunRecords,
  ended: (chain: string, end: ChainEnd) => void,
): AsyncGenerator<Placed, void> {
  const cursors: Cursor[] = [];
  for (const chain of [...(await records.chains())].sort()) {
    cursors.push({ chain, entries: records.entries(chain), next: null, count: 0 });
  }
  for (const cursor of cursors) await advance(cursor, ended);
  const order = new Causes(cursors);
  for (;;) {
    const cursor = order.first();
    if (!cursor?.next) return;
    const { chain, next: entry } = cursor;
    order.happened(chain, entry);
    yield { chain, entry };
    await advance(cursor, ended);
  }
}

async function advance(
  cursor: Cursor,
  ended: (chain: string, end: ChainEnd) => void,
): Promise<void> {
  try {
    const step = await cursor.entries.next();
    if (step.done === true) {
      cursor.next = null;
      return ended(cursor.chain, { entries: cursor.count, head: step.value, broken: null });
    }
    cursor.next = step.value;
    cursor.count += 1;
  } catch (error) {
    cursor.next = null;
    const broken = error instanceof Error ? error.message : String(error);
    ended(cursor.chain, { entries: cursor.count, head: '', broken });
  }
}

/** What has happened to transfers so far, and which chain may therefore go on. */
class Causes {
  readonly #cursors: readonly Cursor[];
  readonly #sent = new Set<string>();
  readonly #settled = new Set<string>();

  constructor(cursors: readonly Cursor[]) {
    this.#cursors = cursors;
  }

  /** The chain whose entry is next: the earliest that waits for nothing, or, where all do, the earliest. */
  first(): Cursor | undefined {
    let best: Cursor | undefined;
    let bestWaits = false;
    for (const cursor of this.#cursors) {
      if (cursor.next === null) continue;
      const waits = this.#waits(cursor);
      const isSooner = !best || (best.next !== null && cursor.next.at < best.next.at);
      if (!best || (bestWaits && !waits) || (bestWaits === waits && isSooner)) {
        best = cursor;
        bestWaits = waits;
      }
    }
    return best;
  }

  happened(chain: string, entry: LedgerEntry): void {
    if (!isTransfer(entry)) return;
    const { type } = entry;
    if (type === 'transfer-out') this.#sent.add(transferKey(chain, entry));
    if (type === 'transfer-in' || type === 'transfer-refused') {
      this.#settled.add(transferKey(chain, entry));
    }
  }

  #waits({ chain, next }: Cursor): boolean {
    if (next === null || !isTransfer(next)) return false;
    const { type, peer } = next;
    if (type === 'transfer-out') return false;
    const isTarget = type === 'transfer-in' || type === 'transfer-refused';
    const causes = isTarget ? this.#sent : this.#settled;
    return !causes.has(transferKey(chain, next)) && this.#mayStillSay(peer);
  }

  #mayStillSay(chain: string): boolean {
    return this.#cursors.some((cursor) => cursor.chain === chain && cursor.next !== null);
  }
}
