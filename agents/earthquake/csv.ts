/**
 * The relief desk's list as a CSV file (RFC 4180): one row an event, in the order of the list, with the
 * events that were not ranked at the end. Text can't become a formula in a spreadsheet.
 */
import { romanOf } from './intensity.ts';
import type { EarthquakeResult, PeopleRange } from './result.ts';
import type { Triage, TriagedEvent } from './triage.ts';
import { placeText, plainText, utcText } from './wording.ts';

type Cell = string | number | boolean | null;

interface Row {
  readonly result: EarthquakeResult;
  /** The rank of its sequence; null where an event was not ranked. */
  readonly rank: number | null;
  readonly role: TriagedEvent['role'] | null;
}

type Column = readonly [name: string, cell: (row: Row) => Cell];

const COLUMNS: readonly Column[] = [
  ['rank', ({ rank }) => rank],
  ['role', ({ role }) => role],
  ['outcome', ({ result }) => result.outcome],
  ['level', fromAssessment(({ level }) => level)],
  ['class', fromAssessment(({ intensityClass }) => romanOf(intensityClass))],
  ['intensity', fromAssessment(({ intensity }) => intensity)],
  ['intensity_low', fromAssessment(({ intensityLow }) => intensityLow)],
  ['intensity_high', fromAssessment(({ intensityHigh }) => intensityHigh)],
  ['extrapolated', fromAssessment(({ extrapolated }) => extrapolated)],
  ['usgs_mmi', ({ result }) => result.event.usgsMmi],
  ['usgs_felt', ({ result }) => result.event.usgsFelt],
  ['usgs_alert', ({ result }) => result.event.usgsAlert],
  ['tsunami', ({ result }) => result.event.tsunami],
  ['status', ({ result }) => result.event.status],
  ['magnitude', ({ result }) => result.event.magnitude],
  ['magnitude_type', ({ result }) => result.event.magnitudeType],
  ['type', ({ result }) => result.event.type],
  ['time_utc', ({ result }) => utcText(result.event.timeMs)],
  ['place', ({ result }) => result.event.place],
  ['longitude', ({ result }) => result.event.longitude],
  ['latitude', ({ result }) => result.event.latitude],
  ['depth_km', ({ result }) => result.event.depthKm],
  ...peopleColumns('v', ({ v }) => v),
  ...peopleColumns('vi', ({ vi }) => vi),
  ...peopleColumns('vii_plus', ({ viiUp }) => viiUp),
  ['nearest_places', ({ result }) => nearestText(result)],
  ['event_id', ({ result }) => result.event.id],
  ['url', ({ result }) => result.event.url],
];

type Assessment = TriagedEvent['assessment'];

/** The whole file, with a heading row; lines end with CR LF. */
export function triageCsv({ lines, magnitudeUnknown, notEarthquakes }: Triage): string {
  const ranked = lines.flatMap(({ rank, lead, others }) =>
    [lead, ...others].map(({ assessment, role }) => ({ result: assessment, rank, role })),
  );
  const unranked = [...magnitudeUnknown, ...notEarthquakes].map((result) => ({
    result,
    rank: null,
    role: null,
  }));
  const heading = COLUMNS.map(([name]) => name);
  const rows = [...ranked, ...unranked].map((row) => COLUMNS.map(([, cell]) => cell(row)));
  return [heading, ...rows].map((cells) => `${cells.map(cellText).join(',')}\r\n`).join('');
}

function fromAssessment(cell: (assessment: Assessment) => Cell): Column[1] {
  return ({ result }) => (result.outcome === 'assessed' ? cell(result) : null);
}

function peopleColumns(
  name: string,
  range: (people: Assessment['people']) => PeopleRange,
): readonly Column[] {
  return [
    [`people_${name}`, fromAssessment(({ people }) => range(people).best)],
    [`people_${name}_low`, fromAssessment(({ people }) => range(people).low)],
    [`people_${name}_high`, fromAssessment(({ people }) => range(people).high)],
  ];
}

function nearestText(result: EarthquakeResult): string {
  return 'nearest' in result ? result.nearest.map(placeText).join('; ') : '';
}

function cellText(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell);
  const text = plainText(cell);
  // A spreadsheet takes text that starts like this for a formula.
  const safe = /^[=+\-@]/.test(text) ? `'${text}` : text;
  return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
