/**
 * `planetary-fabric simulate FILE`: the same mission in virtual time, through the very core that decides
 * in a real run, without a server and without waiting. Nothing is kept unless it is exported.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import { simulate, type SimulatedRun } from '../fabric/simulate/simulate.ts';
import { buildReport } from '../reporting/build-report.ts';
import type { Report } from '../reporting/schema.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { checkExportable } from './export-file.ts';
import { loadMission, type MissionOverrides } from './mission/load.ts';
import { reportOptions, wholeOption } from './options.ts';
import { say, type Place } from './place.ts';
import { readMissionJobs } from './simulated-jobs.ts';
import { simulatedRecords } from './simulated-records.ts';
import { simulationLines, verdictOf } from './simulated-words.ts';

interface SimulateOptions {
  readonly jobs?: number;
  readonly seed?: number;
  readonly export?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** A run in virtual time, with its report. */
export interface SimulatedMission {
  readonly spec: RunSpec;
  readonly run: SimulatedRun;
  readonly report: Report;
  /** What it took here, in real time. */
  readonly wallMs: number;
}

const EXAMPLES = `
FILE is a mission file or the name of a built-in one.

Examples:
  planetary-fabric simulate my-mission.json
  planetary-fabric simulate k2-benchmark --jobs 1000000 --seed 7
  planetary-fabric simulate my-mission.json --json --export out/what-if.json

Simulated jobs end as they would in a real run of the same mission and seed. Agents are not called:
their jobs take their estimateMs (5 ms where there is none), succeed, and have no results. No server is
needed, and nothing is written unless --export names a file. Faults of the mission are done to
processes, of which there are none: they are left out, whatever their kind, and a note says which.

Ends with 0 when every gate passed, 1 when one failed or the mission would never end, 2 for a mission
that can't be simulated.`;

/** With nothing scheduled and nothing recorded for so long in virtual time, nothing ever will be. */
const QUIET_MS = 3_600_000;

/** Adds the command. */
export function addSimulate(program: Command, context: CommandContext): void {
  const command = program
    .command('simulate <file>')
    .description('run a mission in virtual time, without a server')
    .addHelpText('after', EXAMPLES);
  wholeOption(command, '--jobs <n>', 'how many jobs: simulated ones scaled, real ones the first N');
  wholeOption(command, '--seed <n>', 'everything drawn comes from it');
  reportOptions(command).action(async (file: string, options: SimulateOptions) => {
    context.endWith(await simulateCommand(context.place, file, options));
  });
}

async function simulateCommand(
  place: Place,
  source: string,
  options: SimulateOptions,
): Promise<number> {
  const { jobs, seed, json, quiet, export: exportFile } = options;
  const overrides = {
    ...(jobs === undefined ? {} : { jobs }),
    ...(seed === undefined ? {} : { seed }),
  };
  // What loading makes of other formats is written below the run's folders, and these are not kept.
  const scratch = await mkdtemp(join(tmpdir(), 'planetary-fabric-'));
  try {
    const spec = await loadForSimulation(place, source, overrides, scratch);
    if (exportFile !== undefined) await checkExportable(place.folder, exportFile);
    const mission = await simulateMission(spec);
    const text = JSON.stringify(mission.report, null, 2);
    if (exportFile !== undefined) await writeFile(resolve(place.folder, exportFile), `${text}\n`);
    const talk = json === true ? place.err : place.out;
    if (json === true) say(place.out, text);
    const lines = quiet === true ? verdictOf(mission) : simulationLines(mission);
    for (const line of lines) say(talk, line);
    return mission.report.passed && mission.run.ended === 'closed' ? EXIT.done : EXIT.failed;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function loadForSimulation(
  { folder, err }: Place,
  source: string,
  overrides: MissionOverrides,
  reportsFolder: string,
): Promise<RunSpec> {
  const place = { workingFolder: folder, reportsFolder };
  const { spec, warnings } = await loadMission(source, overrides, place);
  for (const warning of warnings) say(err, `note: ${warning}`);
  const faults = [...new Set((spec.faults ?? []).map(({ kind }) => kind))];
  if (faults.length > 0)
    say(err, `note: no fault is carried out in virtual time: ${faults.join(', ')}`);
  if (spec.mode === 'service') {
    const found = `${source}: found a mission of mode "service", which has no end to simulate`;
    throw new UsageError(`${found}; expected mode "mission"`);
  }
  return spec;
}

/**
 * Runs the mission in virtual time and builds its report. The same mission and seed give the same
 * report, to the letter. Rejects when a feed can't be read.
 */
export async function simulateMission(loaded: RunSpec): Promise<SimulatedMission> {
  const startedMs = performance.now();
  const spec: RunSpec = {
    ...loaded,
    runId: `${loaded.scenario}-simulated-${loaded.seed}`,
    // The first page is made of results, and there are none.
    presentation: null,
    folders: { ledger: 'in memory, not kept', results: '', reports: '' },
  };
  const jobs = await readMissionJobs(spec);
  const run = simulate({ spec, jobs, quietMsMax: scheduledMs(spec) + QUIET_MS });
  const { status, governance } = run;
  const engine = {
    kind: 'virtual',
    address: 'none',
    serverVersion: 'none',
    durability: 'none: virtual time, all of it in memory',
  } as const;
  const history = { events: 0, bytes: 0, runs: 0, peaks: null };
  const records = simulatedRecords(run, spec, jobs);
  const built = await buildReport(
    { spec, result: { status, governance }, engine, history },
    records,
  );
  return { spec, run, report: built.report, wallMs: performance.now() - startedMs };
}

/** When the last job arrives, the last command of the timeline is due and the longest lease ends, in ms. */
function scheduledMs({ feeds, timeline, policy }: RunSpec): number {
  const arrivals = feeds.map(({ arrivals: how, total, curve }) =>
    how.mode === 'rate' ? (total / how.perSecond) * 1_000 : (curve?.at(-1)?.[0] ?? 0),
  );
  const commands = timeline.map(({ atMs }) => atMs ?? 0);
  return Math.max(0, ...arrivals, ...commands) + policy.leaseTimeoutMs;
}
