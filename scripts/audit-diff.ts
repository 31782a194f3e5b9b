/** `planetary-fabric audit diff`: what differed between two instants of a run, told from its ledger alone. */
import type { Command } from 'commander';
import { diffRun, type CommandBetween, type Difference, type RunDiff } from '../audit/diff-run.ts';
import { INSTANT_WORDS, instantOf, offsetText, spanOf, type RunSpan } from '../audit/instants.ts';
import { quoted } from '../fabric/mission/problems.ts';
import { counted, isoTime, number } from '../reporting/numbers.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT, RunFailedError, UsageError } from './exit-code.ts';
import { jsonOption } from './options.ts';
import { plainTable } from './plain-table.ts';
import type { Place } from './place.ts';
import { say } from './place.ts';
import { filesOf, knownRun, reportsBelow, runsBelow } from './recorded-runs.ts';

const EXAMPLES = `
It replays the run's ledger up to each of the two instants. An instant is an offset from the first entry, in ms, s, m
or h, or a point in time with its zone. Queued are jobs that were accepted; a feed's others stand in no ledger.

Examples:
  planetary-fabric audit diff RUN +2.5s 90s
  planetary-fabric audit diff RUN 2026-01-02T03:04:05Z 2026-01-02T03:05:00Z --json

Ends with 0, with 1 when the ledger can't be read, with 2 when there is no such run or instant.`;

/** Adds the command. */
export function addAuditDiff(audit: Command, { place, endWith }: CommandContext): void {
  const diff = audit
    .command('diff <run> <t1> <t2>')
    .description(
      'what policy and state differed between two instants, and what happened in between',
    )
    .addHelpText('after', EXAMPLES);
  jsonOption(diff).action(
    async (run: string, t1: string, t2: string, { json }: { readonly json?: boolean }) => {
      await diffCommand(place, run, [t1, t2], json === true);
      endWith(EXIT.done);
    },
  );
}

/** One of the two instants. */
interface Instant {
  /** In UTC. */
  readonly at: string;
  /** From the run's first entry, such as `+2.5s`. */
  readonly offset: string;
}

async function diffCommand(
  place: Place,
  given: string,
  [t1, t2]: readonly [string, string],
  json: boolean,
): Promise<void> {
  const reports = reportsBelow(place);
  const run = knownRun(await runsBelow(reports), given);
  const records = filesOf(reports, run);
  const { span, broken } = await spanOf(records);
  if (broken.length > 0) {
    throw new RunFailedError(`The ledger of ${run} can't be read to its end: ${broken.join('; ')}`);
  }
  if (span === null) throw new UsageError(`run ${run} has no entry in its ledger yet`);
  const fromMs = instantWithin(span, 'T1', t1);
  const untilMs = instantWithin(span, 'T2', t2);
  if (untilMs < fromMs) {
    throw new UsageError(`T2: found ${quoted(t2)}; expected T1 or later${rangeOf(span)}`);
  }
  const diff = await diffRun(records, fromMs, untilMs);
  const [from, until] = [told(fromMs, span), told(untilMs, span)];
  if (json) say(place.out, JSON.stringify({ run, from, until, ...diff }, null, 2));
  else for (const line of diffLines(run, from, until, span, diff)) say(place.out, line);
}

/** The instant, in ms since the epoch. Throws UsageError unless it lies within the run. */
function instantWithin(span: RunSpan, name: string, text: string): number {
  const ms = instantOf(text, span);
  if (ms !== null && ms >= span.firstMs && ms <= span.lastMs) return ms;
  const expected = ms === null ? INSTANT_WORDS : 'an instant of the run';
  throw new UsageError(`${name}: found ${quoted(text)}; expected ${expected}${rangeOf(span)}`);
}

function rangeOf(span: RunSpan): string {
  const [first, last] = [told(span.firstMs, span), told(span.lastMs, span)];
  return `. The run goes from ${first.offset} (${first.at}) to ${last.offset} (${last.at})`;
}

function told(ms: number, span: RunSpan): Instant {
  return { at: isoTime(ms), offset: offsetText(ms, span) };
}

/** What is printed. */
export function diffLines(
  run: string,
  from: Instant,
  until: Instant,
  span: RunSpan,
  { differences, between }: RunDiff,
): string[] {
  const { entries, plans, moves, jobsOrdered, transfers, commands } = between;
  const head = ['where', 'what', from.offset, until.offset, 'change'];
  const table =
    differences.length === 0
      ? ['Nothing differed.']
      : plainTable(head, differences.map(differenceRow), (column) => column >= 2);
  const planned =
    plans === 0
      ? 'no plan'
      : `${counted(plans, 'plan')} with ${counted(moves, 'move')} of ${counted(jobsOrdered, 'job')}`;
  return [
    `What differed in ${run} between ${from.offset} (${from.at}) and ${until.offset} (${until.at})`,
    '',
    ...table,
    '',
    `In between: ${counted(entries, 'entry', 'entries')}, ${planned}, ${counted(commands.length, 'owner command')}`,
    ...transfers.map(
      ({ from: origin, to, transfers: sent, jobs, refused }) =>
        `  ${origin} → ${to}: ${counted(sent, 'transfer')} of ${counted(jobs, 'job')} sent, ${number(refused)} refused`,
    ),
    ...(commands.length === 0 ? [] : ['', ...commandTable(commands, span)]),
  ];
}

function differenceRow({ where, what, before, after }: Difference): string[] {
  const value = (each: Difference['before']): string =>
    each === null ? '-' : typeof each === 'number' ? number(each) : each || 'none';
  const change =
    typeof before === 'number' && typeof after === 'number'
      ? `${after > before ? '+' : ''}${number(after - before)}`
      : '';
  return [where ?? 'fabric', what, value(before), value(after), change];
}

function commandTable(commands: readonly CommandBetween[], span: RunSpan): string[] {
  const rows = commands.map(({ atMs, name, args, by, outcome, effect, reason }) => [
    offsetText(atMs, span),
    [name, ...Object.entries(args as object).map(argText)].join(' '),
    by,
    outcome,
    [effect, ...(reason === '' ? [] : [`(${reason})`])].join(' '),
  ]);
  return plainTable(['at', 'command', 'by', 'outcome', 'what came of it (why)'], rows);
}

function argText([key, value]: readonly [string, unknown]): string {
  return `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`;
}
