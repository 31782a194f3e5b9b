/** Faults that were done, until the ledger on disk tells that work went on after each. */
import type { LedgerEntry } from '../../fabric/ledger.ts';
import { Recovery, takeLoss } from '../../reporting/recovery.ts';
import type { FaultNote } from './record.ts';

interface Watched {
  readonly note: FaultNote;
  readonly recovery: Recovery;
  isAnswered: boolean;
}

export class WatchedFaults {
  readonly #tell: (line: string) => void;
  readonly #all: Watched[] = [];

  /** `tell` is given one line for people a fault. */
  constructor(tell: (line: string) => void) {
    this.#tell = tell;
  }

  /** Watches a fault that has just been done. */
  add(note: FaultNote): void {
    this.#all.push({ note, recovery: new Recovery(note.fault), isAnswered: false });
  }

  /** True while there is a fault after which work has not been seen to go on; one that cost nothing is let go. */
  isWatching(nowMs: number): boolean {
    return this.#all.some(
      ({ isAnswered, recovery }) => !isAnswered && (recovery.isAwaiting || !recovery.isOver(nowMs)),
    );
  }

  /** Takes in entries that were seen on disk at such an instant. */
  take(entries: readonly LedgerEntry[], seenAtMs: number): void {
    for (const { note, recovery } of this.#all) recovery.fault = note.fault;
    const recoveries = this.#all.map(({ recovery }) => recovery);
    for (const entry of entries) takeLoss(recoveries, entry);
    for (const watched of this.#all) {
      const { recovery, note, isAnswered } = watched;
      if (isAnswered || !recovery.isAwaiting) continue;
      if (!entries.some((entry) => recovery.isAnsweredBy(entry))) continue;
      watched.isAnswered = true;
      // A disk that is full keeps no line; the ledger tells it then, if less exactly.
      note.add({ answeredAtMs: seenAtMs }).catch(() => undefined);
      const { target, nodes, atMs } = recovery.fault;
      const whose = nodes.length === 0 ? 'the next outcome' : 'the next outcome of a job it held';
      this.#tell(`${target}: ${whose} came ${seenAtMs - atMs} ms after it`);
    }
  }
}
