/**
 * Gets both test engines once, before the tests: on a machine where the Temporal server must be built,
 * that takes minutes, which no single test should have to wait for. Each step is told in a line.
 * After a build: `node dist/scripts/provide-engine.js`.
 */
import { EngineError } from '../engine/errors.ts';
import { resolveEngine } from '../engine/resolve.ts';
import { resolveTimeSkipping } from '../engine/time-skipping.ts';
import { isMainModule } from './main-module.ts';

/**
 * Fills the cache where it is empty and starts nothing. Resolves to the exit code: 3 when a server
 * can't be had, and the reason has been told.
 */
export async function provideEngines(
  env: NodeJS.ProcessEnv,
  tell: (line: string) => void,
): Promise<number> {
  const timeSkipping = await resolveTimeSkipping({ env, progress: tell });
  if (timeSkipping.state === 'absent') tell(timeSkipping.why);
  try {
    await resolveEngine({ env, progress: tell });
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    tell(error.message);
    return error.exitCode;
  }
  return timeSkipping.state === 'absent' ? 3 : 0;
}

if (isMainModule(import.meta.filename)) {
  process.exitCode = await provideEngines(process.env, (line) => process.stderr.write(`${line}\n`));
}
