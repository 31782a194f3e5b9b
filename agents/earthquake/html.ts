/**
 * The relief desk's list as a piece of a page: it needs no script and fetches nothing. Whatever a feed
 * says is escaped, and only web addresses become links.
 */
import { romanOf } from './intensity.ts';
import type { EarthquakeResult, Level, PeopleRange } from './result.ts';
import { TRIAGE_STYLE } from './style.ts';
import { LEVEL_WORDS, triage, type Triage, type TriagedEvent, type TriageLine } from './triage.ts';
import { countText, peopleRounded, placeText, plainText, utcText } from './wording.ts';

export { TRIAGE_STYLE } from './style.ts';

export const TRIAGE_HEADING = 'Earthquakes by need';

/** Credits that must stand wherever the list does, as HTML. */
export const TRIAGE_CREDIT =
  'Events: U.S. Geological Survey, public domain. Places and population: ' +
  '<a href="https://www.geonames.org/">GeoNames</a>, ' +
  '<a href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a>.';

type Assessment = TriagedEvent['assessment'];

/** The list of these results with heading and style, complete in itself. */
export function triageSection(results: readonly EarthquakeResult[]): string {
  return `<style>${TRIAGE_STYLE}</style>
<section id="triage">
<h2>${TRIAGE_HEADING}</h2>
${triageBody(triage(results))}
</section>
`;
}

/** The list without heading and style, for a page that brings `TRIAGE_STYLE` itself. */
export function triageBody(list: Triage): string {
  const needed = list.lines.filter(({ level }) => level !== 'T0');
  const calm = list.lines.filter(({ level }) => level === 'T0');
  return `<div class="relief">
<p>${escaped(summaryText(list))}</p>
${unknownNote(list)}
${needed.length === 0 ? '<p>No place is reached by V or more.</p>' : tableOf(needed)}
${fold(`T0 none: ${countText(calm.length, 'sequence')} or single events that reach no place with V`, calm.length === 0 ? '' : tableOf(calm))}
${fold(`Not an earthquake: ${countText(list.notEarthquakes.length, 'event')}`, otherEvents(list.notEarthquakes))}
${METHOD}
<p class="relief-note">${TRIAGE_CREDIT}</p>
</div>`;
}

const METHOD = `<p class="relief-note">Intensity is what is computed for the nearest place, from magnitude,
depth and distance alone (Allen, Wald and Worden 2012); ground, buildings and the extent of the fault are
not in it, so use it to decide what to look at first. “~” marks what is extrapolated: beyond magnitude 5 to
7.9 or 300 km, and then capped by USGS's table of magnitude and intensity. In brackets stands the range of
one standard deviation. Only places of 1,000 people or more are counted, as points, as GeoNames lists
them; people are rounded. Foreshocks and aftershocks fold into one line by the windows of Gardner and
Knopoff (1974). USGS's own intensity (MMI), the number of people who told USGS that they felt it, and
USGS's alert colour stand beside it where USGS gives them.</p>`;

function summaryText({ lines, lineCounts, earthquakes }: Triage): string {
  const levels = (['T4', 'T3', 'T2', 'T1', 'T0'] as const)
    .filter((level) => lineCounts[level] > 0)
    .map((level) => `${level} ${LEVEL_WORDS[level]} ${lineCounts[level]}`);
  const folded = `${countText(earthquakes, 'earthquake')} in ${countText(lines.length, 'line')}`;
  return levels.length === 0 ? `${folded}.` : `${folded}: ${levels.join(', ')}.`;
}

function unknownNote({ magnitudeUnknown }: Triage): string {
  if (magnitudeUnknown.length === 0) return '';
  const count = countText(magnitudeUnknown.length, 'event');
  return `<p class="relief-warn">${count} without a magnitude: look at them yourself.</p>
${otherEvents(magnitudeUnknown)}`;
}

const HEADINGS = [
  '#',
  'Level',
  'Event',
  'Intensity',
  'USGS MMI',
  'People at V',
  'People at VI',
  'People at VII+',
  'Nearest places',
  'Felt reports',
  'Alert',
  'Tsunami',
  'Status',
];

function tableOf(lines: readonly TriageLine[]): string {
  return `<div class="relief-scroll" tabindex="0"><table>
${headRow(HEADINGS)}
<tbody>
${lines.map(lineRows).join('\n')}
</tbody>
</table></div>`;
}

