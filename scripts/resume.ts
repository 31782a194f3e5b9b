/** `planetary-fabric resume`: goes on with an interrupted run on its own database or server. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { checkExportable } from './export-file.ts';
import { reportOptions } from './options.ts';
import { stateFolder } from './place.ts';
import { readResumeToken } from './resume-token.ts';
import { reportOrder } from './run.ts';
import { readRunSpec } from './state.ts';
import { reportPath, tellWritten } from './finish.ts';

interface ResumeOptions {
  readonly export?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const EXAMPLES = `
Example:
  planetary-fabric resume edge-relief-20260102-030405-ab12

Give the token that the interrupted run printed, or its run id, in the folder where it was started.`;

/** Adds the command. */
export function addResume(program: Command, context: CommandContext): void {
  const command = program
    .command('resume <token>')
    .description('go on with an interrupted run')
    .addHelpText('after', EXAMPLES);
  reportOptions(command).action(async (token: string, options: ResumeOptions) => {
    const { place } = context;
    const spec = await specOf(token, stateFolder(place));
    const until = spec.mode === 'service' ? 'closed' : 'finished';
    const order = { start: 'again', until, ...reportOrder(options) } as const;
    if (existsSync(reportPath(spec))) {
      if (options.export !== undefined) await checkExportable(place.folder, options.export);
      await tellWritten(place, spec, order);
      return context.endWith(EXIT.done);
    }
    context.endWith(await context.conductRun(spec, order));
  });
}

async function specOf(token: string, stateDir: string): Promise<RunSpec> {
  const point = readResumeToken(token);
  const spec = await readRunSpec(stateDir, point?.runId ?? token);
  if (point === null || spec.fabric === point.fabric) return spec;
  throw new UsageError(
    `The token is for the fabric "${point.fabric}"; run ${spec.runId} in this folder is of "${spec.fabric}".`,
  );
}
