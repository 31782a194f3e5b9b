/**
 * The command line: which commands there are, and what each of their ends means for the exit code. The
 * commands themselves are in the files named after them.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { diagnose } from '../engine/doctor.ts';
import { addAudit } from './audit.ts';
import type { CommandContext } from './command-context.ts';
import { addCheckpoint } from './checkpoint.ts';
import { addDoctor } from './doctor.ts';
import { addDown } from './down.ts';
import { EXIT, exitCodeOf } from './exit-code.ts';
import { accessFabric, lookAt } from './fabric-access.ts';
import { conductRun } from './fabric-run.ts';
import { addKeepRunning } from './keep-running.ts';
import { loadMission } from './mission/load.ts';
import { packageFolder } from './mission/mission-file.ts';
import { nearNames } from './near-names.ts';
import { lineTo, OwnerConsole } from './owner-console.ts';
import { addNodes } from './nodes.ts';
import { addOwner } from './owner.ts';
import type { Place } from './place.ts';
import { ownPlace, say, stateFolder } from './place.ts';
import { addReplay } from './replay.ts';
import { addResume } from './resume.ts';
import { addScenarios } from './run.ts';
import { DEFAULT_FABRIC, findFabric, runFolder } from './state.ts';
import { addSimulate } from './simulate.ts';
import { addStatus } from './status.ts';
import { addSubmit } from './submit.ts';
import { addUp } from './up.ts';
import { addWatch } from './watch.ts';
import { addWorker } from './worker.ts';

const INTRODUCTION = `
Without a command it runs edge-relief. Every command also works as \`npm start -- COMMAND\`.

Examples:
  planetary-fabric                           triage a week of earthquakes, to a finished report
  planetary-fabric k2-benchmark --jobs 10000
  planetary-fabric run my-mission.json
  planetary-fabric simulate my-mission.json  in virtual time, without a server
  planetary-fabric up                        then, in another terminal: status, watch, submit, owner, down

A Temporal server is found or brought up by itself; TEMPORAL_ADDRESS names one of your own.
Exit codes: 0 done and all gates passed, 1 a gate or check failed, 2 wrong usage or invalid input,
3 no Temporal server to be had, 130 interrupted (state kept, resume token printed).`;

const LAST_WORDS_MS = 1_000;

/** In the order in which help names them. */
const COMMANDS = [
  addScenarios,
  addSimulate,
  addUp,
  addDown,
  addStatus,
  addWatch,
  addSubmit,
  addOwner,
  addNodes,
  addCheckpoint,
  addResume,
  addAudit,
  addWorker,
  addReplay,
  addDoctor,
  addKeepRunning,
];

/** The doors that tests put others in the place of. */
export type Doors = Partial<Omit<CommandContext, 'place' | 'endWith'>>;

/**
 * Runs one command line, without the program's name, and returns its exit code. Errors are told on
 * standard error; it never throws.
 */
export async function main(
  argv: readonly string[],
  place: Place = ownPlace(),
  doors: Doors = {},
): Promise<number> {
  const code = await commandCode(argv, place, doors);
  // Nothing that was given up, such as a download or a request to a dead server, may hold the end up.
  setTimeout(() => place.exit(code), LAST_WORDS_MS).unref();
  return code;
}

async function commandCode(argv: readonly string[], place: Place, doors: Doors): Promise<number> {
  let code: number = EXIT.done;
  const context: CommandContext = {
    ...ownDoors(place),
    ...doors,
    place,
    endWith: (given) => {
      code = given;
    },
  };
  try {
    const program = programOf(context);
    refuseUnknownCommand(program, argv);
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    return told(error, place);
  }
}

function programOf(context: CommandContext): Command {
  const { out, err } = context.place;
  const program = new Command('planetary-fabric')
    .description('A durable job-orchestration fabric over five regions, built on Temporal.')
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .showHelpAfterError('Add --help for what it takes.')
    .addHelpText('after', INTRODUCTION)
    .exitOverride()
    .configureOutput({ writeOut: (text) => out.write(text), writeErr: (text) => err.write(text) });
  for (const add of COMMANDS) add(program, context);
  return program;
}

function ownDoors(place: Place): Omit<CommandContext, 'place' | 'endWith'> {
  const access = (fabric: string | undefined) =>
    accessFabric(fabric === undefined ? {} : { fabric }, place);
  return {
    loadMission: (source, overrides, beforeWriting) =>
      loadMission(source, overrides, { workingFolder: place.folder, beforeWriting }),
    conductRun: (spec, order) => conductRun(place, spec, order),
    accessFabric: access,
    openConsole: async (fabric) => {
      const line = await access(fabric);
      try {
        const status = await lookAt(line);
        return {
          console: new OwnerConsole(lineTo(line)),
          shards: Object.keys(status?.shards ?? {}),
        };
      } catch (error) {
        await line.close();
        throw error;
      }
    },
    diagnose: async () => {
      const stateDir = stateFolder(place);
      const found = await findFabric(stateDir, DEFAULT_FABRIC);
      const folder = found === null ? stateDir : runFolder(stateDir, found.record.runId);
      return await diagnose({ stateDir: folder, env: place.env });
    },
  };
}

/** A slip in a command's name must not start the default command. */
function refuseUnknownCommand(program: Command, argv: readonly string[]): void {
  const [first] = argv;
  if (first === undefined || first.startsWith('-') || first === 'help') return;
  const names = program.commands.map((command) => command.name());
  if (names.includes(first)) return;
  const known = names.filter((name) => name !== 'keep-running');
  const near = nearNames(known, first);
  const hint =
    near.length > 0 ? `did you mean ${near.join(' or ')}?` : `expected one of ${known.join(', ')}`;
  program.error(`error: unknown command '${first}'; ${hint}`);
}

/** Says what went wrong, once, and returns the exit code that belongs to it. */
function told(error: unknown, { err }: Place): number {
  if (error instanceof CommanderError) {
    // Commander has written its message itself; help and version are no errors.
    return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
  const code = exitCodeOf(error);
  if (code !== null && error instanceof Error) {
    say(err, error.message);
    return code;
  }
  say(
    err,
    `This should not have happened: ${error instanceof Error ? error.stack : String(error)}`,
  );
  return EXIT.failed;
}

function packageVersion(): string {
  const manifest = readFileSync(join(packageFolder(), 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
