import { NO_PEAKS } from '../../scripts/history-peaks.ts';
import { appendFile, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildReport } from '../../reporting/build-report.ts';
import { runFiles } from '../../reporting/run-files.ts';
import { reportSchema, type Report } from '../../reporting/schema.ts';
import { writeRunReport } from '../../scripts/report-writer.ts';
import { isReportedWhole, newestReport } from '../../scripts/written-reports.ts';
import { closed, continued, writtenRun } from './sample-files.ts';
import { sampleRun } from './sample-run.ts';

let folder = '';
let folders = { ledger: '', results: '', reports: '' };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'report-'));
  folders = { ledger: join(folder, 'ledger'), results: join(folder, 'results'), reports: folder };
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test('a report made from files says the same as one made from memory', async () => {
  const input = await writtenRun(folder);
  const { report } = await buildReport(input, runFiles(folders));
  expect(report.problems).toEqual([]);
  expect(report.jobs).toMatchObject({ completed: 8, failed: 1, refused: 1 });
  expect(report.ledger.entries).toBe(20);
  expect(report.ledger.heads['edge']).toMatch(/^sha256:[0-9a-f]{64}$/);
});

test('a group of the ledger that was changed is a problem', async () => {
  const input = await writtenRun(folder);
  const [group] = await readdir(join(folders.ledger, 'edge'));
  await appendFile(join(folders.ledger, 'edge', group!), '{}\n');
  const { report } = await buildReport(input, runFiles(folders));
  expect(report.problemCounts['ledger-broken']).toBe(1);
  expect(report.passed).toBe(false);
});

test('a segment that was changed is a problem', async () => {
  const input = await writtenRun(folder);
  const file = join(folders.results, 'edge-a-1.ndjson');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('"attempt":1', '"attempt":2'));
  const { report } = await buildReport(input, runFiles(folders));
  expect(report.problemCounts).toEqual({ 'segment-broken': 1, 'no-result': 4 });
});

test('what a lost node wrote on behind the part that its outcome points at is ignored', async () => {
  const input = await writtenRun(folder);
  await appendFile(join(folders.results, 'edge-a-1.ndjson'), '{"half a rec');
  const { report } = await buildReport(input, runFiles(folders));
  expect(report.problems).toEqual([]);
});

test('a run without any ledger has problems and no crash', async () => {
  const { run } = sampleRun();
  const { report } = await buildReport(run, runFiles(folders));
  expect(report.problemCounts['count-mismatch']).toBeGreaterThan(0);
});

test('the report is written as JSON that fits its schema and as a page, and told in a few lines', async () => {
  const input = await writtenRun(folder);
  const written = await writeRunReport(input);
  expect(written.passed).toBe(true);
  expect(written.jsonFile).toBe(join(folder, 'runs', `${input.spec.runId}.json`));
  const report = JSON.parse(await readFile(written.jsonFile, 'utf8')) as unknown;
  expect(reportSchema.safeParse(report).error).toBeUndefined();
  expect(written.otherFiles).toEqual([join(folder, 'runs', `${input.spec.runId}.html`)]);
  expect(await readFile(written.otherFiles[0]!, 'utf8')).toContain('A sample: boxes of Edge');
  expect(written.verdict).toEqual([
    'Passed: A sample: boxes of Edge. 8 of 10 jobs completed, 1 failed, 1 refused, in 2 s.',
    'Edge handed 3 jobs to Helios; no job took longer than its latency budget.',
    'All conditions held: failed jobs 11.11% (at most 20%), completed jobs 80% (at least 50%), jobs left undone 0 (at most 0), contradictions in the files 0 (at most 0).',
  ]);
});

test('a report that tells the whole ledger already is handed out again', async () => {
  const input = await writtenRun(folder);
  const first = await writeRunReport(input);
  const text = await readFile(first.jsonFile, 'utf8');
  const again = await writeRunReport({
    ...input,
    history: { events: 1, bytes: 1, runs: 1, peaks: NO_PEAKS },
  });
  expect(again).toEqual(first);
  expect(await readFile(first.jsonFile, 'utf8')).toBe(text);
});

test('what came after a report is told by a further one, and the earlier is left as it is', async () => {
  const input = await writtenRun(folder);
  const first = await writeRunReport(input);
  const text = await readFile(first.jsonFile, 'utf8');
  const later = await continued(input);
  const further = await writeRunReport(later);
  const beside = (ending: string) => join(folder, 'runs', `${input.spec.runId}-2${ending}`);
  expect(further).toMatchObject({ jsonFile: beside('.json'), otherFiles: [beside('.html')] });
  expect(await readFile(beside('.html'), 'utf8')).toContain(`${input.spec.runId}-2.json`);
  const report = JSON.parse(await readFile(further.jsonFile, 'utf8')) as Report;
  expect(report.governance.commands.map(({ commandId }) => commandId)).toEqual(['c-1', 'c-2']);
  expect(report.problems).toEqual([]);
  expect(await readFile(first.jsonFile, 'utf8')).toBe(text);
  expect(newestReport(input.spec)).toBe(further.jsonFile);
  expect((await readdir(join(folder, 'runs'))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('a run is reported whole once its newest report ends with the close of its ledger', async () => {
  const input = await writtenRun(folder);
  expect(await isReportedWhole(input.spec)).toBe(false);
  await writeRunReport(input);
  expect(await isReportedWhole(input.spec)).toBe(false);
  const later = await closed(input);
  expect(await isReportedWhole(input.spec)).toBe(false);
  await writeRunReport(later);
  expect(await isReportedWhole(input.spec)).toBe(true);
});
