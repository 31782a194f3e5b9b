/**
 * `--keep`: the run's command ends with its report, and a process of its own goes on supervising the
 * fabric until `down`. It is the same command line, started in the background.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import type { CommandContext } from './command-context.ts';
import { RunFailedError } from './exit-code.ts';
import { pause } from './interruption.ts';
import { packageFolder } from './mission/mission-file.ts';
import type { Place } from './place.ts';
import { stateFolder } from './place.ts';
import { findFabric, readRunSpec } from './state.ts';

const TAKE_OVER_MS = 20_000;

/** Starts the keeper and waits until the fabric is in its hands. */
export async function handOver(place: Place, spec: RunSpec): Promise<void> {
  const stateDir = stateFolder(place);
  const logFolder = join(stateDir, 'logs', spec.runId);
  mkdirSync(logFolder, { recursive: true });
  const logFile = join(logFolder, 'keeper.log');
  const log = openSync(logFile, 'a');
  const bin = join(packageFolder(), 'bin', 'planetary-fabric');
  const keeper = spawn(process.execPath, [bin, 'keep-running', spec.runId], {
    cwd: place.folder,
    env: place.env,
    stdio: ['ignore', log, log],
    detached: true,
  });
  keeper.unref();
  const deadlineMs = Date.now() + TAKE_OVER_MS;
  while (Date.now() < deadlineMs) {
    const found = await findFabric(stateDir, spec.fabric);
    if (found?.record.supervisor.pid === keeper.pid && found?.record.engine !== null) return;
    if (keeper.exitCode !== null) break;
    await pause(50);
  }
  throw new RunFailedError(`The fabric could not be kept running. Log: ${logFile}`);
}

/** Adds the command that `handOver` starts; people don't need it. */
export function addKeepRunning(program: Command, context: CommandContext): void {
  program.command('keep-running <run>', { hidden: true }).action(async (runId: string) => {
    const spec = await readRunSpec(stateFolder(context.place), runId);
    const order = { start: 'again', until: 'closed', keep: true } as const;
    context.endWith(await context.conductRun(spec, order));
  });
}
