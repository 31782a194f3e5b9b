/** The report in a few plain lines, for a terminal and for the page's head. */
import type { FirstPage } from './first-page.ts';
import { isLeast } from './gates.ts';
import { counted, duration, number, percent, titled } from './numbers.ts';
import type { Report } from './schema.ts';

const GATE_NAMES: Readonly<Record<Report['gates'][number]['name'], string>> = {
  failureRate: 'Failed jobs',
  completionRatio: 'Completed jobs',
  overBudgetRatio: 'Jobs over their latency budget',
  durationMs: 'Duration',
  undone: 'Jobs left undone',
  problems: 'Contradictions in the files',
};

/** Lines of problems that the terminal shows; the report has the rest. */
const PROBLEM_LINES_MAX = 3;

/** Faults not done that the terminal names; the report has all. */
const NOT_DONE_NAMED_MAX = 3;

/** Control characters and direction marks, which could rewrite a terminal's line. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;

/** One sentence: what was done, and whether it is good enough. */
export function headline(report: Report): string {
  const { jobs, timings } = report;
  const others = [
    `${number(jobs.failed)} failed`,
    ...(jobs.refused > 0 ? [`${number(jobs.refused)} refused`] : []),
    ...(jobs.cancelled > 0 ? [`${number(jobs.cancelled)} cancelled`] : []),
    ...openWords(jobs),
  ];
  const done = `${number(jobs.completed)} of ${counted(jobs.submitted, 'job')} completed`;
  return `${done}, ${others.join(', ')}, in ${duration(timings.durationMs)}.`;
}

/**
 * Three to seven lines, and below them the first problems where there are any: what was done, what was
 * handed on, which conditions held, and the top of the scenario's own list.
 */
export function verdictLines(report: Report, firstPage: FirstPage | null): string[] {
  const lines = [
    `${report.passed ? 'Passed' : 'FAILED'}: ${report.title}. ${headline(report)}`,
    spilloverLine(report),
    ...(report.forkedFrom ? [forkText(report.forkedFrom)] : []),
    ...faultLines(report),
    ...notDoneLines(report),
    gateLine(report),
    ...problemLines(report),
    ...(firstPage?.topLines ?? []),
  ];
  return lines.map((line) => line.replace(UNPRINTABLE, ' '));
}

/** A gate in words: its name, its limit and what was measured. */
export function gateText({ name, limit, value }: Report['gates'][number]): {
  name: string;
  limit: string;
  value: string;
} {
  const amount = (of: number): string => {
    if (name === 'durationMs') return duration(of);
    return name === 'problems' || name === 'undone' ? number(of) : percent(of);
  };
  const bound = isLeast(name) ? 'at least' : 'at most';
  return { name: GATE_NAMES[name], limit: `${bound} ${amount(limit)}`, value: amount(value) };
}

function openWords(jobs: Report['jobs']): string[] {
  const open = jobs.queued + jobs.leased + jobs.inTransit;
  const ended = jobs.completed + jobs.failed + jobs.cancelled + jobs.refused;
  // A fabric that is closed early was not handed the jobs that its feeds still held back.
  const toCome = jobs.submitted - ended - open;
  return [
    ...(open > 0 ? [`${number(open)} not ended`] : []),
    ...(toCome > 0 ? [`${number(toCome)} not arrived`] : []),
  ];
}

function spilloverLine({ shards }: Report): string {
  const moves = Object.entries(shards).flatMap(([from, { spillovers }]) =>
    Object.entries(spillovers)
      .filter(([, jobs]) => jobs > 0)
      .map(([to, jobs]) => `${titled(from)} handed ${counted(jobs, 'job')} to ${titled(to)}`),
  );
  const late = Object.values(shards).reduce((sum, { latencyMs }) => sum + latencyMs.overBudget, 0);
  const moved = moves.length === 0 ? 'No region had to hand work on' : moves.join('; ');
  const over =
    late === 0
      ? 'no job took longer than its latency budget'
      : `${counted(late, 'job')} took longer than the latency budget`;
  return `${moved}; ${over}.`;
}

/** What the mission's own faults cost: the slowest return, and how much ran again at the most. */
function faultLines({ faults }: Report): string[] {
  if (faults.length === 0) return [];
  const returns = faults.map(({ recoveredAfterMs }) => recoveredAfterMs);
  const known = returns.filter((ms) => ms !== null);
  const slowest =
    known.length === 0
      ? 'no outcome'
      : `the next outcome after ${duration(Math.max(...known))} at most`;
  const again = faults.reduce((sum, { reexecutedJobs }) => sum + reexecutedJobs, 0);
  const never = returns.length - known.length;
  const without = known.length > 0 && never > 0 ? `, none after ${number(never)} of them` : '';
  return [
    `${counted(faults.length, 'fault')} injected: ${slowest}${without}; ${counted(again, 'job')} at most ran again.`,
  ];
}

/** Faults that the mission had in mind and that it did not come to. */
function notDoneLines({ faultsNotDone }: Report): string[] {
  if (faultsNotDone.length === 0) return [];
  const named = faultsNotDone
    .slice(0, NOT_DONE_NAMED_MAX)
    .map((fault) => `${fault.kind} of ${fault.target} (due ${dueText(fault)})`);
  const more = faultsNotDone.length - named.length;
  const others = more > 0 ? `, and ${number(more)} more` : '';
  const lead = `${counted(faultsNotDone.length, 'fault')} not done, as the run ended first`;
  return [`${lead}: ${named.join(', ')}${others}.`];
}

/** What the loss of the ledger means for what the report says. */
export function forkText({ checkpoint, endedBefore }: NonNullable<Report['forkedFrom']>): string {
  const ended = `${counted(endedBefore, 'job')} had ended by then and ${endedBefore === 1 ? 'is' : 'are'} counted, not listed`;
  return `The ledger was lost, and the run went on from checkpoint ${number(checkpoint)}: ${ended}; all others ran from there, some for the second time.`;
}

/** When a fault was due, in words. */
export function dueText({ dueMs, dueOutcomes }: Report['faultsNotDone'][number]): string {
  return dueOutcomes === null
    ? `${duration(dueMs ?? 0)} after the start`
    : `after ${counted(dueOutcomes, 'outcome')}`;
}

function gateLine({ gates }: Report): string {
  const words = gates.map((gate) => {
    const { name, limit, value } = gateText(gate);
    return `${name.toLowerCase()} ${value} (${limit})${gate.passed ? '' : ' NOT HELD'}`;
  });
  const held = gates.filter((gate) => gate.passed).length;
  const all = held === gates.length ? 'All conditions held' : `${held} of ${gates.length} held`;
  return `${all}: ${words.join(', ')}.`;
}

function problemLines({ problems, problemCounts }: Report): string[] {
  const found = Object.values(problemCounts).reduce((sum, count) => sum + count, 0);
  const shown = problems.slice(0, PROBLEM_LINES_MAX).map(({ what }) => `! ${what}`);
  return found <= shown.length
    ? shown
    : [...shown, `! and ${number(found - shown.length)} more; the report names them`];
}
