/** The sections of the page that tell of the run as a whole: conditions, value, time, engine, files. */
import { LIMIT_WORDS } from './history-limits.ts';
import { html, section, table, type Html, type HtmlPart } from './html.ts';
import { counted, duration, number } from './numbers.ts';
import type { PageFiles } from './page.ts';
import type { Report } from './schema.ts';
import { dueText, gateText } from './verdict.ts';

type Gate = Report['gates'][number];

/** The conditions, each with what was measured. */
export function gateSection({ gates, passed }: Report): Html {
  const rows = table<Gate>(
    [
      { head: 'Condition', cell: (gate) => gateText(gate).name },
      { head: 'Limit', cell: (gate) => gateText(gate).limit, isNumber: true },
      { head: 'Measured', cell: (gate) => gateText(gate).value, isNumber: true },
      {
        head: 'Result',
        cell: (gate) =>
          gate.passed
            ? html`<span class="badge good">passed</span>`
            : html`<span class="badge bad">failed</span>`,
      },
    ],
    gates,
    '',
  );
  const lead = passed
    ? 'What the mission demanded of this run. Everything held.'
    : 'What the mission demanded of this run. Something did not hold.';
  return section('gates', 'Conditions', lead, rows);
}

/** Contradictions in the files; nothing at all where there are none. */
export function problemSection({ problems, problemCounts }: Report): Html | null {
  if (problems.length === 0) return null;
  const found = Object.values(problemCounts).reduce((sum, count) => sum + count, 0);
  const rows = table(
    [
      { head: 'Sort', cell: ({ code }) => html`<code>${code}</code>` },
      { head: 'What was found', cell: ({ what }) => what },
      {
        head: 'Of this sort',
        cell: ({ code }) => number(problemCounts[code] ?? 0),
        isNumber: true,
      },
    ],
    problems,
    '',
  );
  return section(
    'problems',
    'What does not add up',
    `${counted(found, 'contradiction')} between the files of this run, or between them and the fabric's own counts. Until they are explained, don't rely on the numbers of this page.`,
    rows,
  );
}

/** What the mission did to its own processes; nothing at all where it did nothing. */
export function faultSection({ faults, faultsNotDone }: Report): Html | null {
  if (faults.length + faultsNotDone.length === 0) return null;
  const done = table<Report['faults'][number]>(
    [
      { head: 'Fault', cell: ({ kind }) => kind },
      { head: 'Done to', cell: ({ target }) => target },
      { head: 'At', cell: ({ at }) => at.slice(11, 23) },
      {
        head: 'There again after',
        cell: ({ backAfterMs: ms }) => (ms === null ? 'not seen' : duration(ms)),
        isNumber: true,
      },
      {
        head: 'Next outcome after',
        cell: ({ recoveredAfterMs: ms }) => (ms === null ? 'none came' : duration(ms)),
        isNumber: true,
      },
      {
        head: 'Jobs that may have run again',
        cell: ({ reexecutedJobs }) => number(reexecutedJobs),
        isNumber: true,
      },
    ],
    faults,
    'None was done.',
  );
  const notDone = table<Report['faultsNotDone'][number]>(
    [
      { head: 'Not done, as the run ended first', cell: ({ kind }) => kind },
      { head: 'To be done to', cell: ({ target }) => target },
      { head: 'Due', cell: dueText },
    ],
    faultsNotDone,
    '',
  );
  return section(
    'faults',
    'Faults',
    'What this mission did to its own processes, to show that it bears it: how long until work went on, and how many jobs were in what was lost.',
    faultsNotDone.length === 0 ? done : html`${done}${notDone}`,
  );
}

/** What it was worth and what it cost. */
export function valueSection({ value, cost, nodes }: Report): Html {
  const money = (amount: number): string => number(amount, 2);
  const worth = table(
    [
      { head: 'Value of', cell: ([name]) => name },
      { head: 'Amount', cell: ([, amount]) => money(amount), isNumber: true },
    ],
    [
      ['all jobs that came in', value.submitted],
      ['completed jobs', value.completed],
      ['jobs that failed for good', value.failed],
      ['cancelled jobs', value.cancelled],
      ['refused jobs', value.refused],
    ] as readonly (readonly [string, number])[],
    '',
  );
  const shardOf = new Map(nodes.map(({ id, shard }) => [id, shard]));
  const costs = table(
    [
      { head: 'Cost of node', cell: ([node]) => node },
      { head: 'Region', cell: ([node]) => shardOf.get(node) ?? '' },
      { head: 'Amount', cell: ([, amount]) => money(amount), isNumber: true },
    ],
    Object.entries(cost.byNode),
    'No node has asked for anything.',
  );
  return section(
    'value',
    'Value and cost',
    `Jobs carry a value and nodes a price per job, in whatever unit the mission uses. Completed: ${money(value.completed)}. Cost of all attempts, failed ones included: ${money(cost.total)}.`,
    html`${worth}${costs}`,
  );
}

/** How long it took, and what it cost the engine. */
export function timeSection({ timings, history }: Report): Html {
  return section(
    'time',
    'Time and history',
    'Temporal keeps a durable history of everything the fabric decided; it is what makes a kill harmless. Little history a job means that many jobs fit.',
    facts([
      ['Started', timings.startedAt],
      ['Finished', timings.finishedAt],
      ['Took', duration(timings.durationMs)],
      ['Jobs a second', number(timings.jobsPerSecond, 1)],
      [
        'History',
        `${counted(history.events, 'event')}, ${number(history.bytes)} bytes, in ${counted(history.runs, 'workflow run')}`,
      ],
      [
        'A job',
        `${number(history.eventsPerJob, 3)} events, ${number(history.bytesPerJob, 1)} bytes`,
      ],
      ...nearest(history),
    ]),
  );
}

/** The engine ends a workflow at its limits: how far the one that came nearest stayed below. */
function nearest({ limits: [first] }: Report['history']): (readonly [string, string])[] {
  if (first === undefined) return [];
  const { name, most, limit, share } = first;
  return [
    [
      "Nearest to the engine's limits",
      `${number(most)} of ${number(limit)} ${LIMIT_WORDS[name]}, ${number(share * 100, 1)}%`,
    ],
  ];
}

/** What carried the run, and where its record is. */
export function fileSection(report: Report, files: PageFiles): Html {
  const { engine, ledger, outcomeDigest, seed, checkpoints } = report;
  return section(
    'files',
    'Engine and files',
    'The digest covers what became of every job and nothing of where or when: a run that was killed and resumed has the same one.',
    facts([
      ['Temporal server', `${engine.kind}, ${engine.address}, version ${engine.serverVersion}`],
      ['Durability', engine.durability],
      ['Seed', String(seed)],
      ['Outcome digest', html`<code>${outcomeDigest}</code>`],
      ['Report as JSON', html`<a href="${files.json}">${files.json}</a>`],
      ...(files.csv === null
        ? []
        : [['List as CSV', html`<a href="${files.csv}">${files.csv}</a>`] as const]),
      ['Ledger', html`<code>${ledger.path}</code>, ${counted(ledger.entries, 'entry', 'entries')}`],
      ...checkpoints.map(({ path }) => ['Checkpoint', html`<code>${path}</code>`] as const),
    ]),
  );
}

function facts(rows: readonly (readonly [string, HtmlPart])[]): Html {
  return html`<dl>
    ${rows.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${value}</dd> `,
    )}
  </dl>`;
}
