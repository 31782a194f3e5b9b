/**
 * `planetary-fabric audit verify`: whether a run holds every invariant, told from its files alone. And the
 * way to `audit diff`.
 */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { verifyRun, type AuditOptions } from '../audit/verify-run.ts';
import { auditLines } from '../audit/words.ts';
import { addAuditDiff } from './audit-diff.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT } from './exit-code.ts';
import { jsonOption } from './options.ts';
import type { Place } from './place.ts';
import { say } from './place.ts';
import { filesOf, knownRun, newestOf, reportsBelow, runsBelow } from './recorded-runs.ts';
import { newestReport } from './written-reports.ts';

interface VerifyOptions {
  readonly against?: string;
  readonly json?: boolean;
}

const EXAMPLES = `
It reads the ledger, the results and the report below reports/planetary-fabric and nothing else: no
server, and nothing that the fabric says of itself.

Examples:
  planetary-fabric audit verify                    the newest run
  planetary-fabric audit verify RUN --against RUN2 did a killed run come to the same as an unkilled one?

Ends with 0 when all checks hold, 1 when one failed, 2 when there is no such run.`;

/** Adds the commands. */
export function addAudit(program: Command, context: CommandContext): void {
  const { place, endWith } = context;
  const audit = program.command('audit').description('check or compare what a run left behind');
  const verify = audit
    .command('verify [run]')
    .description('check hash chains, conservation, I1 to I5 and I7 from files alone')
    .option('--against <run>', 'I6 too: it must have come to the same outcomes as this run')
    .addHelpText('after', EXAMPLES);
  jsonOption(verify).action(async (run: string | undefined, options: VerifyOptions) => {
    endWith(await verifyCommand(place, run, options));
  });
  addAuditDiff(audit, context);
}

async function verifyCommand(
  place: Place,
  given: string | undefined,
  { against: other, json }: VerifyOptions,
): Promise<number> {
  const reports = reportsBelow(place);
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
