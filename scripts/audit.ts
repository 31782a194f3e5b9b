/** `planetary-fabric audit verify`: whether a run holds every invariant, told from its files alone. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { verifyRun, type AuditOptions } from '../audit/verify-run.ts';
import { auditLines } from '../audit/words.ts';
import { runFiles } from '../reporting/run-files.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { nearNames } from './near-names.ts';
import { jsonOption } from './options.ts';
import type { Place } from './place.ts';
import { say } from './place.ts';
import { newestReport } from './written-reports.ts';

interface VerifyOptions {
  readonly against?: string;
  readonly json?: boolean;
}

/** Names that a message lists at most. */
const RUNS_LISTED_MAX = 5;

const EXAMPLES = `
It reads the ledger, the results and the report below reports/planetary-fabric and nothing else: no
server, and nothing that the fabric says of itself.

Examples:
  planetary-fabric audit verify                    the newest run
  planetary-fabric audit verify RUN --against RUN2 did a killed run come to the same as an unkilled one?

Ends with 0 when all checks hold, 1 when one failed, 2 when there is no such run.`;

/** Adds the command. */
export function addAudit(program: Command, { place, endWith }: CommandContext): void {
  const audit = program.command('audit').description('check what a run left behind');
  const verify = audit
    .command('verify [run]')
    .description('check hash chains, conservation, I1 to I5 and I7 from files alone')
    .option('--against <run>', 'I6 too: it must have come to the same outcomes as this run')
    .addHelpText('after', EXAMPLES);
  jsonOption(verify).action(async (run: string | undefined, options: VerifyOptions) => {
    endWith(await verifyCommand(place, run, options));
  });
}

async function verifyCommand(
  place: Place,
  given: string | undefined,
  { against: other, json }: VerifyOptions,
): Promise<number> {
  const reports = join(place.folder, 'reports', 'planetary-fabric');
  const runs = await runsBelow(reports);
  const run = given === undefined ? newestOf(runs, reports) : knownRun(runs, given);
  const against = other === undefined ? null : knownRun(runs, other);
  const report = await reportOf(reports, run);
  const options: AuditOptions = {
    ...(report === null ? {} : { report: report.content }),
    ...(against === null ? {} : { against: filesOf(reports, against) }),
  };
  const startedMs = performance.now();
  const audit = await verifyRun(filesOf(reports, run), options);
  const seconds = (performance.now() - startedMs) / 1000;
  if (json === true) {
    say(
      place.out,
      JSON.stringify({ run, against, report: report?.file ?? null, ...audit }, null, 2),
    );
  } else {
    const what = against === null ? run : `${run} against ${against}`;
    say(place.out, `Audit of ${what} (report: ${report?.file ?? 'none'})`);
    for (const line of auditLines(audit)) say(place.out, line);
    say(place.out, `${audit.entries.toLocaleString('en-US')} entries in ${seconds.toFixed(2)} s`);
  }
  return audit.held ? EXIT.done : EXIT.failed;
}

interface KnownRun {
  readonly name: string;
  readonly changedMs: number;
}

/** Runs that have a ledger, the newest first. */
async function runsBelow(reports: string): Promise<KnownRun[]> {
  const folder = join(reports, 'ledger');
  try {
    const found = await readdir(folder, { withFileTypes: true });
    const runs = found
      .filter((entry) => entry.isDirectory())
      .map(async ({ name }) => ({ name, changedMs: (await stat(join(folder, name))).mtimeMs }));
    return (await Promise.all(runs)).sort((a, b) => b.changedMs - a.changedMs);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function newestOf([newest]: readonly KnownRun[], reports: string): string {
  if (newest) return newest.name;
  throw new UsageError(
    `found no run below ${join(reports, 'ledger')}; run a mission first, or go to the folder of one`,
  );
}

/** The run as given: its name alone, so that nothing outside the ledger's folder is read. */
function knownRun(runs: readonly KnownRun[], given: string): string {
  const names = runs.map(({ name }) => name);
  if (names.includes(given)) return given;
  const near = nearNames(names, given);
  const list = (near.length > 0 ? near : names).slice(0, RUNS_LISTED_MAX).join(', ');
  throw new UsageError(`found no run "${given}"; expected one of: ${list || '(there is none)'}`);
}

function filesOf(reports: string, run: string) {
  return runFiles({ ledger: join(reports, 'ledger', run), results: join(reports, 'results', run) });
}

async function reportOf(
  reports: string,
  runId: string,
): Promise<{ file: string; content: unknown } | null> {
  const file = newestReport({ runId, folders: { reports, ledger: '', results: '' } });
  if (file === null) return null;
  try {
    return { file, content: JSON.parse(await readFile(file, 'utf8')) as unknown };
  } catch {
    // What can't be read is no report of this version, and the check says so.
    return { file, content: null };
  }
}
