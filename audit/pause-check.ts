/**
 * I5: between the acknowledgement of a pause and the resume that ends it no lease starts in that shard. Both
 * switches must be on: the fabric's, which a pause of all turns off, and the shard's own. A resume of all
 * turns both on, a resume of the shard its own alone.
 */
import type { LedgerEntry } from '../fabric/ledger.ts';
import type { Findings } from './findings.ts';

/** The two switches of a shard: its own, and the fabric's. */
export type Switch = 'shard' | 'fabric';

export class PauseCheck {
  pauses = 0;
  /** By shard: each switch that is off, with the entry that acknowledged it. */
  readonly #off = new Map<string, Map<Switch, number>>();
  readonly #findings: Findings;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** The switches that are off in that shard. */
  off(chain: string): readonly Switch[] {
    return [...(this.#off.get(chain)?.keys() ?? [])];
  }

  apply(chain: string, entry: LedgerEntry): void {
    const off = this.#off.get(chain) ?? new Map<Switch, number>();
    this.#off.set(chain, off);
    if (entry.type === 'lease') {
      for (const [which, seq] of off) {
        const since = `the ${which}'s pause that was acknowledged at entry ${seq}`;
        this.#findings.fail('I5', `lease ${entry.lease} starts during ${since}`);
      }
      return;
    }
    if (entry.type === 'forked') for (const which of entry.off) off.set(which, entry.seq);
    if (entry.type !== 'command' || entry.outcome !== 'applied') return;
    if (entry.name === 'pause' || entry.name === 'fabricPause') {
      off.set(entry.name === 'pause' ? 'shard' : 'fabric', entry.seq);
      this.pauses += 1;
    }
    if (entry.name === 'resume') off.delete('shard');
    if (entry.name === 'fabricResume') off.clear();
  }
}