function lineRows({ rank, level, lead, others }: TriageLine): string {
  const { assessment } = lead;
  const row = rowOf([String(rank), badge(level), ...factCells(assessment)], level);
  if (others.length === 0) return row;
  const roles = (['mainshock', 'foreshock', 'aftershock'] as const)
    .map((role) => ({ role, count: others.filter((each) => each.role === role).length }))
    .filter(({ count }) => count > 0)
    .map(({ role, count }) => countText(count, role));
  const summary = `${others.length} more of this sequence: ${roles.join(', ')}`;
  const rows = others.map((each) =>
    rowOf([each.role, badge(each.assessment.level), ...factCells(each.assessment)]),
  );
  const inner = `<table>${headRow(['Role', ...HEADINGS.slice(1)])}<tbody>${rows.join('\n')}</tbody></table>`;
  return `${row}
<tr class="relief-fold"><td></td><td colspan="${HEADINGS.length - 1}">${fold(summary, inner)}</td></tr>`;
}

/** Cells of an event from the third column on, as HTML. */
function factCells(assessment: Assessment): string[] {
  const { event, people, nearest } = assessment;
  return [
    eventCell(event),
    shakingCell(assessment),
    event.usgsMmi === null ? '' : event.usgsMmi.toFixed(1),
    peopleCell(people.v),
    peopleCell(people.vi),
    peopleCell(people.viiUp),
    escaped(nearest.map(placeText).join('; ')),
    event.usgsFelt === null ? '' : peopleExact(event.usgsFelt),
    escaped(event.usgsAlert ?? ''),
    event.tsunami ? 'flagged' : '',
    escaped(event.status ?? ''),
  ];
}

function eventCell(event: EarthquakeResult['event']): string {
  const size = event.magnitude === null ? 'M?' : `M${event.magnitude.toFixed(1)}`;
  const title = escaped(`${size} ${event.place ?? event.id}`);
  const depth = event.depthKm === null ? 'depth not known' : `${event.depthKm.toFixed(0)} km deep`;
  const isLink = event.url !== null && /^https?:\/\//i.test(event.url);
  const name = isLink
    ? `<a href="${escaped(event.url ?? '')}" rel="noreferrer">${title}</a>`
    : title;
  return `${name}<br><span class="relief-note">${utcText(event.timeMs)} UTC, ${depth}</span>`;
}

function shakingCell({ intensityClass, intensity, extrapolated }: Assessment): string {
  return `<b>${romanOf(intensityClass)}</b> ${extrapolated ? '~' : ''}${intensity.toFixed(1)}`;
}

function peopleCell({ best, low, high }: PeopleRange): string {
  if (high === 0) return '0';
  const range = `${peopleRounded(low)} to ${peopleRounded(high)}`;
  return `${peopleRounded(best)}<br><span class="relief-note">(${range})</span>`;
}

function peopleExact(count: number): string {
  return count.toFixed(0);
}

function otherEvents(results: readonly EarthquakeResult[]): string {
  if (results.length === 0) return '';
  const rows = results.map((result) =>
    rowOf([
      eventCell(result.event),
      escaped(result.event.type),
      'nearest' in result ? escaped(result.nearest.map(placeText).join('; ')) : '',
    ]),
  );
  return `<table>${headRow(['Event', 'What USGS calls it', 'Nearest places'])}<tbody>
${rows.join('\n')}
</tbody></table>`;
}

/** Something to open; nothing where there is nothing inside. */
function fold(summary: string, inner: string): string {
  if (inner === '') return '';
  return `<details><summary>${escaped(summary)}</summary>
${inner}
</details>`;
}

function headRow(names: readonly string[]): string {
  return `<thead><tr>${names.map((name) => `<th scope="col">${escaped(name)}</th>`).join('')}</tr></thead>`;
}

function rowOf(cells: readonly string[], level?: Level): string {
  const kind = level === undefined ? '' : ` class="relief-${level.toLowerCase()}"`;
  return `<tr${kind}>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
}

function badge(level: Level): string {
  return `<span class="relief-badge relief-${level.toLowerCase()}">${level} ${LEVEL_WORDS[level]}</span>`;
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

function escaped(text: string): string {
  return plainText(text).replace(/[&<>"']/g, (sign) => ENTITIES.get(sign) ?? '');
}
