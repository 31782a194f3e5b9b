/** The runs that have a ledger below this folder, by name. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunRecords } from '../reporting/records.ts';
import { runFiles } from '../reporting/run-files.ts';
import { UsageError } from './exit-code.ts';
import { nearNames } from './near-names.ts';
import type { Place } from './place.ts';

/** Names that a message lists at most. */
const RUNS_LISTED_MAX = 5;

export interface KnownRun {
  readonly name: string;
  readonly changedMs: number;
}

/** Where the reports of this folder are, absolute. */
export function reportsBelow({ folder }: Pick<Place, 'folder'>): string {
  return join(folder, 'reports', 'planetary-fabric');
}

/** Runs that have a ledger, the newest first. */
export async function runsBelow(reports: string): Promise<KnownRun[]> {
  const folder = join(reports, 'ledger');
  try {
    const found = await readdir(folder, { withFileTypes: true });
    const runs = found
      .filter((entry) => entry.isDirectory())
      .map(async ({ name }) => ({ name, changedMs: (await stat(join(folder, name))).mtimeMs }));
    return (await Promise.all(runs)).sort((a, b) => b.changedMs - a.changedMs);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The newest of them. Throws UsageError where there is none. */
export function newestOf([newest]: readonly KnownRun[], reports: string): string {
  if (newest) return newest.name;
  throw new UsageError(
    `found no run below ${join(reports, 'ledger')}; run a mission first, or go to the folder of one`,
  );
}

/**
 * The run as given: its name alone, so that nothing outside the ledger's folder is read. Throws UsageError where
 * there is no such run.
 */
export function knownRun(runs: readonly KnownRun[], given: string): string {
  const names = runs.map(({ name }) => name);
  if (names.includes(given)) return given;
  const near = nearNames(names, given);
  const list = (near.length > 0 ? near : names).slice(0, RUNS_LISTED_MAX).join(', ');
  throw new UsageError(`found no run "${given}"; expected one of: ${list || '(there is none)'}`);
}

/** The files of a run. */
export function filesOf(reports: string, run: string): RunRecords {
  return runFiles({ ledger: join(reports, 'ledger', run), results: join(reports, 'results', run) });
}
