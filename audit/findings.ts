/**
 * What an audit checks, by name, and what it found. Every check says how much it looked at, so that one
 * that saw nothing is not taken for one that held; of each the first failures are kept in words with the
 * chain and the entry they stand in, and all are counted.
 */
import type { ProblemCode, ProblemSink } from '../reporting/problems.ts';

/** Checks in the order in which they are told. `I1` to `I7` are the invariants of the design. */
export const CHECKS = {
  chains: 'hash chains',
  work: 'work done',
  I1: 'one outcome for each accepted job',
  I2: 'conservation',
  I3: 'one owner at a time',
  I4: 'spillover within limit, headroom and budget',
  I5: 'no lease while paused',
  I7: 'commands and entries one to one',
  fences: 'no outcome under a fence that was given up',
  transfers: 'two sides of every transfer',
  results: 'results as their outcomes say',
  report: 'the report says the same',
  I6: 'the same outcomes as the other run',
} as const;

export type CheckName = keyof typeof CHECKS;

/** Where in the ledger: the chain's name and the entry's number in it. */
export interface Position {
  readonly chain: string;
  readonly seq: number;
}

export interface Finding {
  /** Null where it is about no single entry. */
  readonly at: Position | null;
  readonly what: string;
}

/** Failures of one check that are kept in words. */
export const FINDINGS_KEPT_MAX = 10;

const CHECK_OF: Readonly<Record<ProblemCode, CheckName>> = {
  'ledger-broken': 'chains',
  'ordinal-out-of-range': 'I1',
  'entered-twice': 'I1',
  'two-outcomes': 'I1',
  'outcome-without-acceptance': 'I1',
  'no-outcome': 'I1',
  'attempts-mismatch': 'I1',
  'lease-mismatch': 'fences',
  'transfer-mismatch': 'transfers',
  'segment-broken': 'results',
  'no-result': 'results',
  'result-mismatch': 'results',
  'count-mismatch': 'report',
  'command-unrecorded': 'I7',
  'shard-stopped': 'report',
  'near-engine-limit': 'report',
};

/** Gathers failures. It also takes the problems that the checks of a report find. */
export class Findings implements ProblemSink {
  /** The entry that is looked at, or null when the whole is. */
  position: Position | null = null;
  readonly #kept = new Map<CheckName, Finding[]>();
  readonly #counts = new Map<CheckName, number>();

  fail(check: CheckName, what: string, at: Position | null = this.position): void {
    const count = this.count(check) + 1;
    this.#counts.set(check, count);
    if (count > FINDINGS_KEPT_MAX) return;
    this.#kept.set(check, [...this.kept(check), { at, what }]);
  }

  add(code: ProblemCode, what: string): void {
    this.fail(CHECK_OF[code], what);
  }

  count(check: CheckName): number {
    return this.#counts.get(check) ?? 0;
  }

  kept(check: CheckName): readonly Finding[] {
    return this.#kept.get(check) ?? [];
  }
}
