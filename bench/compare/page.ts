/**
 * The comparison for people: one HTML file that needs no network. The two classes of durability stand apart,
 * and beside each contender stands what it lacks, since none of them does the same work as another.
 */
import { html, htmlFile, section, table, type Html } from '../../reporting/html.ts';
import { number } from '../../reporting/numbers.ts';
import { PAGE_STYLE } from '../../reporting/page-style.ts';
import { BARS_STYLE, barChart } from './bars.ts';
import type { Durability } from './contender.ts';
import { DURABILITY_WORDS } from './contender.ts';
import { costTable, latencyPart, OWN, questions, resumePart, scalingPart } from './page-costs.ts';
import type { ComparedCell, ComparedContender, Comparison } from './result.ts';
import { bytes, range, whole } from './words.ts';

const CLASSES = Object.keys(DURABILITY_WORDS) as Durability[];

/** The page's whole text. */
export function comparisonPage(comparison: Comparison): string {
  const { contenders, startedAt, options } = comparison;
  const ran = (durability: Durability): ComparedContender[] =>
    contenders.filter((each) => each.durability === durability && each.notRun === null);
  const classes = CLASSES.map((each) => ({ durability: each, own: ran(each) }));
  const body = html`<header>
      <h1>The fabric beside other job systems</h1>
      <p class="quiet">
        ${startedAt.slice(0, 10)} · median of ${options.runs} runs, their range as a line across the
        bar · seed ${options.seed}
      </p>
      <p class="verdict">
        The same jobs went through each: 128 bytes in, 64 bytes out. A run counts when every job has
        exactly one result and it is the right one. What is promised when a job is acknowledged
        differs, so contenders are compared within their class of durability only.
      </p>
    </header>
    <main>
      ${classes.map(({ durability, own }) =>
        own.length === 0 ? null : classSection(comparison, durability, own),
      )}
      ${notRunSection(comparison)} ${conditionsSection(comparison)}
    </main> `;
  return htmlFile('The fabric beside other job systems', PAGE_STYLE + BARS_STYLE, body);
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

function notRunSection({ contenders, outsiders }: Comparison): Html | null {
  const missing = contenders.flatMap(({ title, notRun }) =>
    notRun === null ? [] : [{ title, ...notRun }],
  );
  const rows = [...missing, ...outsiders.map(({ title, why }) => ({ title, why, install: '' }))];
  if (rows.length === 0) return null;
  return section(
    'not-run',
    'Not run',
    'Who was not measured, and what would change that.',
    table(
      [
        { head: 'Contender', cell: ({ title }) => html`<b>${title}</b>` },
        { head: 'Why', cell: ({ why }) => why },
        { head: 'To have it', cell: ({ install }) => html`<code>${install}</code>` },
      ],
      rows,
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
