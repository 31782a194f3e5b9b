/** Binds the report to what the run left: its ledger, its results, and the fabric's last word. */
import { basename, join } from 'node:path';
import { buildReport } from '../reporting/build-report.ts';
import { reportPage } from '../reporting/page.ts';
import { runFiles } from '../reporting/run-files.ts';
import { verdictLines } from '../reporting/verdict.ts';
import { writeOnce } from '../reporting/write.ts';
import type { ReportInput, WrittenReport } from './finish.ts';

/**
 * Builds and writes the report of a run. The JSON file comes last: once it is there, all of it is.
 * Files of an earlier run are never replaced.
 */
export async function writeRunReport(input: ReportInput): Promise<WrittenReport> {
  const { folders, runId } = input.spec;
  const { report, firstPage } = await buildReport(input, runFiles(folders));
  const fileOf = (ending: string): string => join(folders.reports, 'runs', `${runId}${ending}`);
  const csv = firstPage === null ? null : await writeOnce(fileOf('.csv'), firstPage.csv);
  const page = reportPage(report, firstPage, {
    json: basename(fileOf('.json')),
    csv: csv === null ? null : basename(csv),
  });
  const htmlFile = await writeOnce(fileOf('.html'), page);
  const jsonFile = await writeOnce(fileOf('.json'), `${JSON.stringify(report, null, 2)}\n`);
  return {
    passed: report.passed,
    verdict: verdictLines(report, firstPage),
    jsonFile,
    otherFiles: csv === null ? [htmlFile] : [htmlFile, csv],
  };
}
