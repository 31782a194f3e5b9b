/**
 * `planetary-fabric down`: closes a fabric in order. Whoever supervises it then writes the report and ends
 * its processes; when nobody does any more, this command brings the processes back for as long as it takes.
 */
import type { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { commandName } from './command-name.ts';
import { EXIT, RunFailedError } from './exit-code.ts';
import { checkExportable, exportTo } from './export-file.ts';
import type { FabricAccess } from './fabric-access.ts';
import { isOpen, notOpen, orchestratorOf } from './fabric-access.ts';
import { pause } from './interruption.ts';
import { fabricOption, reportOptions, textOption } from './options.ts';
import { say, stateFolder } from './place.ts';
import { reportOrder } from './run.ts';
import { closeFabric } from './run-watch.ts';
import type { FabricRecord } from './state.ts';
import { DEFAULT_FABRIC, findFabric, readRunSpec } from './state.ts';
import { newestReport, readWritten } from './written-reports.ts';

const WAIT_MS = 180_000;
const LOOK_EVERY_MS = 200;

interface DownOptions {
  readonly reason?: string;
  readonly by?: string;
  readonly fabric?: string;
  readonly export?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const EXAMPLES = `
Example:
  planetary-fabric down --fabric site-b --reason "maintenance"

No further job is leased, what runs is waited for, then the report is written and everything ends. A
fabric that was kept after a report gets a further one, with all that came since, beside the first.
Ends with 0, with 1 when a gate or a check of the report failed, with 3 when no fabric runs here.`;

/** Adds the command. */
export function addDown(program: Command, context: CommandContext): void {
  const command = program
    .command('down')
    .description('close a running fabric in order')
    .addHelpText('after', EXAMPLES);
  textOption(command, '--reason <text>', 'why, for the record');
  textOption(command, '--by <name>', 'who closes it (default: the user of this machine)');
  reportOptions(fabricOption(command)).action(async (options: DownOptions) => {
    const { place } = context;
    const stateDir = stateFolder(place);
    const fabric = options.fabric ?? DEFAULT_FABRIC;
    if (options.export !== undefined) await checkExportable(place.folder, options.export);
    const found = await findFabric(stateDir, fabric);
    if (found !== null && !found.live) {
      const spec = await readRunSpec(stateDir, found.record.runId);
      say(
        place.err,
        `Nobody supervises "${fabric}" any more: its processes are started to close it.`,
      );
      const order = { start: 'again', until: 'now', ...reportOrder(options) } as const;
      return context.endWith(await context.conductRun(spec, order));
    }
    const access = await context.accessFabric(fabric);
    try {
      await closeThere(context, access, options);
      const isGone =
        found === null ? () => hasEnded(access) : () => isReported(stateDir, found.record);
      await untilGone(fabric, isGone);
    } finally {
      await access.close();
    }
    await tellClosed(context, fabric, found?.record.runId ?? null, options);
  });
}

async function closeThere(
  { place }: CommandContext,
  access: FabricAccess,
  options: DownOptions,
): Promise<void> {
  const by = options.by ?? place.user;
  const reason = options.reason ?? '';
  if (!(await isOpen(access))) throw notOpen(access);
  await access.call(() => closeFabric({ orchestrator: orchestratorOf(access) }, { by, reason }));
  if (options.quiet !== true) say(place.err, `Closing "${access.fabric}": waiting for what runs.`);
}

async function untilGone(fabric: string, isGone: () => Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + WAIT_MS;
  while (!(await isGone())) {
    if (Date.now() > deadlineMs) {
      throw new RunFailedError(
        `"${fabric}" has not closed within ${WAIT_MS / 60_000} minutes; it is still closing. \`${commandName()} status\` shows what runs.`,
      );
    }
    await pause(LOOK_EVERY_MS);
  }
}

/** Of a fabric that was started elsewhere only its workflow can be seen. */
async function hasEnded(access: FabricAccess): Promise<boolean> {
  return !(await isOpen(access));
}

/** True once the supervisor has reported and ended. */
async function isReported(stateDir: string, { fabric, runId }: FabricRecord): Promise<boolean> {
  const found = await findFabric(stateDir, fabric);
  if (found === null || found.record.runId !== runId) return true;
  if (found.live) return false;
  throw new RunFailedError(`The supervisor of "${fabric}" ended before its report.`);
}

async function tellClosed(
  { place, endWith }: CommandContext,
  fabric: string,
  runId: string | null,
  options: DownOptions,
): Promise<void> {
  const spec = runId === null ? null : await readRunSpec(stateFolder(place), runId);
  const report = spec === null ? null : newestReport(spec);
  if (report !== null && options.export !== undefined) {
    await exportTo(place.folder, options.export, report);
  }
  const passed = report === null ? null : (await readWritten(report)).passed;
  if (options.json === true) {
    say(place.out, JSON.stringify({ fabric, runId, closed: true, report, passed }, null, 2));
  } else {
    const failed = passed === false ? ' A gate or a check failed.' : '';
    const where = report === null ? '' : ` Report: ${report}`;
    say(place.out, `The fabric "${fabric}" is closed.${failed}${where}`);
  }
  endWith(passed === false ? EXIT.failed : EXIT.done);
}
