/** `planetary-fabric resume`: goes on with an interrupted run on its own database or server. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { reportOptions } from './options.ts';
import { say, stateFolder } from './place.ts';
import { readResumeToken } from './resume-token.ts';
import { reportOrder } from './run.ts';
import { readRunSpec } from './state.ts';
import { reportPath } from './finish.ts';

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
    if (existsSync(reportPath(spec))) {
      say(place.err, `Run ${spec.runId} has ended; its report is ${reportPath(spec)}`);
      return context.endWith(EXIT.done);
    }
    const until = spec.mode === 'service' ? 'closed' : 'finished';
    const order = { start: 'again', until, ...reportOrder(options) } as const;
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
