/** Binds the report to what the run left: its ledger, its results, and the fabric's last word. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { buildReport } from '../reporting/build-report.ts';
import { reportPage } from '../reporting/page.ts';
import { runFiles } from '../reporting/run-files.ts';
import { verdictLines } from '../reporting/verdict.ts';
import { writeOnce } from '../reporting/write.ts';
import type { Report } from '../reporting/schema.ts';
import type { ReportInput, WrittenReport } from './finish.ts';
import { newestReportNo, readWritten, reportFile } from './written-reports.ts';

/**
 * Builds and writes the report of a run. The JSON file comes last: once it is there, all of it is.
 * An earlier report is never replaced: one that tells the whole ledger already is handed out again, and
 * beside one that the ledger has outgrown, as that of a fabric that was kept, a further one is written.
 */
export async function writeRunReport(input: ReportInput): Promise<WrittenReport> {
  const { spec } = input;
  const { report, firstPage } = await buildReport(input, runFiles(spec.folders));
  const newest = newestReportNo(spec);
  const told = { passed: report.passed, verdict: verdictLines(report, firstPage) };
  if (newest > 0 && (await tellsAll(reportFile(spec, newest, '.json'), report))) {
    const otherFiles = ['.html', '.csv'].map((ending) => reportFile(spec, newest, ending));
    const jsonFile = reportFile(spec, newest, '.json');
    return { ...told, jsonFile, otherFiles: otherFiles.filter((file) => existsSync(file)) };
  }
  const fileOf = (ending: string): string => reportFile(spec, newest + 1, ending);
  const csv = firstPage === null ? null : await writeOnce(fileOf('.csv'), firstPage.csv);
  const page = reportPage(report, firstPage, {
    json: basename(fileOf('.json')),
    csv: csv === null ? null : basename(csv),
  });
  const htmlFile = await writeOnce(fileOf('.html'), page);
  const jsonFile = await writeOnce(fileOf('.json'), `${JSON.stringify(report, null, 2)}\n`);
  return { ...told, jsonFile, otherFiles: csv === null ? [htmlFile] : [htmlFile, csv] };
}

async function tellsAll(file: string, { ledger }: Report): Promise<boolean> {
  return isDeepStrictEqual((await readWritten(file)).ledger.heads, ledger.heads);
}
