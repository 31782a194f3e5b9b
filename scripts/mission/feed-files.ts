/**
 * Turns a mission's feeds into feeds of a run: files looked through and pinned by digest, GeoJSON
 * written out as NDJSON once everything else about the mission is known to be good.
 */
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { cutFeed, runArrivals, syntheticFeed } from '../../fabric/mission/fill.ts';
import { grouped, quoted, type Problem } from '../../fabric/mission/problems.ts';
import type { Mission, MissionFeed } from '../../fabric/mission/schema.ts';
import type { FeedSpec } from '../../fabric/policy.ts';
import { whyUnreadable } from './mission-file.ts';

/** What is wrong with one line of a feed file, or one feature of a GeoJSON file. */
export interface LineProblem {
  readonly line: number;
  readonly found: string;
  readonly expected: string;
}

/** What an NDJSON file holds. */
export interface NdjsonInspection {
  readonly total: number;
  readonly sha256: string;
  readonly curveFor: (timeScale: number) => readonly (readonly [number, number])[];
  readonly problems: readonly LineProblem[];
}

/** GeoJSON is read as a whole, unlike NDJSON. */
const GEOJSON_BYTES_MAX = 100_000_000;

type FileSource = Exclude<MissionFeed['source'], { type: 'synthetic' }>;
export type GeojsonSource = Extract<MissionFeed['source'], { type: 'geojson' }>;

/** How feed files are understood; the fabric's own formats unless a test says otherwise. */
export interface FeedFormats {
  readonly inspectNdjson: (path: string) => Promise<NdjsonInspection>;
  /** The text of a GeoJSON file as NDJSON jobs. */
  readonly geojsonToNdjson: (
    text: string,
    source: GeojsonSource,
  ) => { readonly ndjson: string; readonly problems: readonly LineProblem[] };
}

export interface ReadFeeds {
  readonly feeds: readonly FeedSpec[];
  readonly problems: readonly Problem[];
  /** Writes what was made of GeoJSON to where the feeds say it is; to be called once, at the end. */
  readonly spool: () => void;
  /** Drops what was made on the way. */
  readonly discard: () => void;
}

/** Reads every feed of the mission. Nothing is written outside the system's temporary folder. */
export async function readFeeds(
  mission: Mission,
  missionFolder: string,
  spoolFolder: string,
  formats: FeedFormats,
): Promise<ReadFeeds> {
  const feeds: FeedSpec[] = [];
  const problems: Problem[] = [];
  const made: { path: string; ndjson: string }[] = [];
  let scratch: string | null = null;
  for (const [at, feed] of mission.feeds.entries()) {
    const { source } = feed;
    if (source.type === 'synthetic') {
      feeds.push(syntheticFeed(feed, source.blueprints, mission));
      continue;
    }
    const file = resolve(missionFolder, source.path);
    const missing = fileProblem(file, source, at);
    if (missing) {
      problems.push(missing);
      continue;
    }
    let read = file;
    let path = file;
    if (source.type === 'geojson') {
      const { ndjson, problems: bad } = formats.geojsonToNdjson(readFileSync(file, 'utf8'), source);
      problems.push(...bad.map((each) => lineProblem(each, source, at, 'feature')));
      if (bad.length > 0) continue;
      scratch ??= mkdtempSync(join(tmpdir(), 'planetary-fabric-'));
      read = join(scratch, `${feed.id}.ndjson`);
      path = join(spoolFolder, `${feed.id}.ndjson`);
      writeFileSync(read, ndjson);
      made.push({ path, ndjson });
    }
    const inspection = await formats.inspectNdjson(read);
    problems.push(...inspection.problems.map((each) => lineProblem(each, source, at, 'line')));
    if (inspection.problems.length > 0) continue;
    if (inspection.total === 0) {
      problems.push({
        path: sourcePath(at),
        found: 'a file without a job',
        expected: 'one or more',
      });
    } else feeds.push(fileFeed(feed, source, path, inspection, mission.timeScale));
  }
  const discard = () => {
    if (scratch !== null) rmSync(scratch, { recursive: true, force: true });
  };
  const spool = () => {
    for (const { path, ndjson } of made) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, ndjson, { flush: true });
    }
  };
  return { feeds, problems, spool, discard };
}

function fileFeed(
  { id, shard, arrivals }: MissionFeed,
  { take }: FileSource,
  path: string,
  { total, sha256, curveFor }: NdjsonInspection,
  timeScale: number,
): FeedSpec {
  const when = runArrivals(arrivals, timeScale);
  const feed = {
    id,
    shard,
    arrivals: when,
    source: { type: 'ndjson', path, sha256 },
    total,
  } as const;
  const timed = when.mode === 'event-time' ? { ...feed, curve: curveFor(when.timeScale) } : feed;
  return take === undefined || take >= total ? timed : cutFeed(timed, take);
}

function fileProblem(file: string, source: FileSource, at: number): Problem | null {
  const { type, path: asWritten } = source;
  const expected = 'a file that can be read, relative to the mission file';
  try {
    const stats = statSync(file);
    accessSync(file, constants.R_OK);
    const isHuge = type === 'geojson' && stats.size > GEOJSON_BYTES_MAX;
    if (stats.isFile() && !isHuge) return null;
    const what = isHuge ? `${grouped(stats.size)} bytes` : 'not a file';
    const most = `at most ${grouped(GEOJSON_BYTES_MAX)} of GeoJSON; NDJSON may be longer`;
    const found = `${quoted(asWritten)}, ${what}`;
    return { path: sourcePath(at), found, expected: isHuge ? most : expected };
  } catch (error) {
    const found = `${quoted(asWritten)}, ${whyUnreadable(error)}`;
    return { path: sourcePath(at), found, expected };
  }
}

function lineProblem(
  { line, found, expected }: LineProblem,
  source: FileSource,
  at: number,
  unit: 'line' | 'feature',
): Problem {
  return { path: `feeds[${at}] ${basename(source.path)} ${unit} ${line}`, found, expected };
}

function sourcePath(at: number): string {
  return `feeds[${at}].source.path`;
}
