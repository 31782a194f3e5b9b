/**
 * Turns USGS-style GeoJSON into jobs, one a feature, oldest first. It takes a FeatureCollection as USGS
 * publishes it and also one feature a line. A feature that can't be read is a problem with its number
 * and the path inside it; nothing is guessed and nothing is left out without a word.
 */
import { readJsonText } from '../../fabric/mission/json-text.ts';
import { foundText, quoted } from '../../fabric/mission/problems.ts';
import { eventOfFeature, type SeismicEvent } from './event.ts';

/** What every job of the file shares; the traits of a mission's GeoJSON source. */
export interface JobTraitsOfFile {
  readonly kind: string;
  readonly skills: readonly string[];
  readonly priority: number;
  readonly value: number;
  readonly latencyBudgetMs: number | null;
  readonly estimateMs: number | null;
}

export interface FeatureProblem {
  /** The feature's number in the file, from 1; for one feature a line, the line's. */
  readonly line: number;
  readonly found: string;
  readonly expected: string;
}

export interface ReadGeojson {
  /** Sorted by time, then id. */
  readonly events: readonly SeismicEvent[];
  /** One a bad feature, the first `FEATURE_PROBLEMS_MAX`. */
  readonly problems: readonly FeatureProblem[];
}

/** A file of some other sort would otherwise bring a problem a feature. */
export const FEATURE_PROBLEMS_MAX = 50;

/** Reads the text of a GeoJSON file. */
export function readGeojson(raw: string): ReadGeojson {
  const text = raw.startsWith('\ufeff') ? raw.slice(1) : raw;
  const listed = featuresOf(text);
  if ('problem' in listed) return { events: [], problems: [listed.problem] };
  const events: SeismicEvent[] = [];
  const problems: FeatureProblem[] = [];
  const seen = new Map<string, number>();
  for (const { line, value, problem } of listed.features) {
    if (problems.length >= FEATURE_PROBLEMS_MAX) break;
    if (problem !== undefined) {
      problems.push(problem);
      continue;
    }
    const read = eventOfFeature(value);
    if (!read.ok) {
      const [{ path, found, expected }] = read.problems;
      problems.push({ line, found: path === '' ? found : `${found} at ${path}`, expected });
      continue;
    }
    const { id } = read.event;
    const earlier = seen.get(id);
    if (earlier === undefined) {
      seen.set(id, line);
      events.push(read.event);
    } else {
      const found = `${quoted(id)} at id, which feature ${earlier} has`;
      problems.push({ line, found, expected: 'another id' });
    }
  }
  return { events: events.toSorted(byTimeThenId), problems };
}

/** The text of a GeoJSON file as an NDJSON feed: a job a line, keys in a fixed order, oldest first. */
export function geojsonToNdjson(
  text: string,
  traits: JobTraitsOfFile,
): { readonly ndjson: string; readonly problems: readonly FeatureProblem[] } {
  const { events, problems } = readGeojson(text);
  const ndjson = events.map((event) => `${JSON.stringify(jobOf(event, traits))}\n`).join('');
  return { ndjson, problems };
}

function jobOf(event: SeismicEvent, traits: JobTraitsOfFile): object {
  const { kind, skills, priority, value, latencyBudgetMs, estimateMs } = traits;
  return {
    id: event.id,
    kind,
    skills,
    priority,
    value,
    ...(latencyBudgetMs === null ? {} : { latencyBudgetMs }),
    ...(estimateMs === null ? {} : { estimateMs }),
    eventTimeMs: event.timeMs,
    payload: event,
  };
}

interface ListedFeature {
  readonly line: number;
  readonly value?: unknown;
  readonly problem?: FeatureProblem;
}

type ListedFeatures =
  { readonly features: readonly ListedFeature[] } | { readonly problem: FeatureProblem };

function featuresOf(text: string): ListedFeatures {
  const whole = parse(text);
  if (whole === undefined) {
    const lines = text.split('\n');
    const first = lines.find((line) => line.trim() !== '');
    if (first !== undefined && isFeature(parse(first))) return { features: lines.flatMap(lineOf) };
    return { problem: notGeojson(whyNotJson(text)) };
  }
  if (isFeature(whole)) return { features: [{ line: 1, value: whole }] };
  if (!isObject(whole) || whole['type'] !== 'FeatureCollection') {
    const type = isObject(whole) ? `an object of type ${foundText(whole['type'])}` : null;
    return { problem: notGeojson(type ?? foundText(whole)) };
  }
  const { features } = whole;
  if (!Array.isArray(features)) {
    return { problem: notGeojson(`${foundText(features)} at features`) };
  }
  return { features: features.map((value: unknown, at) => ({ line: at + 1, value })) };
}

function lineOf(text: string, at: number): ListedFeature[] {
  const line = at + 1;
  if (text.trim() === '') return [];
  const value = parse(text);
  if (value !== undefined) return [{ line, value }];
  return [{ line, problem: { line, found: whyNotJson(text), expected: 'a feature as JSON' } }];
}

function notGeojson(found: string): FeatureProblem {
  const expected = 'a GeoJSON FeatureCollection, or one feature a line';
  return { line: 1, found, expected };
}

/** The value, or undefined where the text is no JSON, which JSON itself can't say. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Where the text stops being JSON; only asked when it does. */
function whyNotJson(text: string): string {
  const read = readJsonText(text);
  const problem = read.ok ? undefined : read.problems[0];
  return problem === undefined ? 'text that is not JSON' : `${problem.found} at ${problem.path}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isFeature(value: unknown): boolean {
  return isObject(value) && value['type'] === 'Feature';
}

function byTimeThenId(a: SeismicEvent, b: SeismicEvent): number {
  return a.timeMs - b.timeMs || (a.id < b.id ? -1 : 1);
}
