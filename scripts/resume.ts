/** `planetary-fabric resume`: goes on with an interrupted run on its own database or server. */
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import { readResumeToken } from '../reporting/resume-token.ts';
import type { CommandContext } from './command-context.ts';
import { resumeCommand } from './command-name.ts';
import { UsageError } from './exit-code.ts';
import { checkExportable } from './export-file.ts';
import { reportOptions } from './options.ts';
import type { Place } from './place.ts';
import { stateFolder } from './place.ts';
import { checkpointFile, soundCheckpoint } from './sound-checkpoint.ts';
import { reportOrder } from './run.ts';
import type { RunOrder } from './run-order.ts';
import { knownFabrics, readRunSpec } from './state.ts';
import { tellWritten } from './finish.ts';
import { isReportedWhole, newestReport } from './written-reports.ts';

interface ResumeOptions {
  readonly export?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const EXAMPLES = `
Examples:
  planetary-fabric resume
  planetary-fabric resume edge-relief-20260102-030405-ab12

In the folder where the run was started, whatever was killed. Where more than one was interrupted, give the
token that the run printed, or its run id; \`resume\` alone lists them. Or give the path of a checkpoint:
where the Temporal server has lost the run, it is rebuilt from that and the ledger, and what has an outcome
there is not run again. Without the ledger it goes on from the checkpoint alone, and says how many jobs run again.`;

/** Adds the command. */
export function addResume(program: Command, context: CommandContext): void {
  const command = program
    .command('resume [token-or-path]')
    .description('go on with an interrupted run, or from a checkpoint file')
    .addHelpText('after', EXAMPLES);
  reportOptions(command).action(async (token: string | undefined, options: ResumeOptions) => {
    const { place } = context;
    const { spec, ...from } = await named(
      token ?? (await interruptedRun(stateFolder(place))),
      place,
    );
    const report = newestReport(spec);
    if (report !== null && (await isReportedWhole(spec))) {
      if (options.export !== undefined) await checkExportable(place.folder, options.export);
      return context.endWith(await tellWritten(place, spec, report, reportOrder(options)));
    }
    // A fabric that was kept after its report goes on until somebody closes it.
    const until = spec.mode === 'service' || report !== null ? 'closed' : 'finished';
    const order = { start: 'again', until, ...from, ...reportOrder(options) } as const;
    context.endWith(await context.conductRun(spec, order));
  });
}

/** The id of the one run that was interrupted here. Throws UsageError when there is none, or more than one. */
async function interruptedRun(stateDir: string): Promise<string> {
  const known = await knownFabrics(stateDir);
  const [left, ...others] = known.flatMap(({ record, live }) => (live ? [] : [record]));
  if (left === undefined) {
    const live = known.map(({ record }) => ` "${record.fabric}" is live, run ${record.runId}.`);
    throw new UsageError(
      `No fabric of this folder was interrupted.${live.join('')} An earlier run is continued by its id: resume RUN.`,
    );
  }
  if (others.length === 0) return left.runId;
  const lines = [left, ...others].map(
    (each) => `\n  ${each.scenario}, run ${each.runId}:\n    ${resumeCommand(each)}`,
  );
  throw new UsageError(
    `More than one run was interrupted here. Continue one with:${lines.join('')}`,
  );
}

/** The run that is meant, and the checkpoint that was named with it. */
async function named(
  text: string,
  place: Place,
): Promise<Pick<RunOrder, 'from'> & { spec: RunSpec }> {
  // A token is longer than a file's name may be, so it is never looked for as one.
  const point = readResumeToken(text);
  if (point === 'damaged') throw new UsageError(DAMAGED);
  const path = resolve(place.folder, text);
  if (point === null && existsSync(path) && statSync(path).isFile()) {
    const { checkpoint, sha256 } = await soundCheckpoint(path);
    return { spec: checkpoint.spec, from: { path, sha256 } };
  }
  const spec = await readRunSpec(stateFolder(place), point?.runId ?? text);
  if (point === null) return { spec };
  if (spec.fabric !== point.fabric) {
    throw new UsageError(
      `The token is for the fabric "${point.fabric}"; run ${spec.runId} in this folder is of "${spec.fabric}".`,
    );
  }
  if (point.checkpoint === undefined) return { spec };
  const { epoch, sha256 } = point.checkpoint;
  return { spec, from: { path: checkpointFile(spec, epoch), sha256 } };
}

const DAMAGED =
  'This resume token is damaged: its checksum does not match. Copy the whole of it, from "pf1." on, or give the run id.';
