/**
 * `npm run chaos -- --kills N --seed S`: a kill storm as a command. It ends with 1 when anything did not
 * hold; the folders of such missions are kept and named.
 */
import { parseArgs } from 'node:util';
import { EXIT, exitCodeOf } from './exit-code.ts';
import { killStorm, stormLines } from './kill-storm.ts';
import { isMainModule } from './main-module.ts';

const USAGE = 'usage: npm run chaos -- [--kills N] [--seed N]   (whole numbers; default 20 and 1)';

/** Runs the command; resolves to the exit code. */
export async function chaos(
  args: readonly string[],
  tell: (line: string) => void,
  storm = killStorm,
): Promise<number> {
  const wish = readArgs(args);
  if (wish === null) {
    tell(USAGE);
    return EXIT.usage;
  }
  const result = await storm({ ...wish, tell });
  for (const line of stormLines(result, wish.seed)) tell(line);
  return result.failures.length === 0 ? EXIT.done : EXIT.failed;
}

function readArgs(args: readonly string[]): { kills: number; seed: number } | null {
  try {
    const options = { kills: { type: 'string' }, seed: { type: 'string' } } as const;
    const { values } = parseArgs({ args: [...args], options });
    const kills = whole(values.kills ?? '20');
    const seed = whole(values.seed ?? '1');
    return kills === null || kills === 0 || seed === null ? null : { kills, seed };
  } catch {
    return null;
  }
}

function whole(text: string): number | null {
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

if (isMainModule(import.meta.filename)) {
  try {
    process.exitCode = await chaos(process.argv.slice(2), (line) => {
      process.stdout.write(`${line}\n`);
    });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = exitCodeOf(error) ?? EXIT.failed;
  }
}
