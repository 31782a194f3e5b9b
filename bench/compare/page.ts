/**
 * The comparison for people: one HTML file that needs no network. The two classes of durability stand apart,
 * and beside each contender stands what it lacks, since none of them does the same work as another.
 */
import { Html, html, section, table } from '../../reporting/html.ts';
import { number } from '../../reporting/numbers.ts';
import { PAGE_STYLE } from '../../reporting/page-style.ts';
import { BARS_STYLE, barChart } from './bars.ts';
import type { Durability, PathName } from './contender.ts';
import { DURABILITY_WORDS, PATHS } from './contender.ts';
import type {
  ComparedCell,
  ComparedContender,
  ComparedLatency,
  Comparison,
  Spread,
} from './result.ts';
import { bytes, range, whole } from './words.ts';

const OWN = 'fabric';
const CLASSES = Object.keys(DURABILITY_WORDS) as Durability[];
const PATH_WORDS: Readonly<Record<PathName, string>> = {
  default: 'submitted one by one',
  bulk: 'submitted in bulk',
};

/** The page's whole text. */
export function comparisonPage(comparison: Comparison): string {
  const { contenders, startedAt, options } = comparison;
  const ran = (durability: Durability): ComparedContender[] =>
    contenders.filter((each) => each.durability === durability && each.notRun === null);
  const classes = CLASSES.map((each) => ({ durability: each, own: ran(each) }));
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        />
        <title>The fabric beside other job systems</title>
        <style>
          ${new Html(PAGE_STYLE + BARS_STYLE)}
        </style>
      </head>
      <body>
        <header>
          <h1>The fabric beside other job systems</h1>
          <p class="quiet">
            ${startedAt.slice(0, 10)} · median of ${options.runs} runs, their range as a line across
            the bar · seed ${options.seed}
          </p>
          <p class="verdict">
            The same jobs went through each: 128 bytes in, 64 bytes out. A run counts when every job
            has exactly one result and it is the right one. What is promised when a job is
            acknowledged differs, so contenders are compared within their class of durability only.
          </p>
        </header>
        <main>
          ${classes.map(({ durability, own }) =>
            own.length === 0 ? null : classSection(comparison, durability, own),
          )}
          ${notRunSection(contenders)} ${conditionsSection(comparison)}
        </main>
      </body>
    </html> `.text;
}

function classSection(
  comparison: Comparison,
  durability: Durability,
  own: readonly ComparedContender[],
): Html {
  const names = new Set(own.map(({ name }) => name));
  const title = new Map(own.map((each) => [each.name, each.title]));
  const named = (name: string): string => title.get(name) ?? name;
  const cells = comparison.cells.filter(({ contender }) => names.has(contender));
  const latencies = comparison.latencies.filter(({ contender }) => names.has(contender));
  return section(
    durability,
    titleOf(durability),
    CLASS_WORDS[durability],
    html`${contenderTable(own)} ${throughput(cells, named)} ${costTable(cells, named)}
    ${latencyPart(latencies, named)} ${resumePart(comparison, names, named)}
    ${scalingPart(comparison, names, named)}`,
  );
}

function titleOf(durability: Durability): string {
  const words = DURABILITY_WORDS[durability];
  return `Durability: ${words}`;
}

const CLASS_WORDS: Readonly<Record<Durability, string>> = {
  fsync: 'What was acknowledged is on the disk: a loss of power loses none of it.',
  'process-kill':
    'What was acknowledged is with the operating system: the death of any process loses none of it, a loss of power up to a second.',
};

function contenderTable(own: readonly ComparedContender[]): Html {
  return table(
    [
      { head: 'Contender', cell: ({ title, version }) => html`<b>${title}</b><br />${version}` },
      { head: 'What it lacks', cell: ({ lacks }) => lacks },
      { head: 'Results', cell: ({ keeps }) => keeps },
      { head: 'One by one', cell: ({ paths }) => paths.default },
      { head: 'In bulk', cell: ({ paths }) => paths.bulk },
    ],
    own,
    'Nobody ran.',
  );
}

/** One chart for each question, fastest first. */
function throughput(cells: readonly ComparedCell[], named: (name: string) => string): Html[] {
  return questions(cells).map(({ heading, own }) => {
    const bars = own
      .toSorted((a, b) => rate(b) - rate(a))
      .map(({ contender, figures, runs }) => ({
        name: named(contender),
        isOwn: contender === OWN,
        spread: figures?.jobsPerSecond ?? null,
        words:
          figures === null
            ? `no figure: ${firstProblem(runs)}`
            : `${range(figures.jobsPerSecond, whole)} jobs/s`,
      }));
    return html`<h3>${heading}</h3>
      ${barChart(bars, `Jobs a second, ${heading}`)}`;
  });
}

function rate({ figures }: ComparedCell): number {
  return figures?.jobsPerSecond.median ?? -1;
}

/** A run's message can be long; its first line says what it is. */
function firstProblem(runs: ComparedCell['runs']): string {
  const bad = runs.find((run) => run.state === 'no-figure');
  return bad?.state === 'no-figure' ? (bad.why.split('\n')[0] ?? '') : 'no run';
}

/** Cells that answer the same question: same path, same jobs. */
function questions(cells: readonly ComparedCell[]): { heading: string; own: ComparedCell[] }[] {
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

function costTable(cells: readonly ComparedCell[], named: (name: string) => string): Html {
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

function latencyPart(
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

function resumePart(
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

function scalingPart(
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

function notRunSection(contenders: readonly ComparedContender[]): Html | null {
  const missing = contenders.filter(({ notRun }) => notRun !== null);
  if (missing.length === 0) return null;
  return section(
    'not-run',
    'Not run',
    'Who was not there.',
    table(
      [
        { head: 'Contender', cell: ({ title }) => html`<b>${title}</b>` },
        { head: 'Why', cell: ({ notRun }) => notRun?.why ?? '' },
        { head: 'To have it', cell: ({ notRun }) => html`<code>${notRun?.install ?? ''}</code>` },
      ],
      missing,
      '',
    ),
  );
}

function conditionsSection({ machine, contenders, options }: Comparison): Html {
  const { cpu, cores, memoryBytes, platform, node, fixedLoopMs } = machine;
  const settings = (values: ComparedContender['settings']): string =>
    Object.entries(values)
      .map(([name, value]) => `${name} ${value}`)
      .join(' · ');
  return section(
    'conditions',
    'Conditions',
    'Figures of one machine hold for that machine.',
    html`<dl>
        <dt>Processor</dt>
        <dd>${cpu}, ${cores} cores</dd>
        <dt>Memory</dt>
        <dd>${bytes(memoryBytes)}</dd>
        <dt>System</dt>
        <dd>${platform}, Node ${node}</dd>
        <dt>A fixed loop of 200 million steps</dt>
        <dd>${number(fixedLoopMs)} ms</dd>
        <dt>Order of runs</dt>
        <dd>
          ${options.warmUp ? 'one warm-up round, then ' : ''}contenders in an order drawn anew for
          each round
        </dd>
      </dl>
      ${table(
        [
          { head: 'Contender', cell: ({ title }) => html`<b>${title}</b>` },
          { head: 'Settings', cell: (each) => settings(each.settings) },
        ],
        contenders,
        '',
      )}`,
  );
}
