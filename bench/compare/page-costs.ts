/** The parts of the page beside throughput: what a job costs, how long one waits, how soon work goes on. */
import type { Html } from '../../reporting/html.ts';
import { html, table } from '../../reporting/html.ts';
import { number } from '../../reporting/numbers.ts';
import { barChart } from './bars.ts';
import type { PathName } from './contender.ts';
import { PATHS } from './contender.ts';
import type { ComparedCell, ComparedLatency, Comparison, Spread } from './result.ts';
import { bytes, range, whole } from './words.ts';

/** Name of this project's own contender, which charts set off. */
export const OWN = 'fabric';

const PATH_WORDS: Readonly<Record<PathName, string>> = {
  default: 'submitted one by one',
  bulk: 'submitted in bulk',
};

/** Cells that answer the same question: same path, same jobs. */
export function questions(
  cells: readonly ComparedCell[],
): { heading: string; own: ComparedCell[] }[] {
  const groups = new Map<string, ComparedCell[]>();
  for (const cell of cells) {
    const question = `${cell.path}/${cell.handlerMs}/${cell.jobs}`;
    groups.set(question, [...(groups.get(question) ?? []), cell]);
  }
  return [...groups.values()]
    .sort(
      ([a], [b]) =>
        PATHS.indexOf(b!.path) - PATHS.indexOf(a!.path) ||
        a!.handlerMs - b!.handlerMs ||
        a!.jobs - b!.jobs,
    )
    .map((own) => {
      const { path, handlerMs, jobs } = own[0]!;
      return { heading: `${number(jobs)} jobs of ${handlerMs} ms, ${PATH_WORDS[path]}`, own };
    });
}

export function costTable(cells: readonly ComparedCell[], named: (name: string) => string): Html {
  const rows = questions(cells).flatMap(({ heading, own }) =>
    own.flatMap(({ contender, figures }) => (figures ? [{ heading, contender, figures }] : [])),
  );
  const some = (spread: Spread | null, words: (value: number) => string): string =>
    spread === null ? '–' : range(spread, words);
  return html`<h3>What a job costs</h3>
    <p class="lead">
      CPU and memory are those of server, store and workers together. Memory is the most at a time,
      summed over processes, so what they share counts once for each.
    </p>
    ${table(
      [
        { head: 'Jobs', cell: ({ heading }) => heading },
        { head: 'Contender', cell: ({ contender }) => html`<b>${named(contender)}</b>` },
        {
          head: 'CPU ms a job',
          cell: ({ figures }) => some(figures.cpuMsPerJob, (ms) => number(ms, 2)),
          isNumber: true,
        },
        {
          head: 'Memory',
          cell: ({ figures }) => some(figures.peakRssBytes, bytes),
          isNumber: true,
        },
        {
          head: 'Disk a job',
          cell: ({ figures }) => some(figures.diskBytesPerJob, bytes),
          isNumber: true,
        },
        {
          head: 'History a job',
          cell: ({ figures }) => some(figures.historyBytesPerJob, bytes),
          isNumber: true,
        },
      ],
      rows,
      'No run has figures.',
    )}`;
}

export function latencyPart(
  latencies: readonly ComparedLatency[],
  named: (name: string) => string,
): Html | null {
  if (latencies.length === 0) return null;
  const ms = (head: string, of: (latency: NonNullable<ComparedLatency['latency']>) => number) => ({
    head,
    isNumber: true,
    cell: ({ latency }: ComparedLatency) =>
      latency === null ? '–' : `${number(of(latency), 1)} ms`,
  });
  return html`<h3>From a job's arrival to its durable outcome</h3>
    <p class="lead">
      Jobs arrive singly at a fixed rate, a share of what the contender took when they were
      submitted singly. The time counts from when a job was due, so waiting in line is in it.
    </p>
    ${table<ComparedLatency>(
      [
        { head: 'Contender', cell: ({ contender }) => html`<b>${named(contender)}</b>` },
        {
          head: 'Takes singly',
          cell: ({ capacityPerSecond }) => `${whole(capacityPerSecond)} jobs/s`,
          isNumber: true,
        },
        {
          head: 'Load',
          cell: ({ share, perSecond }) => `${number(share * 100)}%: ${whole(perSecond)} jobs/s`,
          isNumber: true,
        },
        ms('Half within', ({ p50Ms }) => p50Ms),
        ms('99% within', ({ p99Ms }) => p99Ms),
        ms('99.9% within', ({ p999Ms }) => p999Ms),
        { head: '', cell: ({ problems }) => problems[0]?.split('\n')[0] ?? '' },
      ],
      latencies,
      'Not measured.',
    )}`;
}

export function resumePart(
  { resumes }: Comparison,
  names: ReadonlySet<string>,
  named: (name: string) => string,
): Html | null {
  const bars = resumes
    .filter(({ contender }) => names.has(contender))
    .sort((a, b) => (a.ms?.median ?? Infinity) - (b.ms?.median ?? Infinity))
    .map(({ contender, ms, kills }) => {
      const seen = kills.filter(({ state }) => state === 'measured').length;
      const missing = seen < kills.length ? `, not seen ${kills.length - seen}×` : '';
      const words = ms === null ? 'not seen' : `${range(ms, whole)} ms${missing}`;
      return { name: named(contender), isOwn: contender === OWN, spread: ms, words };
    });
  if (bars.length === 0) return null;
  return html`<h3>After a SIGKILL of the workers' process</h3>
    <p class="lead">
      It is started again at once, with work left to do; counted until the first new outcome.
    </p>
    ${barChart(bars, 'Milliseconds from a kill to the next outcome')}`;
}

export function scalingPart(
  { scaling }: Comparison,
  names: ReadonlySet<string>,
  named: (name: string) => string,
): Html | null {
  const rows = scaling.filter(({ contender }) => names.has(contender));
  if (rows.length === 0) return null;
  return html`<h3>A million jobs against ten thousand</h3>
    <p class="lead">Time for a million by 100 times that for ten thousand: 1 is linear.</p>
    ${table(
      [
        { head: 'Contender', cell: ({ contender }) => html`<b>${named(contender)}</b>` },
        { head: 'Job', cell: ({ handlerMs }) => `${handlerMs} ms`, isNumber: true },
        { head: 'Ratio', cell: ({ ratio }) => number(ratio, 2), isNumber: true },
      ],
      rows,
      '',
    )}`;
}
