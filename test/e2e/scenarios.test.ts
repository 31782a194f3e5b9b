/**
 * The scenarios as a stranger runs them: the built command line on a server of its own, to a finished
 * report. The reports are copied to this checkout's reports/, which continuous integration keeps.
 */
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { each } from '../../fabric/ordinals.ts';
import { reportSchema, type Report } from '../../reporting/schema.ts';
import { EXIT } from '../../scripts/exit-code.ts';
import { packageFolder } from '../../scripts/mission/mission-file.ts';
import { LiveFabric, type Ended } from './live-fabric.ts';

const RUN_MS_MAX = 120_000;
const RUNS = join('reports', 'planetary-fabric', 'runs');
const kept = join(packageFolder(), RUNS);
const config = join(packageFolder(), 'config');

/** What programs that don't know zod check a report by. */
const committedSchema = z.fromJSONSchema(
  JSON.parse(
    readFileSync(join(config, 'schemas', 'report.schema.json'), 'utf8'),
  ) as z.core.JSONSchema.JSONSchema,
);

/** Whether a report is one by the schema that the package ships. */
const isReport = (report: unknown) => committedSchema.safeParse(report).success;

const fabrics: LiveFabric[] = [];

afterAll(async () => {
  for (const fabric of fabrics) await fabric.end();
}, RUN_MS_MAX);

interface Run {
  readonly fabric: LiveFabric;
  readonly ended: Ended;
  readonly report: Report;
  /** The text of the run's file with this extension. */
  readonly text: (extension: 'html' | 'csv') => string;
}

/** A run in a folder of its own that must end well: 0, no contradiction, and a report by its schema. */
function runToItsEnd(...args: string[]): Run {
  const fabric = new LiveFabric();
  fabrics.push(fabric);
  const ended = fabric.run(args, RUN_MS_MAX);
  const runs = join(fabric.folder, RUNS);
  // A run that missed a gate has a report too, and that is the one to look at.
  if (existsSync(runs)) cpSync(runs, kept, { recursive: true });
  expect(ended, `${ended.stdout}\n${ended.stderr}`).toMatchObject({ status: EXIT.done });
  expect(fabric.processes()).toEqual([]);

  const runId = fabric.runId();
  const report = fabric.report(runId);
  expect(reportSchema.parse(report)).toEqual(report);
  const { jobs, ...rest } = report;
  expect([report, rest, { ...report, more: 1 }].map(isReport)).toEqual([true, false, false]);
  expect(report).toMatchObject({ passed: true, problems: [], engine: { kind: 'embedded' } });
  expect(jobs).toMatchObject({ queued: 0, leased: 0, inTransit: 0 });
  expect(existsSync(join(kept, `${runId}.json`))).toBe(true);
  const text = (extension: string) => readFileSync(join(runs, `${runId}.${extension}`), 'utf8');
  return { fabric, ended, report, text };
}

/** `feed#ordinal` of every outcome that the ledger has, as often as it has it. */
async function outcomesOf({ fabric, report }: Run): Promise<string[]> {
  const chains = fabric.chains(report.runId).map((chain) => fabric.ledger(report.runId, chain));
  return (await Promise.all(chains)).flat().flatMap((entry) => {
    if (entry.type !== 'outcome') return [];
    return entry.items.flatMap(({ feed, completed, failed }) =>
      [...each(completed), ...failed.map(([ordinal]) => ordinal)].map((n) => `${feed}#${n}`),
    );
  });
}

/** Headings of a page in their order. */
const headings = (html: string) =>
  [...html.matchAll(/<h2[^>]*>([^<]*)/g)].map(([, words]) => words);

