/**
 * The two acceptance tests as functions, for programs that embed the fabric, and as `npm run acceptance`:
 * a burst of jobs with few failures, and an orchestrator that is killed in the middle. Both run real
 * processes on a real server and print what they came to.
 */
import { resolve } from 'node:path';
import type { Report } from '../reporting/schema.ts';
import { exitCodeOf, RunFailedError } from './exit-code.ts';
import { isMainModule } from './main-module.ts';
import type { FinishedRun } from './run-to-report.ts';
import { runToReport } from './run-to-report.ts';
import { simulateMission } from './simulate.ts';

export interface AcceptanceOptions {
  /** Where `reports/` is written; default: the working folder. */
  readonly folder?: string;
  /** Default: the scenario's own. */
  readonly seed?: number;
  /** Takes each printed line; default: standard output. */
  readonly print?: (line: string) => void;
}

export interface AcceptanceResult {
  readonly passed: true;
  readonly runId: string;
  /** Completed jobs as a share of submitted ones, 0 to 1. */
  readonly completionRatio: number;
  /** Failed jobs as a share of those that ended, 0 to 1. */
  readonly failureRate: number;
  /** Jobs that waited, by shard: at the end, and at the most. */
  readonly queueDepths: Readonly<Record<string, { readonly now: number; readonly max: number }>>;
  /** Absolute paths; empty where the run wrote none. */
  readonly checkpoints: readonly string[];
  /** Absolute. */
  readonly ledger: string;
  /** The JSON report, absolute. */
  readonly report: string;
  readonly outcomeDigest: string;
  readonly faults: Report['faults'];
}

/** A gate failed, or the run was not what the test is about. The report tells more. */
export class AcceptanceFailed extends RunFailedError {
  /** What did not hold, one line each. */
  readonly failures: readonly string[];

  constructor(test: string, failures: readonly string[], reportFile: string) {
    super(`${test} failed: ${failures.join('; ')}. Report: ${reportFile}`);
    this.failures = failures;
  }
}

/**
 * Runs the k2-benchmark with so many jobs. Throws AcceptanceFailed when a gate fails, among them under 2%
 * failed jobs and every job ended; errors of the engine when there is none.
 */
export async function highLoadShardTest(
  jobs: number,
  options: AcceptanceOptions = {},
): Promise<AcceptanceResult> {
  return await accept('highLoadShardTest', 'k2-benchmark', jobs, options, () => []);
}

/**
 * Runs the resilience-drill with so many jobs: its orchestrator gets SIGKILL at half of them and is
 * started again. Throws AcceptanceFailed when a gate fails, when the kill did not happen or no outcome
 * came after it, and when the outcome digest is not that of the same jobs without a kill.
 */
export async function orchestratorKillAndResume(
  jobs: number,
  options: AcceptanceOptions = {},
): Promise<AcceptanceResult> {
  return await accept(
    'orchestratorKillAndResume',
    'resilience-drill',
    jobs,
    options,
    async ({ spec, report }) => {
      const killed = report.faults.find(({ kind }) => kind === 'kill-orchestrator');
      const undisturbed = await simulateMission(spec);
      return [
        ...(killed === undefined ? ['the orchestrator was not killed'] : []),
        ...(killed?.recoveredAfterMs === null ? ['no outcome came after the kill'] : []),
        ...(report.outcomeDigest === undisturbed.report.outcomeDigest
          ? []
          : ['the outcomes are not those of an undisturbed run']),
      ];
    },
  );
}

async function accept(
  test: string,
  scenario: string,
  jobs: number,
  { folder = process.cwd(), seed, print = printLine }: AcceptanceOptions,
  further: (run: FinishedRun) => readonly string[] | Promise<readonly string[]>,
): Promise<AcceptanceResult> {
  const overrides = { jobs, ...(seed === undefined ? {} : { seed }) };
  const run = await runToReport(scenario, { folder: resolve(folder), overrides });
  const { report, jsonFile } = run;
  for (const line of acceptanceLines(test, run)) print(line);
  const failures = [...reportFailures(report, jobs), ...(await further(run))];
  if (failures.length > 0) throw new AcceptanceFailed(test, failures, jsonFile);
  const depths = Object.entries(report.shards).map(([shard, { queueDepth }]) => {
    return [shard, { now: queueDepth.now, max: queueDepth.max }] as const;
  });
  return {
    passed: true,
    runId: report.runId,
    completionRatio: report.completionRatio,
    failureRate: report.failureRate,
    queueDepths: Object.fromEntries(depths),
    checkpoints: report.checkpoints.map(({ path }) => path),
    ledger: report.ledger.path,
    report: jsonFile,
    outcomeDigest: report.outcomeDigest,
    faults: report.faults,
  };
}

/** What does not hold of a report, one line each: its gates, and that the jobs were all there. */
export function reportFailures(
  { gates, jobs }: Pick<Report, 'gates' | 'jobs'>,
  expected: number,
): string[] {
  const missed = gates.filter(({ passed }) => !passed);
  return [
    ...missed.map(({ name, limit, value }) => `${name} is ${value}, the limit ${limit}`),
    ...(jobs.accepted === expected ? [] : [`${jobs.accepted} of ${expected} jobs were accepted`]),
  ];
}

/** What a test prints, whether it passes or not. */
export function acceptanceLines(
  test: string,
  { report, jsonFile }: Pick<FinishedRun, 'report' | 'jsonFile'>,
): string[] {
  const { jobs, shards, checkpoints, ledger, faults, timings } = report;
  const percent = (ratio: number): string => `${(100 * ratio).toFixed(2)}%`;
  const depths = Object.entries(shards)
    .map(([shard, { queueDepth }]) => `${shard} ${queueDepth.now} (at most ${queueDepth.max})`)
    .join(', ');
  const written = checkpoints.length === 0 ? ['none written'] : checkpoints.map(({ path }) => path);
  return [
    `${test}: ${report.passed ? 'passed' : 'FAILED'} in ${Math.round(timings.durationMs)} ms`,
    `  completion ratio  ${percent(report.completionRatio)} (${jobs.completed} of ${jobs.submitted})`,
    `  failure rate      ${percent(report.failureRate)}`,
    `  queue depths      ${depths}`,
    ...faults.map(
      ({ kind, target, recoveredAfterMs, reexecutedJobs }) =>
        `  fault             ${kind} of ${target}: next outcome after ${recoveredAfterMs} ms, at most ${reexecutedJobs} jobs ran again`,
    ),
    `  checkpoints       ${written.join(', ')}`,
    `  ledger            ${ledger.path}`,
    `  report            ${jsonFile}`,
  ];
}

function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

if (isMainModule(import.meta.filename)) {
  try {
    await highLoadShardTest(10_000);
    await orchestratorKillAndResume(5_000);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = exitCodeOf(error) ?? 1;
  }
}
