/**
 * The end of a run: histories saved, the report written, and a short verdict in plain words with the
 * paths and the commands that make sense next.
 */
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Engine } from '../engine/open.ts';
import type { RunFault, RunSpec } from '../fabric/mission/run-spec.ts';
import { commandName } from './command-name.ts';
import { EXIT } from './exit-code.ts';
import { exportTo } from './export-file.ts';
import { faultsNotDone, recordedFaults } from './faults/record.ts';
import type { HistoryFigures } from './histories.ts';
import { saveHistories } from './histories.ts';
import { pageOpener } from './page-opener.ts';
import type { Output, Place } from './place.ts';
import { say } from './place.ts';
import { writeRunReport } from './report-writer.ts';
import type { OrchestratorResult, RunWorkflows } from './start-workflows.ts';
import { DEFAULT_FABRIC } from './state.ts';
import type { InjectedFault } from '../reporting/reported-run.ts';
import { readWritten } from './written-reports.ts';

/** Everything the report is made from. */
export interface ReportInput {
  readonly spec: RunSpec;
  readonly result: OrchestratorResult;
  readonly engine: Pick<Engine, 'kind' | 'address' | 'serverVersion' | 'durability'>;
  readonly history: HistoryFigures;
  readonly faults?: readonly InjectedFault[];
  readonly faultsNotDone?: readonly RunFault[];
}

/** A report on disk, and what it comes to. */
export interface WrittenReport {
  readonly passed: boolean;
  /** Plain words, one line each: the verdict, and the top of a list where the scenario has one. */
  readonly verdict: readonly string[];
  readonly jsonFile: string;
  /** Other files for people, such as the page and a CSV. */
  readonly otherFiles: readonly string[];
}

/** What to do with the report beside writing it. */
export interface ReportOrder {
  readonly exportFile?: string;
  readonly json?: boolean;
}

export interface Ending {
  readonly place: Place;
  readonly spec: RunSpec;
  readonly order: ReportOrder;
  /** The fabric runs on: a further report follows when it is closed. */
  readonly isKept: boolean;
  /** Where people are spoken to. */
  readonly talk: Output;
  readonly workflows: RunWorkflows;
  readonly result: OrchestratorResult;
  readonly client: Client;
  readonly engine: Engine;
}

/** Writes everything and tells it; returns the exit code. */
export async function finishRun(ending: Ending): Promise<number> {
  const { spec, place, order, talk, client, workflows } = ending;
  const folder = join(spec.folders.reports, 'histories', spec.runId);
  const history = await saveHistories(client, workflows.all, folder);
  const { result, engine } = ending;
  const faults = { faults: recordedFaults(spec), faultsNotDone: faultsNotDone(spec) };
  const written = await writeRunReport({ spec, result, engine, history, ...faults });
  const exported =
    order.exportFile === undefined
      ? []
      : [await exportTo(place.folder, order.exportFile, written.jsonFile)];
  if (order.json === true) say(place.out, await reportText(written.jsonFile));
  const files = [...written.otherFiles, written.jsonFile, ...exported].map((file) =>
    shortPath(place.folder, file),
  );
  const next = nextCommands(spec, files, ending.isKept, await pageOpener(place.env));
  for (const line of closingLines(written.verdict, files, next)) {
    say(talk, line);
  }
  return written.passed ? EXIT.done : EXIT.failed;
}

/**
 * Says where the report of a run is that had ended before, and hands it out once more; returns the exit
 * code that the run ended with.
 */
export async function tellWritten(
  place: Place,
  spec: RunSpec,
  report: string,
  { exportFile, json }: ReportOrder,
): Promise<number> {
  const { passed } = await readWritten(report);
  if (exportFile !== undefined) await exportTo(place.folder, exportFile, report);
  const failed = passed ? '' : ' A gate or a check failed.';
  if (json === true) say(place.out, await reportText(report));
  else say(place.out, `The jobs of run ${spec.runId} have ended.${failed} Its report: ${report}`);
  return passed ? EXIT.done : EXIT.failed;
}

/** The last lines of a run: verdict, paths, three commands that work. */
export function closingLines(
  verdict: readonly string[],
  files: readonly string[],
  next: readonly string[],
): string[] {
  return [
    '',
    ...verdict,
    '',
    ...files.map((file, i) => `${i === 0 ? 'Reports' : '       '}  ${file}`),
    '',
    'Next:',
    ...next.map((command) => `  ${command}`),
  ];
}

/** Three commands that work right after this run; `opener` is the program that shows a page here. */
export function nextCommands(
  spec: RunSpec,
  files: readonly string[],
  isKept: boolean,
  opener: string | null,
): readonly string[] {
  const named = spec.fabric === DEFAULT_FABRIC ? '' : ` --fabric ${spec.fabric}`;
  const command = commandName();
  if (isKept) {
    return [
      `${command} status${named}`,
      `${command} owner pause-all${named} --reason "a look around"`,
      `${command} down${named}`,
    ];
  }
  const page = files.find((file) => file.endsWith('.html'));
  const again = spec.scenario === 'k2-benchmark' ? 'edge-relief' : 'k2-benchmark --jobs 10000';
  return [
    page === undefined || opener === null ? `${command} doctor` : `${opener} ${page}`,
    `${command} ${again}`,
    `${command} up${named}`,
  ];
}

/** Relative to the working folder where that is shorter. */
function shortPath(folder: string, file: string): string {
  const short = relative(folder, file);
  return short.startsWith('..') ? file : short;
}

async function reportText(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).trimEnd();
}
