/**
 * Every transfer has two sides. The origin records that it sent it and how that ended; the target
 * records whether it took it. The sides stand in different chains and are matched by origin, target
 * and number.
 */
import { createHash } from 'node:crypto';
import type { LedgerEntry } from '../fabric/ledger.ts';
import { size } from '../fabric/ordinals.ts';
import type { ProblemSink } from './problems.ts';

export type TransferEntry = Extract<LedgerEntry, { type: `transfer-${string}` }>;

const SIDES = ['transfer-out', 'transfer-in', 'transfer-refused'] as const;

/** Digest of the jobs that each kind of entry named, by kind. */
type Sides = Map<TransferEntry['type'], string>;

interface Told {
  readonly from: string;
  readonly to: string;
  readonly sides: Sides;
}

/** Jobs that left a shard for good, by the shard that took them. */
export type Spillovers = Map<string, Map<string, number>>;

export class TransferCheck {
  readonly spillovers: Spillovers = new Map();
  readonly #transfers = new Map<string, Told>();
  readonly #problems: ProblemSink;

  constructor(problems: ProblemSink) {
    this.#problems = problems;
  }

  /** Takes one entry of the chain of `shard`. */
  apply(shard: string, entry: LedgerEntry): void {
    if (!isTransfer(entry)) return;
    const { type, jobs } = entry;
    const { from, to } = endsOf(shard, entry);
    const key = transferKey(shard, entry);
    const told: Told = this.#transfers.get(key) ?? { from, to, sides: new Map() };
    const { sides } = told;
    this.#transfers.set(key, told);
    if (sides.has(type)) this.#problem(`transfer ${key} is recorded twice as ${type}`);
    sides.set(type, createHash('sha256').update(JSON.stringify(jobs)).digest('base64'));
    if (type === 'transfer-done') {
      const moved = jobs.reduce((sum, { ordinals }) => sum + size(ordinals), 0);
      const targets = this.spillovers.get(from) ?? new Map<string, number>();
      this.spillovers.set(from, targets.set(to, (targets.get(to) ?? 0) + moved));
    }
  }

  /**
   * Matches the sides. Only when the run has `ended` must all of them be there. What a chain that `mayTrail`
   * does not say yet contradicts nothing.
   */
  close(ended: boolean, mayTrail: (chain: string) => boolean = () => false): void {
    for (const [key, { from, to, sides }] of this.#transfers) {
      const silent = { from: mayTrail(from), to: mayTrail(to) };
      for (const what of contradictions(sides, ended, silent)) {
        this.#problem(`transfer ${key} ${what}`);
      }
    }
  }

  #problem(what: string): void {
    this.#problems.add('transfer-mismatch', what);
  }
}

function contradictions(
  sides: Sides,
  ended: boolean,
  silent: { readonly from: boolean; readonly to: boolean },
): string[] {
  const has = (type: TransferEntry['type']): boolean => sides.has(type);
  const found: string[] = [];
  if (!has('transfer-out') && !silent.from) found.push('was never sent by its origin');
  if (has('transfer-in') && has('transfer-refused')) found.push('was both taken and refused');
  if (has('transfer-done') && !has('transfer-in') && !silent.to) {
    found.push('is done and was never taken');
  }
  if (has('transfer-back') && !has('transfer-refused') && !silent.to) {
    found.push('came back and was never refused');
  }
  if (new Set(sides.values()).size > 1)
    found.push('names other jobs on one side than on the other');
  if (!ended || found.length > 0) return found;
  const sent = SIDES.filter(has);
  if (sent.length === 1) return ['has no record at its target'];
  return has('transfer-done') || has('transfer-back') ? [] : ['was never settled by its origin'];
}

export function isTransfer(entry: LedgerEntry): entry is TransferEntry {
  return entry.type.startsWith('transfer-');
}

/** Origin and target of the transfer that an entry in the chain of `shard` is about. */
export function endsOf(
  shard: string,
  { type, peer }: Pick<TransferEntry, 'type' | 'peer'>,
): { from: string; to: string } {
  const isTarget = type === 'transfer-in' || type === 'transfer-refused';
  return isTarget ? { from: peer, to: shard } : { from: shard, to: peer };
}

/** The same for every entry about one transfer, whichever side's chain it stands in. */
export function transferKey(shard: string, entry: TransferEntry): string {
  const { from, to } = endsOf(shard, entry);
  return `${entry.no} from ${from} to ${to}`;
}
