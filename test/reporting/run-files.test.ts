import { appendFile, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { appendLedger } from '../../activities/ledger.ts';
import { writeSegment } from '../../activities/results.ts';
import { buildReport } from '../../reporting/build-report.ts';
import { runFiles } from '../../reporting/run-files.ts';
import { reportSchema } from '../../reporting/schema.ts';
import { writeRunReport } from '../../scripts/report-writer.ts';
import type { ReportInput } from '../../scripts/finish.ts';
import { entriesOf, sampleRun } from './sample-run.ts';

let folder = '';
let folders = { ledger: '', results: '', reports: '' };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'report-'));
  folders = { ledger: join(folder, 'ledger'), results: join(folder, 'results'), reports: folder };
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** The sample run as files, its ledger in groups of five. */
async function onDisk(): Promise<ReportInput> {
  const { run, chains, segments } = sampleRun();
  const written = new Map<string, unknown>();
  for (const [name, records] of Object.entries(segments)) {
    const full = records.map((record) => ({
      value: 2.5,
      ms: 1,
      id: record.id,
      kind: record.kind,
      feed: record.feed,
      ordinal: record.ordinal,
      attempt: record.attempt,
      status: record.status,
      result: record.result,
      resultSha256: record.resultSha256 ?? '',
      ...(record.code === undefined ? {} : { code: record.code }),
    }));
    written.set(name, await writeSegment(folders.results, name, full));
  }
  for (const [chain, events] of Object.entries(chains)) {
    const entries = entriesOf(events, segments).map((entry) =>
      entry.type === 'outcome' && entry.segment !== null
        ? { ...entry, segment: written.get(entry.segment.name) as typeof entry.segment }
        : entry,
    );
    let head = '';
    for (let at = 0; at < entries.length; at += 5) {
      const group = entries.slice(at, at + 5);
      const input = { folder: join(folders.ledger, chain), head, entries: group };
      ({ head } = await appendLedger(input));
    }
  }
  return { ...run, spec: { ...run.spec, folders } } as ReportInput;
}

test('a report made from files says the same as one made from memory', async () => {
  const input = await onDisk();
  const { report } = await buildReport(input, runFiles(folders));
  expect(report.problems).toEqual([]);
  expect(report.jobs).toMatchObject({ completed: 8, failed: 1, refused: 1 });
  expect(report.ledger.entries).toBe(20);
  expect(report.ledger.heads['edge']).toMatch(/^sha256:[0-9a-f]{64}$/);
});

test('a group of the ledger that was changed is a problem', async () => {
  const input = await onDisk();
  const [group] = await readdir(join(folders.ledger, 'edge'));
  await appendFile(join(folders.ledger, 'edge', group!), '{}\n');
  const { report } = await buildReport(input, runFiles(folders));
  expect(report.problemCounts['ledger-broken']).toBe(1);
  expect(report.passed).toBe(false);
});

test('a segment that was changed is a problem', async () => {
  const input = await onDisk();
  await appendFile(join(folders.results, 'edge-a-1.ndjson'), '{}\n');
  const { report } = await buildReport(input, runFiles(folders));
  expect(report.problemCounts).toEqual({ 'segment-broken': 1, 'no-result': 4 });
});

test('a run without any ledger has problems and no crash', async () => {
  const { run } = sampleRun();
  const { report } = await buildReport(run, runFiles(folders));
  expect(report.problemCounts['count-mismatch']).toBeGreaterThan(0);
});

test('the report is written as JSON that fits its schema and as a page, and told in a few lines', async () => {
  const input = await onDisk();
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
    'All conditions held: failed jobs 11.11% (at most 20%), completed jobs 80% (at least 50%), contradictions in the files 0 (at most 0).',
  ]);
});

test('an earlier report is left as it is', async () => {
  const input = await onDisk();
  const first = await writeRunReport(input);
  const text = await readFile(first.jsonFile, 'utf8');
  const again = await writeRunReport({ ...input, history: { events: 1, bytes: 1, runs: 1 } });
  expect(again.jsonFile).toBe(join(folder, 'runs', `${input.spec.runId}-2.json`));
  expect(await readFile(first.jsonFile, 'utf8')).toBe(text);
  expect((await writeRunReport(input)).jsonFile).toBe(first.jsonFile);
  expect((await readdir(join(folder, 'runs'))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});
