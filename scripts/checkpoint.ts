/** `planetary-fabric checkpoint`: writes a checkpoint of a running fabric now. */
import type { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { carryOut, ownerVerb, type OwnerOptions } from './owner-command.ts';

const EXAMPLES = `
Example:
  planetary-fabric checkpoint --reason "before the update"

The file is written beside the reports. \`planetary-fabric resume FILE\` goes on from it, also when the
Temporal server has lost everything.`;

/** Adds the command. */
export function addCheckpoint(program: Command, context: CommandContext): void {
  ownerVerb(program, 'checkpoint', 'write a checkpoint of a running fabric')
    .addHelpText('after', EXAMPLES)
    .action((options: OwnerOptions) =>
      carryOut(context, options, null, (to, how) => to.checkpoint(how)),
    );
}
