/** `planetary-fabric resume`: goes on with an interrupted run on its own database or server. */
import type { Command } from 'commander';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import type { CommandContext } from './command-context.ts';
import { UsageError } from './exit-code.ts';
import { checkExportable } from './export-file.ts';
import { reportOptions } from './options.ts';
import { stateFolder } from './place.ts';
import { readResumeToken } from './resume-token.ts';
import { reportOrder } from './run.ts';
import { readRunSpec } from './state.ts';
import { tellWritten } from './finish.ts';
import { isReportedWhole, newestReport } from './written-reports.ts';

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
    const report = newestReport(spec);
    if (report !== null && (await isReportedWhole(spec))) {
      if (options.export !== undefined) await checkExportable(place.folder, options.export);
      return context.endWith(await tellWritten(place, spec, report, reportOrder(options)));
    }
    // A fabric that was kept after its report goes on until somebody closes it.
    const until = spec.mode === 'service' || report !== null ? 'closed' : 'finished';
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