test(
  'edge-relief triages 1,707 events, Helios takes the overflow, and Hualien is alone on top',
  async () => {
    const run = runToItsEnd('edge-relief');
    const { jobs, shards, triage } = run.report;
    expect(jobs).toMatchObject({ submitted: 1_707, accepted: 1_707, refused: 0, cancelled: 0 });
    expect(jobs.completed + jobs.failed).toBe(1_707);
    expect(shards['edge']!.spillovers['helios']).toBeGreaterThan(0);
    expect(shards['helios']!.jobs.completed).toBe(shards['edge']!.spilledOut);
    const outcomes = await outcomesOf(run);
    expect([outcomes.length, new Set(outcomes).size]).toEqual([1_707, 1_707]);

    const [top, ...rest] = triage!.lines;
    expect(top).toMatchObject({ rank: 1, level: 'T3', eventId: 'us1000chhc', usgsMmi: 6.7 });
    expect(top).toMatchObject({ intensityClass: 7, magnitude: 6.4 });
    expect(top!.intensity.toFixed(1)).toBe('6.7');
    expect(top!.sequence).toContain('us1000cfn6');
    expect(Math.max(...rest.map(({ intensityClass }) => intensityClass))).toBeLessThan(7);
    expect(triage).toMatchObject({ earthquakes: 1_679, notEarthquakes: 28, unread: 0, leftOut: 0 });

    const page = run.text('html');
    expect(headings(page).slice(0, 2)).toEqual(['Earthquakes by need', 'In short']);
    const [firstRow] = /<tbody>\s*<tr[\s\S]*?<\/tr>/.exec(page)!;
    expect(firstRow).toMatch(/T3 assess now[\s\S]*22km NNE of Hualian/);
    const rows = run.text('csv').trimEnd().split('\r\n');
    expect(rows).toHaveLength(1 + 1_707);
    expect(rows[1]).toMatch(/^1,mainshock,assessed,T3,VII,6\.\d+,.*us1000chhc/);
    expect(run.ended.stdout).toMatch(/^T3 assess now: M6\.4 22km NNE of Hualian, .*USGS 6\.7/m);
  },
  RUN_MS_MAX,
);

test(
  'k2-benchmark ends 10,000 jobs, each once, with under 2% failed',
  async () => {
    const run = runToItsEnd('k2-benchmark', '--jobs', '10000', '--json');
    const { jobs, failureRate, timings } = run.report;
    expect(JSON.parse(run.ended.stdout)).toEqual(run.report);
    expect(jobs).toMatchObject({ submitted: 10_000, accepted: 10_000 });
    const outcomes = await outcomesOf(run);
    expect([outcomes.length, new Set(outcomes).size]).toEqual([10_000, 10_000]);
    expect(failureRate).toBeLessThan(0.02);
    expect(Object.keys(run.report.shards)).toEqual(['earth', 'luna', 'mars']);
    console.log(
      `k2-benchmark, 10,000 jobs: ${Math.round(timings.jobsPerSecond)} jobs/s, ` +
        `${(100 * failureRate).toFixed(2)}% failed`,
    );
  },
  RUN_MS_MAX,
);

test(
  'resilience-drill loses its orchestrator at half and ends all jobs of its five shards',
  () => {
    const { report, text } = runToItsEnd('resilience-drill', '--resume');
    expect(report.jobs).toMatchObject({ submitted: 5_000, accepted: 5_000 });
    expect(report.jobs.completed + report.jobs.failed).toBe(5_000);
    expect(Object.keys(report.shards)).toEqual(['earth', 'edge', 'helios', 'luna', 'mars']);
    expect(report.faults).toMatchObject([{ kind: 'kill-orchestrator' }]);
    for (const { jobs } of Object.values(report.shards)) expect(jobs.completed).toBeGreaterThan(0);
    expect(headings(text('html'))[0]).toBe('In short');
  },
  RUN_MS_MAX,
);

test(
  'the mission for today’s earthquakes takes GeoJSON through real nodes to a ranked list',
  () => {
    const { report, text } = runToItsEnd('run', join(config, 'todays-earthquakes.example.json'));
    expect(report.jobs).toMatchObject({ submitted: 12, completed: 12, refused: 0 });
    const byNodes = report.nodes.map(({ completed }) => completed);
    expect(byNodes.reduce((sum, completed) => sum + completed)).toBe(12);
    expect(report.triage).toMatchObject({ earthquakes: 10, notEarthquakes: 2, unread: 0 });
    const [top] = report.triage!.lines;
    expect(top).toMatchObject({ level: 'T3', eventId: 'us1000chhc', usgsMmi: 6.7 });
    expect(top!.sequence).toHaveLength(3);
    expect(headings(text('html'))[0]).toBe('Earthquakes by need');
    expect(text('csv').trimEnd().split('\r\n')).toHaveLength(1 + 12);
  },
  RUN_MS_MAX,
);
