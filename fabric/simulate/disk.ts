/**
 * The files of a run in virtual time: chains of the ledger, snapshots and checkpoints, and the disk that may
 * be full. All of it is written by the process that may be killed.
 */
import type { Chains } from '../checkpoint/rebuild.ts';
import type { CutEffect, CutEvent } from '../checkpoint/cut.ts';
import type { LedgerEntry } from '../ledger.ts';
import type { SealEvent } from '../orchestrator/checkpoints.ts';
import type { Calendar } from './calendar.ts';
import type { MortalProcess } from './process.ts';
import { Vault } from './vault.ts';
import { ENGINE_MS, type Disorder } from './world.ts';

type AppendEvent =
  | { readonly on: 'appended'; readonly throughSeq: number; readonly head: string }
  | { readonly on: 'appendFailed'; readonly why: string };

export const FULL = 'no space left on the device';

export class Disk {
  readonly ledger = new Map<string, LedgerEntry[]>();
  readonly vault = new Vault();
  lastEntryMs: number;
  readonly #calendar: Calendar;
  readonly #host: MortalProcess;
  readonly #fullDisk: NonNullable<Disorder['fullDisk']>;
  readonly #startMs: number;
  #engine = 0;

  constructor(calendar: Calendar, host: MortalProcess, fullDisk: Disorder['fullDisk']) {
    this.#calendar = calendar;
    this.#host = host;
    this.#fullDisk = fullDisk ?? [];
    this.#startMs = calendar.nowMs;
    this.lastEntryMs = calendar.nowMs;
  }

  get isFull(): boolean {
    const atMs = this.#calendar.nowMs - this.#startMs;
    return this.#fullDisk.some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs);
  }

  /** Every chain as it is on disk. */
  chains(): Chains {
    return new Map(
      [...this.ledger].map(([chain, entries]) => [
        chain,
        { entries, end: { entries: entries.length, head: `${chain}-${entries.length - 1}` } },
      ]),
    );
  }

  /** What the lost engine had asked for is never done. */
  loseEngine(): void {
    this.#engine += 1;
  }

  #work(act: () => void): void {
    const engine = this.#engine;
    this.#host.work(ENGINE_MS.append, () => {
      if (engine === this.#engine) act();
    });
  }

  append(chain: string, entries: readonly LedgerEntry[], done: (event: AppendEvent) => void): void {
    this.#work(() => {
      if (this.isFull) return done({ on: 'appendFailed', why: FULL });
      const written = this.ledger.get(chain) ?? [];
      // The same group again is already there.
      for (const entry of entries) if (entry.seq === written.length) written.push(entry);
      this.ledger.set(chain, written);
      this.lastEntryMs = this.#calendar.nowMs;
      // Killed between writing and answering: the engine asks the next process for the same again.
      if (this.#host.isKilled()) return this.append(chain, entries, done);
      const throughSeq = entries.at(-1)?.seq ?? -1;
      done({ on: 'appended', throughSeq, head: `${chain}-${throughSeq}` });
    });
  }

  save(
    chain: string,
    { epoch, snapshot }: CutEffect<unknown>,
    done: (event: CutEvent) => void,
  ): void {
    this.#work(() => {
      if (this.isFull) return done({ on: 'cutFailed', epoch, why: FULL });
      done({ on: 'cutWritten', epoch, part: this.vault.save(epoch, chain, snapshot) });
    });
  }

  seal(epoch: number, shards: readonly string[], done: (event: SealEvent) => void): void {
    this.#work(() => {
      if (this.isFull) return done({ on: 'sealFailed', epoch, why: FULL });
      const sealed = this.vault.seal(epoch, shards);
      if (this.#host.isKilled()) return this.seal(epoch, shards, done);
      done(sealed);
    });
  }
}
