/**
 * The engine under a run, from the supervisor's side. An embedded server that ends unasked is started
 * again where it was, for its database has everything; one that keeps ending is given up.
 */
import { rm } from 'node:fs/promises';
import { EngineError } from '../engine/errors.ts';
import type { EmbeddedEngine } from '../engine/embedded.ts';
import type { Engine } from '../engine/open.ts';
import { reviveEmbedded } from '../engine/revive.ts';

/** Ends in a row, each soon after the last, before it is given up. */
const REVIVALS_MAX = 5;
/** A server that lived this long starts the count anew. */
const SETTLED_MS = 30_000;

export interface EngineOrder {
  /** Holds the server's record, log and database. */
  readonly stateDir: string;
  /** Called with the server that took the place of the last, once it answers. */
  readonly onBack: (engine: EmbeddedEngine) => void;
  /** One line for people; null once there is no more to be said. */
  readonly onNote: (note: string | null) => void;
}

export interface EngineLife {
  /** Rejects with an EngineError when an embedded server is gone and can't be brought back. */
  readonly lost: Promise<never>;
  /** SIGKILL, as a fault of a mission; `struck` is called in that instant. Resolves once the server answers again. */
  kill(struck?: () => void): Promise<void>;
  /** From now on an end is asked for. Resolves when no start is under way. */
  release(): Promise<void>;
}

/** Watches over the engine. One that somebody else runs is left alone, and can't be killed. */
export function keepEngine(engine: Engine, order: EngineOrder): EngineLife {
  return new Keeper(engine, order);
}

class Keeper implements EngineLife {
  readonly lost: Promise<never>;
  readonly #order: EngineOrder;
  #engine: Engine;
  #lose: (error: unknown) => void = () => undefined;
  #revival: Promise<void> | null = null;
  #released = false;
  #revivals = 0;
  #startedMs = Date.now();
  #kills: Promise<void> = Promise.resolve();

  constructor(engine: Engine, order: EngineOrder) {
    this.#engine = engine;
    this.#order = order;
    this.lost = new Promise<never>((_, reject) => (this.#lose = reject));
    this.lost.catch(() => undefined);
    this.#watch();
  }

  /** One after another: a server that is being killed can't be killed. */
  kill(struck?: () => void): Promise<void> {
    const killed = this.#kills.then(() => this.#killOnce(struck));
    this.#kills = killed.catch(() => undefined);
    return killed;
  }

  async #killOnce(struck?: () => void): Promise<void> {
    await this.#revival;
    const engine = this.#engine;
    if (engine.kind === 'external') throw new EngineError(`${engine.address} is not ours to kill`);
    this.#revivals = 0;
    struck?.();
    process.kill(engine.pid, 'SIGKILL');
    // Where another command started it, nobody here would notice its end.
    if (engine.reused) await this.#endedUnasked();
    else await engine.exited;
    await this.#revival;
  }

  async release(): Promise<void> {
    this.#released = true;
    await this.#revival;
  }

  #watch(): void {
    if (this.#engine.kind === 'external') return;
    const { exited } = this.#engine;
    void exited.then(() => this.#endedUnasked());
  }

  #endedUnasked(): Promise<void> {
    if (this.#released) return Promise.resolve();
    this.#revival ??= this.#revive().finally(() => (this.#revival = null));
    return this.#revival;
  }

  async #revive(): Promise<void> {
    const engine = this.#engine as EmbeddedEngine;
    const { stateDir, onBack, onNote } = this.#order;
    if (Date.now() - this.#startedMs > SETTLED_MS) this.#revivals = 0;
    this.#revivals += 1;
    if (this.#revivals > REVIVALS_MAX) {
      const often = `The embedded Temporal server has ended unasked ${this.#revivals} times in a row.`;
      return this.#lose(new EngineError(`${often} Its log: ${engine.logFile}`));
    }
    onNote('the Temporal server ended; it is started again on its database');
    try {
      this.#engine = await reviveEmbedded(engine, stateDir);
    } catch (error) {
      return this.#lose(error);
    }
    this.#startedMs = Date.now();
    onBack(this.#engine);
    onNote(null);
    this.#watch();
  }
}

/** Histories and ledger are saved beside the report: the database of a closed run only takes room. */
export async function removeDatabase(engine: Engine | null): Promise<void> {
  if (engine?.kind !== 'embedded') return;
  const files = ['', '-wal', '-shm'].map((suffix) => `${engine.dbFile}${suffix}`);
  await Promise.all(files.map((file) => rm(file, { force: true })));
}
