/**
 * `planetary-fabric down`: closes a fabric in order. Whoever supervises it then writes the report and ends
 * its processes; when nobody does any more, this command brings the processes back for as long as it takes.
 */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { EXIT, NoFabricError, RunFailedError } from './exit-code.ts';
import { checkExportable, exportTo } from './export-file.ts';
import type { FabricAccess } from './fabric-access.ts';
import { orchestratorOf } from './fabric-access.ts';
import { reportPath } from './finish.ts';
import { pause } from './interruption.ts';
import { fabricOption, reportOptions, textOption } from './options.ts';
import { say, stateFolder } from './place.ts';
import { reportOrder } from './run.ts';
import { closeFabric } from './run-watch.ts';
import type { FabricRecord } from './state.ts';
import { DEFAULT_FABRIC, findFabric, readRunSpec } from './state.ts';

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

No further job is leased, what runs is waited for, then the report is written and everything ends.`;

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
      if (found === null) return context.endWith(EXIT.done);
      await untilGone(stateDir, found.record);
    } finally {
      await access.close();
    }
    await tellReport(context, found.record, options);
  });
}

async function closeThere(
  { place }: CommandContext,
  access: FabricAccess,
  options: DownOptions,
): Promise<void> {
  const orchestrator = orchestratorOf(access);
  const by = options.by ?? place.user;
  const reason = options.reason ?? '';
  const { status } = await access
    .call(() => orchestrator.describe())
    .catch(() => {
      throw new NoFabricError(`No fabric named "${access.fabric}" is on ${access.address}.`);
    });
  if (status.name === 'RUNNING') {
    await access.call(() => closeFabric({ orchestrator }, { by, reason }));
  }
  if (options.quiet !== true) say(place.err, `Closing "${access.fabric}": waiting for what runs.`);
}

/** Waits for the supervisor to have reported and ended. */
async function untilGone(stateDir: string, { fabric, runId }: FabricRecord): Promise<void> {
  const deadlineMs = Date.now() + WAIT_MS;
  for (;;) {
    const found = await findFabric(stateDir, fabric);
    if (found === null || found.record.runId !== runId) return;
    if (!found.live)
      throw new RunFailedError(`The supervisor of "${fabric}" ended before its report.`);
    if (Date.now() > deadlineMs) {
      throw new RunFailedError(
        `"${fabric}" has not closed within ${WAIT_MS / 60_000} minutes; it is still closing. \`planetary-fabric status\` shows what runs.`,
      );
    }
    await pause(LOOK_EVERY_MS);
  }
}

async function tellReport(
  { place, endWith }: CommandContext,
  { fabric, runId }: FabricRecord,
  options: DownOptions,
): Promise<void> {
  const spec = await readRunSpec(stateFolder(place), runId);
  const report = existsSync(reportPath(spec)) ? reportPath(spec) : null;
  if (report !== null && options.export !== undefined) {
    await exportTo(place.folder, options.export, report);
  }
  if (options.json === true) {
    say(place.out, JSON.stringify({ fabric, runId, closed: true, report }, null, 2));
  } else {
    const where = report === null ? '' : ` Report: ${report}`;
    say(place.out, `The fabric "${fabric}" is closed.${where}`);
  }
  endWith(EXIT.done);
}
