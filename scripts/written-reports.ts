/**
 * The reports of a run on disk. A run that ends at once has one. A fabric that is kept after its report
 * gets a further one when it is closed, numbered `<run id>-2` and so on beside the first, so that what came
 * later is told too and nothing that was written is replaced.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LedgerEvent } from '../fabric/ledger.ts';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import { runFiles } from '../reporting/run-files.ts';
import type { Report } from '../reporting/schema.ts';

type Reported = Pick<RunSpec, 'folders' | 'runId'>;

/** Where the files of a run's report of that number stand, from 1; `ending` starts with a dot. */
export function reportFile({ folders, runId }: Reported, no: number, ending: string): string {
  const name = no === 1 ? runId : `${runId}-${no}`;
  return join(folders.reports, 'runs', `${name}${ending}`);
}

/** The number of the run's newest JSON report; 0 when there is none. */
export function newestReportNo(run: Reported): number {
  let no = 0;
  while (existsSync(reportFile(run, no + 1, '.json'))) no += 1;
  return no;
}

/** The run's newest JSON report; null when there is none. */
export function newestReport(run: Reported): string | null {
  const no = newestReportNo(run);
  return no === 0 ? null : reportFile(run, no, '.json');
}

/** What is asked of a report that was written; a file that is damaged has passed nothing. */
export async function readWritten(file: string): Promise<Pick<Report, 'passed' | 'ledger'>> {
  const nothing = { passed: false, ledger: { path: '', entries: 0, heads: {} } };
  try {
    const report = JSON.parse(await readFile(file, 'utf8')) as Partial<Report>;
    return { passed: report.passed === true, ledger: report.ledger ?? nothing.ledger };
  } catch {
    return nothing;
  }
}

/**
 * True when the run has been closed and its newest report tells all of it: the orchestrator's chain is
 * the last to close, and the report ends with it. False for a fabric that was kept after its report. A
 * chain that can't be read any more holds nothing that a further report could tell.
 */
export async function isReportedWhole(run: Reported): Promise<boolean> {
  const file = newestReport(run);
  if (file === null) return false;
  const { ledger } = await readWritten(file);
  try {
    const entries = runFiles(run.folders).entries('orchestrator');
    let last: LedgerEvent['type'] | null = null;
    let next = await entries.next();
    for (; next.done !== true; next = await entries.next()) last = next.value.type;
    return last === 'close' && ledger.heads['orchestrator'] === next.value;
  } catch {
    return true;
  }
}
