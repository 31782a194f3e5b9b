/**
 * What a scenario puts before the fabric's numbers: for earthquakes, the relief desk's ranked list. Only
 * a scenario with such a page needs the results themselves; for all others each result is dropped as
 * soon as its hash was read.
 */
import { triageCsv } from '../agents/earthquake/csv.ts';
import { TRIAGE_HEADING, TRIAGE_STYLE, triageBody } from '../agents/earthquake/html.ts';
import { readEarthquakeResult, type EarthquakeResult } from '../agents/earthquake/result.ts';
import {
  triage,
  triageVerdict,
  type Triage,
  type TriageLine,
} from '../agents/earthquake/triage.ts';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import { isoTime, number } from './numbers.ts';
import type { ResultRecord } from './records.ts';
import type { Report } from './schema.ts';

/** Earthquakes that the list holds; USGS itself answers with at most 20,000 events at a time. */
export const LISTED_MAX = 50_000;

export interface FirstPage {
  readonly heading: string;
  readonly lead: string;
  /** HTML, escaped. */
  readonly body: string;
  /** CSS of the body, beside the page's own. */
  readonly style: string;
  readonly csv: string;
  /** Its first lines, for the terminal. */
  readonly topLines: readonly string[];
  /** The same for the JSON report. */
  readonly data: TriageData;
}

type TriageData = NonNullable<Report['triage']>;

/** Takes results one by one, in any order; then makes the page of them. */
export interface ResultGatherer {
  readonly take: (record: ResultRecord) => void;
  readonly present: () => FirstPage | null;
}

/** The gatherer for a mission's presentation; one that keeps nothing where it has none. */
export function gatherResults(presentation: RunSpec['presentation']): ResultGatherer {
  if (presentation === null) return { take: () => undefined, present: () => null };
  return gatherEarthquakes(LISTED_MAX);
}

/** Keeps at most `listedMax` results; those that reach nobody give way to those that do. */
export function gatherEarthquakes(listedMax: number): ResultGatherer {
  const needed: EarthquakeResult[] = [];
  const calm: EarthquakeResult[] = [];
  const dropped = { unread: 0, leftOut: 0 };
  const take = (record: ResultRecord): void => {
    const result = readEarthquakeResult(record.result);
    if (result === null) {
      dropped.unread += 1;
      return;
    }
    const isCalm = result.outcome !== 'magnitude-unknown' && levelOf(result) === 'T0';
    (isCalm ? calm : needed).push(result);
    if (needed.length + calm.length <= listedMax) return;
    if (calm.pop() === undefined) needed.pop();
    dropped.leftOut += 1;
  };
  return { take, present: () => presentEarthquakes([...needed, ...calm], dropped) };
}

function levelOf(result: EarthquakeResult): string {
  return result.outcome === 'assessed' ? result.level : 'T0';
}

function presentEarthquakes(
  results: readonly EarthquakeResult[],
  { unread, leftOut }: { readonly unread: number; readonly leftOut: number },
): FirstPage {
  const list = triage(results);
  const less = [
    ...(leftOut > 0 ? [` ${number(leftOut)} events had no room in the list.`] : []),
    ...(unread > 0 ? [` ${number(unread)} results are of other jobs and are left out.`] : []),
  ];
  return {
    heading: TRIAGE_HEADING,
    lead: `What to look at first: the earthquakes of this run, ranked by how strongly people are shaken and how many they are.${less.join('')}`,
    body: triageBody(list),
    style: TRIAGE_STYLE,
    csv: triageCsv(list),
    topLines: triageVerdict(results),
    data: triageData(list, unread, leftOut),
  };
}

function triageData(list: Triage, unread: number, leftOut: number): TriageData {
  return {
    earthquakes: list.earthquakes,
    notEarthquakes: list.notEarthquakes.length,
    magnitudeUnknown: list.magnitudeUnknown.map(({ event }) => event.id),
    unread,
    leftOut,
    lines: list.lines.map(lineData),
  };
}

function lineData({ rank, level, lead, others }: TriageLine): TriageData['lines'][number] {
  const { event, intensityClass, intensity, people, nearest } = lead.assessment;
  const { v, vi, viiUp, viiiUp } = people;
  return {
    rank,
    level,
    eventId: event.id,
    at: isoTime(event.timeMs),
    place: event.place,
    magnitude: event.magnitude,
    intensityClass,
    intensity,
    people: { v: { ...v }, vi: { ...vi }, viiUp: { ...viiUp }, viiiUp: { ...viiiUp } },
    nearest: nearest.map((place) => ({ ...place })),
    sequence: others.map(({ assessment }) => assessment.event.id),
    usgsMmi: event.usgsMmi,
    url: event.url,
  };
}
