/** `planetary-fabric up`: keeps a fabric running in the foreground, waiting for work. */
import type { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { fabricOption, reportOptions } from './options.ts';
import { say } from './place.ts';
import { refuseBeforeRun, reportOrder } from './run.ts';

interface UpOptions {
  readonly custom?: string;
  readonly fabric?: string;
  readonly export?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const EXAMPLES = `
Examples:
  planetary-fabric up
  planetary-fabric up --custom my-mission.json --fabric site-b

It runs until \`planetary-fabric down\` closes it in order, which writes the report. Ctrl-C stops its
processes and keeps its state; \`planetary-fabric resume TOKEN\` then goes on.`;

/** Adds the command. */
export function addUp(program: Command, context: CommandContext): void {
  const command = program
    .command('up')
    .description('keep a fabric running until `down` or Ctrl-C')
    .option('--custom <file>', 'the mission file (default: five shards with simulated nodes)')
    .addHelpText('after', EXAMPLES);
  reportOptions(fabricOption(command)).action(async (options: UpOptions) => {
    const { fabric } = options;
    const overrides = fabric === undefined ? {} : { fabric };
    const { spec, warnings } = await context.loadMission(
      options.custom ?? 'up',
      overrides,
      (checked) => refuseBeforeRun(context.place, checked, options.export),
    );
    for (const warning of warnings) say(context.place.err, `note: ${warning}`);
    const order = { start: 'fresh', until: 'closed', ...reportOrder(options) } as const;
    context.endWith(await context.conductRun(spec, order));
  });
}
