/**
 * How many jobs of a run have ended, read from its ledger as it grows. Files alone tell it, so it goes on
 * telling while the orchestrator or the server is gone; it trails the run by about a quarter of a second.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LedgerEntry } from '../../fabric/ledger.ts';
import { size } from '../../fabric/ordinals.ts';

/** No folder yet, or a file where chains have their folders. */
const NOT_THERE: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ENOTDIR']);
const GROUP_NAME = /^\d+\.ndjson$/;

export class OutcomeCount {
  readonly #folder: string;
  /** The newest group read of each chain. */
  readonly #read = new Map<string, string>();
  /** Jobs of the run that have ended. */
  outcomes = 0;
  /** When the run's first entry was recorded, in ms since the epoch; null before it. */
  startedAtMs: number | null = null;

  /** `folder` is the run's ledger; it need not be there yet. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Takes in what has been appended since the last look, and returns it. */
  async look(): Promise<readonly LedgerEntry[]> {
    const entries: LedgerEntry[] = [];
    for (const chain of await namesIn(this.#folder)) {
      const folder = join(this.#folder, chain);
      const last = this.#read.get(chain) ?? '';
      const fresh = (await namesIn(folder)).filter((name) => GROUP_NAME.test(name) && name > last);
      for (const name of fresh.sort()) {
        const text = await readFile(join(folder, name), 'utf8');
        // The first line of a group says what comes before it.
        const lines = text.trimEnd().split('\n').slice(1);
        entries.push(...lines.map((line) => JSON.parse(line) as LedgerEntry));
        this.#read.set(chain, name);
      }
    }
    for (const entry of entries) this.#take(entry);
    return entries;
  }

  #take(entry: LedgerEntry): void {
    this.startedAtMs = Math.min(this.startedAtMs ?? entry.at, entry.at);
    if (entry.type !== 'outcome') return;
    for (const { completed, failed } of entry.items) {
      this.outcomes += size(completed) + failed.length;
    }
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (NOT_THERE.has((error as NodeJS.ErrnoException).code)) return [];
    throw error;
  }
}
