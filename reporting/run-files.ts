/** The records of a run as files: a folder of the ledger for each chain, and segments of results. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readLedgerGroups } from '../activities/ledger.ts';
import { readSegment } from '../activities/results.ts';
import type { LedgerEntry } from '../fabric/ledger.ts';
import type { RunRecords } from './records.ts';

/** Reads below these folders, both absolute. A ledger folder that is not there has no chains. */
export function runFiles(folders: {
  readonly ledger: string;
  readonly results: string;
}): RunRecords {
  return {
    chains: () => chainNames(folders.ledger),
    entries: (chain) => chainEntries(join(folders.ledger, chain)),
    results: (segment) => readSegment(folders.results, segment),
  };
}

async function chainNames(folder: string): Promise<string[]> {
  try {
    const found = await readdir(folder, { withFileTypes: true });
    return found.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function* chainEntries(folder: string): AsyncGenerator<LedgerEntry, string> {
  let last = '';
  for await (const { entries, head } of readLedgerGroups(folder)) {
    yield* entries;
    last = head;
  }
  return last;
}
