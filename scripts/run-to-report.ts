/**
 * A whole run as a function: a mission in, its report out, on the same way that the command line goes,
 * with real processes and a real server. For acceptance, for kill storms, and for programs.
 */
import { readFile } from 'node:fs/promises';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import type { Report } from '../reporting/schema.ts';
import { EXIT, RunFailedError } from './exit-code.ts';
import { conductRun } from './fabric-run.ts';
import { InterruptedError } from './interruption.ts';
import type { MissionOverrides } from './mission/load.ts';
import { loadMission } from './mission/load.ts';
import type { Place } from './place.ts';
import { ownPlace } from './place.ts';
import { newestReport } from './written-reports.ts';

export interface RunWish {
  /** Where `reports/` and `.planetary-fabric/` are to stand; absolute. */
  readonly folder: string;
  readonly overrides: MissionOverrides;
  /** What the run says while it goes on; left out, nobody hears it. */
  readonly tell?: (text: string) => void;
}

/** A run that has ended with a report. */
export interface FinishedRun {
  readonly spec: RunSpec;
  readonly report: Report;
  /** Its file. */
  readonly jsonFile: string;
}

/**
 * Runs a mission, built in by name or any by path, to its report; an orchestrator that one of its faults
 * kills is brought back. Whether gates passed stands in the report. Throws what `loadMission` and
 * `conductRun` throw, InterruptedError after Ctrl-C, and RunFailedError when there is no report.
 */
export async function runToReport(source: string, wish: RunWish): Promise<FinishedRun> {
  const { folder, overrides } = wish;
  const { spec } = await loadMission(source, overrides, { workingFolder: folder });
  const code = await conductRun(placeOf(wish), spec, {
    start: 'fresh',
    until: 'finished',
    bringsBack: true,
  });
  if (code === EXIT.interrupted) throw new InterruptedError();
  const jsonFile = newestReport(spec);
  if (jsonFile === null) {
    throw new RunFailedError(`Run ${spec.runId} ended with ${code} and without a report.`);
  }
  return { spec, report: JSON.parse(await readFile(jsonFile, 'utf8')) as Report, jsonFile };
}

function placeOf({ folder, tell = () => undefined }: RunWish): Place {
  const output = { stream: null, write: tell };
  return { ...ownPlace(), folder, out: output, err: output };
}
