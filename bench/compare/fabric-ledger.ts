/** What a run's ledger and results say of its jobs: when each ended, and what it came to. */
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import type { LedgerEntry } from '../../fabric/ledger.ts';
import { each, has } from '../../fabric/ordinals.ts';
import { runFiles } from '../../reporting/run-files.ts';
import type { KeptResult } from './delivery.ts';

interface Folders {
  readonly ledger: string;
  readonly results: string;
}

export interface OutcomeTimes {
  /** When the last shard opened its feeds, in ms since the epoch: from then on there are jobs to do. */
  readonly openedMs: number;
  /** When the last job ended, in ms since the epoch. */
  readonly lastMs: number;
  /** When each submitted job ended; a feed's own ids stay in the feed. */
  readonly byId: ReadonlyMap<string, number>;
  /** Jobs that have more than one outcome. */
  readonly twice: number;
}

async function* allEntries(folders: Folders): AsyncGenerator<LedgerEntry> {
  const files = runFiles(folders);
  for (const chain of await files.chains()) yield* files.entries(chain);
}

/** Reads the whole ledger. */
export async function outcomeTimes(folders: Folders): Promise<OutcomeTimes> {
  const ids = new Map<string, string>();
  const byId = new Map<string, number>();
  const ended = new Map<string, Set<number>>();
  let openedMs = 0;
  let lastMs = 0;
  let twice = 0;
  for await (const entry of allEntries(folders)) {
    if (entry.type === 'open') openedMs = Math.max(openedMs, entry.at);
    if (entry.type === 'accept') {
      for (const { ordinals, ids: own } of entry.classes) {
        if (own === undefined) continue;
        for (const [i, ordinal] of [...each(ordinals)].entries())
          ids.set(`${entry.feed}/${ordinal}`, own[i]!);
      }
    }
    if (entry.type !== 'outcome') continue;
    for (const { feed, completed } of entry.items) {
      const done = ended.get(feed) ?? new Set();
      ended.set(feed, done);
      for (const ordinal of each(completed)) {
        lastMs = Math.max(lastMs, entry.at);
        if (done.has(ordinal)) twice += 1;
        done.add(ordinal);
        const id = ids.get(`${feed}/${ordinal}`);
        if (id !== undefined) byId.set(id, entry.at);
      }
    }
  }
  return { openedMs, lastMs, byId, twice };
}

/** The result of every job that the ledger calls completed, from the segment that its outcome points at. */
export async function* keptResults(folders: Folders): AsyncGenerator<KeptResult> {
  const files = runFiles(folders);
  for await (const entry of allEntries(folders)) {
    if (entry.type !== 'outcome' || entry.segment === null) continue;
    for (const { feed, ordinal, id, status, result } of await files.results(entry.segment)) {
      const isOutcome = entry.items.some(
        (item) => item.feed === feed && has(item.completed, ordinal),
      );
      if (status === 'completed' && isOutcome) yield { id, result };
    }
  }
}

/** When the first outcome came of a lease that was granted after that, or null while none is on disk. */
export async function firstOutcomeOfNewLease(
  folders: Folders,
  afterMs: number,
): Promise<number | null> {
  const fresh = new Set<string>();
  for await (const entry of allEntries(folders)) {
    if (entry.at <= afterMs) continue;
    if (entry.type === 'lease') fresh.add(entry.fence);
    if (entry.type === 'outcome' && entry.lost !== true && fresh.has(entry.fence)) return entry.at;
  }
  return null;
}

/** Writes one JSON value a line. */
export async function writeResults(
  file: string,
  results: AsyncIterable<KeptResult>,
): Promise<void> {
  const out = createWriteStream(file);
  for await (const result of results) {
    if (!out.write(`${JSON.stringify(result)}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}
