/** The comparison in a terminal: one table for each class of durability, since they are not ranked together. */
import { number } from '../../reporting/numbers.ts';
import { plainTable } from '../../scripts/plain-table.ts';
import type { Durability } from './contender.ts';
import { DURABILITY_WORDS, PATHS } from './contender.ts';
import type { ComparedCell, ComparedContender, Comparison, Spread } from './result.ts';
import { bytes, range, whole } from './words.ts';

const CLASSES = Object.keys(DURABILITY_WORDS) as Durability[];

/** All lines, without colour. */
export function comparisonLines(comparison: Comparison): string[] {
  const { contenders, outsiders } = comparison;
  return [
    ...CLASSES.flatMap((durability) => {
      const own = contenders.filter((each) => each.durability === durability && !each.notRun);
      return own.length === 0 ? [] : classLines(comparison, durability, own);
    }),
    ...contenders.flatMap(({ name, notRun }) =>
      notRun === null ? [] : [`not run: ${name}: ${notRun.why}; ${notRun.install}`],
    ),
    ...outsiders.map(({ name, why }) => `not run: ${name}: ${why}`),
  ];
}

function classLines(
  { cells, latencies, resumes, scaling }: Comparison,
  durability: Durability,
  contenders: readonly ComparedContender[],
): string[] {
  const names = contenders.map(({ name }) => name);
  const isOwn = ({ contender }: { contender: string }): boolean => names.includes(contender);
  const lines = ['', `== ${DURABILITY_WORDS[durability]}`, ''];
  const rows = cells.filter(isOwn).sort(byQuestion).map(cellRow);
  lines.push(...plainTable(CELL_HEAD, rows, (column) => column > 3));
  const waits = latencies
    .filter(isOwn)
    .map(({ contender, share, perSecond, latency, problems }) => {
      const at = [contender, `${share * 100}%`, perSecond.toFixed(1)];
      if (latency === null) return [...at, problems[0] ?? '', '', ''];
      const { p50Ms, p99Ms, p999Ms } = latency;
      return [...at, ...[p50Ms, p99Ms, p999Ms].map((ms) => ms.toFixed(1))];
    });
  const waitHead = ['singly, ms to outcome', 'of capacity', 'jobs/s', 'p50', 'p99', 'p99.9'];
  if (waits.length > 0) lines.push('', ...plainTable(waitHead, waits, (column) => column > 0));
  const kills = resumes.filter(isOwn).map(({ contender, kills: all, ms }) => {
    const unseen = all.filter(({ state }) => state === 'no-figure').length;
    return [contender, ms === null ? '–' : range(ms, whole), unseen === 0 ? '' : `${unseen}`];
  });
  const killHead = ['worker killed', 'ms to next outcome', 'not seen'];
  if (kills.length > 0) lines.push('', ...plainTable(killHead, kills, (column) => column > 0));
  lines.push(
    ...scaling
      .filter(isOwn)
      .map(
        (one) =>
          `T(1M)/T(10k)/100 of ${one.contender}, ${one.handlerMs} ms: ${one.ratio.toFixed(2)}`,
      ),
    '',
    ...contenders.map(({ name, lacks }) => `${name} lacks: ${lacks}`),
  );
  return lines;
}

const CELL_HEAD = [
  'contender',
  'path',
  'job ms',
  'jobs',
  'jobs/s (range)',
  'CPU ms/job',
  'memory',
  'disk/job',
  'history/job',
];

/** What is to be compared stands together. */
function byQuestion(a: ComparedCell, b: ComparedCell): number {
  const rate = (cell: ComparedCell): number => cell.figures?.jobsPerSecond.median ?? -1;
  return (
    PATHS.indexOf(b.path) - PATHS.indexOf(a.path) ||
    a.handlerMs - b.handlerMs ||
    a.jobs - b.jobs ||
    rate(b) - rate(a)
  );
}

function cellRow({ contender, path, handlerMs, jobs, figures, runs }: ComparedCell): string[] {
  const at = [contender, path, String(handlerMs), number(jobs)];
  if (figures === null) {
    const bad = runs.find((run) => run.state === 'no-figure');
    const why = bad?.state === 'no-figure' ? bad.why.split('\n')[0]! : 'no run';
    return [...at, `no figure: ${why}`, '', '', '', ''];
  }
  const some = (spread: Spread | null, words: (value: number) => string): string =>
    spread === null ? '–' : words(spread.median);
  return [
    ...at,
    range(figures.jobsPerSecond, whole),
    some(figures.cpuMsPerJob, (ms) => ms.toFixed(2)),
    some(figures.peakRssBytes, bytes),
    some(figures.diskBytesPerJob, bytes),
    some(figures.historyBytesPerJob, bytes),
  ];
}
