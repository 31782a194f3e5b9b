/**
 * The scenarios: the built-in ones by name, and any mission file. All of them go the same way, from a
 * checked mission to a report.
 */
import type { Command } from 'commander';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import type { CommandContext } from './command-context.ts';
import { UsageError } from './exit-code.ts';
import { checkExportable } from './export-file.ts';
import { fabricOption, reportOptions, wholeOption } from './options.ts';
import type { Place } from './place.ts';
import { say, stateFolder } from './place.ts';
import { refuseLive } from './state.ts';

interface RunOptions {
  readonly jobs?: number;
  readonly seed?: number;
  readonly fabric?: string;
  readonly custom?: string;
  readonly export?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly keep?: boolean;
  readonly resume?: boolean;
  /** False with `--no-faults`. */
  readonly faults?: boolean;
}

const SCENARIOS = [
  ['edge-relief', 'triage a week of real earthquakes at the edge of the network (the default)'],
  ['k2-benchmark', 'measure throughput on Earth, Luna and Mars with simulated jobs'],
  ['resilience-drill', 'kill the orchestrator at half of the jobs, and go on with --resume'],
] as const;

const EXAMPLES = `
Examples:
  planetary-fabric edge-relief
  planetary-fabric k2-benchmark --jobs 10000 --seed 7
  planetary-fabric run my-mission.json --export out/report.json
  planetary-fabric resilience-drill --jobs 5000 --resume

Ends with 0 when every gate passed, 1 when one failed, 2 for a mission that can't be run, 3 when no
Temporal server could be had, 130 after Ctrl-C (the run is kept and can be resumed).`;

/** Adds the scenario commands; the first is what runs without a command. */
export function addScenarios(program: Command, context: CommandContext): void {
  for (const [scenario, says] of SCENARIOS) {
    const isDefault = scenario === SCENARIOS[0][0];
    const command = program.command(scenario, { isDefault }).description(says);
    if (isDefault) command.option('--custom <file>', 'run this mission file instead');
    scenarioOptions(command).action((options: RunOptions) =>
      runMission(context, options.custom ?? scenario, options),
    );
  }
  const run = program.command('run [file]').description('run a mission file');
  run.option('--custom <file>', 'the mission file, as an option');
  scenarioOptions(run).action(async (file: string | undefined, options: RunOptions) => {
    const source = file ?? options.custom;
    if (source === undefined) {
      throw new UsageError('run: found no mission file; expected `planetary-fabric run FILE`');
    }
    await runMission(context, source, options);
  });
}

function scenarioOptions(command: Command): Command {
  wholeOption(command, '--jobs <n>', 'how many jobs: simulated ones scaled, real ones the first N');
  wholeOption(command, '--seed <n>', 'everything drawn comes from it');
  reportOptions(fabricOption(command));
  return command
    .option('--resume', 'bring back an orchestrator that a fault of the mission has killed')
    .option('--no-faults', 'leave out the faults that the mission names')
    .option('--keep', 'leave the fabric running after the report; `down` ends it')
    .addHelpText('after', EXAMPLES);
}

async function runMission(
  context: CommandContext,
  source: string,
  options: RunOptions,
): Promise<void> {
  const { jobs, seed, fabric } = options;
  const overrides = {
    ...(jobs === undefined ? {} : { jobs }),
    ...(seed === undefined ? {} : { seed }),
    ...(fabric === undefined ? {} : { fabric }),
    withoutFaults: options.faults === false,
  };
  const { spec, warnings } = await context.loadMission(source, overrides, (checked) =>
    refuseBeforeRun(context.place, checked, options.export),
  );
  for (const warning of warnings) say(context.place.err, `note: ${warning}`);
  const code = await context.conductRun(spec, {
    start: 'fresh',
    until: spec.mode === 'service' ? 'closed' : 'finished',
    ...reportOrder(options),
    ...(options.keep === undefined ? {} : { keep: options.keep }),
    ...(options.resume === undefined ? {} : { bringsBack: options.resume }),
  });
  context.endWith(code);
}

/**
 * Throws UsageError where a fabric of that name is live or the report could not be exported: known before
 * the run writes its first file, so that a run that can't be leaves none behind.
 */
export async function refuseBeforeRun(
  place: Place,
  { fabric }: Pick<RunSpec, 'fabric'>,
  exportFile: string | undefined,
): Promise<void> {
  await refuseLive(stateFolder(place), fabric);
  if (exportFile !== undefined) await checkExportable(place.folder, exportFile);
}

/** The part of the order that says what to do with the report. */
export function reportOrder(options: Pick<RunOptions, 'export' | 'json' | 'quiet'>) {
  return {
    ...(options.export === undefined ? {} : { exportFile: options.export }),
    ...(options.json === undefined ? {} : { json: options.json }),
    ...(options.quiet === undefined ? {} : { quiet: options.quiet }),
  };
}
