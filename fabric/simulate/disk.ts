/**
 * The files of a run in virtual time: chains of the ledger, snapshots and checkpoints, and the disk that may
 * be full. All of it is written by the process that may be killed.
 */
import { fork } from '../checkpoint/fork.ts';
import { rebuild, type Chains, type Rebuilt } from '../checkpoint/rebuild.ts';
import type { CutEffect, CutEvent } from '../checkpoint/cut.ts';
import type { Fork } from '../forked-chain.ts';
import type { LedgerEntry } from '../ledger.ts';
import type { SealEvent } from '../orchestrator/checkpoints.ts';
import type { Calendar } from './calendar.ts';
import type { MortalProcess } from './process.ts';
import { checkpointDigest, Vault, type SimulatedCheckpoint } from './vault.ts';
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

  /** The fabric from that checkpoint, and from what the ledger holds beyond it. */
  rebuilt(checkpoint: SimulatedCheckpoint): Rebuilt {
    const { epoch } = checkpoint;
    const from = { epoch, sha256: checkpointDigest(epoch), newestEpoch: epoch };
    const { nowMs } = this.#calendar;
    const states = this.#isForkOf(from) ? fork(checkpoint, from, nowMs) : checkpoint;
    return rebuild(states, this.#chains(), from, nowMs);
  }

  /** True where there is no ledger, or one that begins with a fork of this checkpoint. */
  #isForkOf({ sha256 }: Pick<Fork, 'sha256'>): boolean {
    return [...this.ledger.values()].every(
      ([first]) => first?.type === 'forked' && first.sha256 === sha256,
    );
  }

  #chains(): Chains {
    return new Map(
      [...this.ledger].map(([chain, entries]) => [
        chain,
        { entries, end: { entries: entries.length, head: `${chain}-${entries.length - 1}` } },
      ]),
    );
  }

  /** What the lost engine had asked for is never done. */
  loseEngine(withLedger: boolean): void {
    this.#engine += 1;
    if (withLedger) this.ledger.clear();
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
