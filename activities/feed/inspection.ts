/**
 * Looks a whole NDJSON feed through before anything starts: every line checked, no id twice, and, for
 * feeds whose jobs arrive when their events happened, how many have arrived when.
 */
import { grouped, quoted } from '../../fabric/mission/problems.ts';
import { checkLine } from './job-line.ts';
import { LINE_BYTES_MAX, scanLines } from './line-scan.ts';

/** What is wrong with one line of the file. */
export interface LineProblem {
  readonly line: number;
  readonly found: string;
  readonly expected: string;
}

/** Steps `[offsetMs, jobs so far]` since the first event; both rise. */
export type ArrivalCurve = readonly (readonly [number, number])[];

export interface NdjsonInspection {
  readonly total: number;
  /** Hex digest of the file. */
  readonly sha256: string;
  /** Arrivals with the events' own distances divided by `timeScale`, in at most 1,024 steps. */
  readonly curveFor: (timeScale: number) => ArrivalCurve;
  /** The first 50. */
  readonly problems: readonly LineProblem[];
}

const PROBLEMS_MAX = 50;
const CURVE_STEPS_MAX = 1_024;

/**
 * Reads the file at `path`. Rejects when it can't be read; what is wrong inside it is in `problems`.
 * Ids are held in memory while it lasts.
 */
export async function inspectNdjson(path: string): Promise<NdjsonInspection> {
  const problems: LineProblem[] = [];
  const lineOfId = new Map<string, number>();
  const timesMs: (number | null)[] = [];
  let total = 0;
  const sha256 = await scanLines(path, ({ number: line, content, bytes }) => {
    total++;
    if (problems.length >= PROBLEMS_MAX) return;
    if (content === null) {
      const expected = `at most ${grouped(LINE_BYTES_MAX)}`;
      problems.push({ line, found: `a line of ${grouped(bytes)} bytes`, expected });
      return;
    }
    const checked = checkLine(content.toString('utf8'));
    if ('problems' in checked) {
      problems.push(...checked.problems.map((each) => ({ line, ...each })));
      return;
    }
    const { id, eventTimeMs } = checked.job;
    const earlier = lineOfId.get(id);
    if (earlier === undefined) lineOfId.set(id, line);
    else {
      const found = `the id ${quoted(id)}, which line ${earlier} has`;
      problems.push({ line, found, expected: 'another id' });
    }
    timesMs.push(eventTimeMs);
  });
  const curveFor = (timeScale: number): ArrivalCurve => curve(timesMs, timeScale);
  return { total, sha256, curveFor, problems: problems.slice(0, PROBLEMS_MAX) };
}

/**
 * A job never arrives before one that stands above it, so a time that lies back counts as that of the
 * line before, and so does a missing one. Where there are more steps than the curve may have,
 * neighbours arrive together when the last of them does: never before their time.
 */
function curve(timesMs: readonly (number | null)[], timeScale: number): ArrivalCurve {
  const firstMs = timesMs.find((time) => time !== null) ?? 0;
  const steps: [number, number][] = [];
  let latestMs = firstMs;
  for (const [ordinal, timeMs] of timesMs.entries()) {
    latestMs = Math.max(latestMs, timeMs ?? latestMs);
    const offsetMs = Math.round((latestMs - firstMs) / timeScale);
    const last = steps.at(-1);
    if (last?.[0] === offsetMs) last[1] = ordinal + 1;
    else steps.push([offsetMs, ordinal + 1]);
  }
  const per = Math.ceil(steps.length / CURVE_STEPS_MAX);
  return steps.filter((_, i) => (i + 1) % per === 0 || i === steps.length - 1);
}
