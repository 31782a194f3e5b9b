/**
 * The report for people: one HTML file that needs nothing beside it. First what the run was for, where
 * the scenario has such a page, then the fabric's numbers, each with a sentence that says what it is.
 */
import type { FirstPage } from './first-page.ts';
import { Html, html, htmlFile, section, type HtmlPart } from './html.ts';
import { counted, duration, number, percent, titled } from './numbers.ts';
import {
  faultSection,
  fileSection,
  gateSection,
  problemSection,
  timeSection,
  valueSection,
} from './page-sections.ts';
import { governanceSection, nodeSection, shardSection, spilloverSection } from './page-shards.ts';
import { PAGE_STYLE } from './page-style.ts';
import type { Report } from './schema.ts';
import { forkText, headline } from './verdict.ts';

/** A link from the page: file names relative to it. */
export interface PageFiles {
  readonly json: string;
  readonly csv: string | null;
}

/** The page's whole text. */
export function reportPage(report: Report, firstPage: FirstPage | null, files: PageFiles): string {
  const parts = [
    firstPage === null ? null : firstPageSection(firstPage, files),
    summarySection(report),
    gateSection(report),
    problemSection(report),
    faultSection(report),
    shardSection(report),
    spilloverSection(report),
    nodeSection(report),
    governanceSection(report),
    valueSection(report),
    timeSection(report),
    fileSection(report, files),
  ];
  const body = html`${pageHeader(report, firstPage)}
    <main>${parts}</main>
    <footer>${footer(report)}</footer> `;
  return htmlFile(report.title, PAGE_STYLE + (firstPage?.style ?? ''), body);
}

function pageHeader(report: Report, firstPage: FirstPage | null): Html {
  const { passed, timings, title } = report;
  const badge = passed
    ? html`<span class="badge good">passed</span>`
    : html`<span class="badge bad">failed</span>`;
  const sections: [string, string][] = [
    ...(firstPage === null ? [] : [['first', firstPage.heading] as [string, string]]),
    ['summary', 'In short'],
    ['gates', 'Conditions'],
    ...(faultSection(report) === null ? [] : [['faults', 'Faults'] as [string, string]]),
    ['shards', 'Regions'],
    ['spillover', 'Spillover'],
    ['nodes', 'Nodes'],
    ['governance', 'Owner'],
    ['value', 'Value and cost'],
    ['time', 'Time'],
    ['files', 'Files'],
  ];
  return html`<header>
    <h1>${title}</h1>
    <p class="quiet">
      ${report.scenario} · run <code>${report.runId}</code> · ${dateText(timings.startedAt)}
    </p>
    <p class="verdict">${badge} ${headline(report)}</p>
    <nav aria-label="Sections">
      ${sections.map(([id, name]) => html`<a href="#${id}">${name}</a>`)}
    </nav>
  </header>`;
}

function firstPageSection({ heading, lead, body }: FirstPage, { csv }: PageFiles): Html {
  const link = csv === null ? null : html` <a href="${csv}">The same list as CSV</a>.`;
  return html`<section id="first" class="long">
    <h2>${heading}</h2>
    <p class="lead">${lead}${link}</p>
    ${new Html(body)}
  </section> `;
}

function summarySection(report: Report): Html {
  const { jobs, shards, timings } = report;
  const all = Object.values(shards);
  const spilled = all.reduce((sum, shard) => sum + shard.spilledOut, 0);
  const overBudget = all.reduce((sum, shard) => sum + shard.latencyMs.overBudget, 0);
  const retried = all.reduce((sum, shard) => sum + shard.jobs.retried, 0);
  const open = jobs.queued + jobs.leased + jobs.inTransit;
  const tile = (value: string, what: HtmlPart): Html =>
    html`<div class="tile"><b>${value}</b><span>${what}</span></div>`;
  const tiles = [
    tile(
      number(jobs.completed),
      `of ${counted(jobs.submitted, 'job')} completed (${percent(report.completionRatio)})`,
    ),
    tile(number(jobs.failed), `failed for good (${percent(report.failureRate)})`),
    jobs.refused > 0 ? tile(number(jobs.refused), 'refused with a reason') : null,
    jobs.cancelled > 0
      ? tile(number(jobs.cancelled), 'cancelled: still queued when the run closed')
      : null,
    open > 0 ? tile(number(open), 'not ended when the run closed') : null,
    tile(number(retried), 'failed attempts that were tried again'),
    tile(number(spilled), 'handed from a full region to another'),
    tile(number(overBudget), 'took longer than their latency budget'),
    tile(duration(timings.durationMs), `in all, ${number(timings.jobsPerSecond)} jobs a second`),
  ];
  return section(
    'summary',
    'In short',
    html`What became of the jobs. These numbers are added up from the ledger, the record that was
    written while the run went on. ${report.forkedFrom ? forkText(report.forkedFrom) : null}`,
    html`<div class="tiles">${tiles}</div>`,
  );
}

function footer(report: Report): Html {
  const { queued, leased, inTransit } = report.jobs;
  const open = queued + leased + inTransit;
  const promise =
    open + report.problems.length === 0
      ? `Every job that was accepted${report.forkedFrom ? ' since its ledger was lost' : ''} has exactly one recorded outcome; after a kill its code may have run more than once.`
      : 'Not every job that was accepted has exactly one recorded outcome: see above.';
  return html`<p>
    ${titled(report.fabric)}, report format <code>${report.schema}</code>. Times are UTC. ${promise}
  </p>`;
}

/** `2026-01-31 12:00:00 UTC`. */
function dateText(iso: string): string {
  return `${iso.slice(0, 19).replace('T', ' ')} UTC`;
}
