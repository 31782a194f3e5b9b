/**
 * Looks a whole NDJSON feed through before anything starts: every line checked, no id twice, and, for
 * feeds whose jobs arrive when their events happened, how many have arrived when.
 */
import { grouped, quoted } from '../../fabric/mission/problems.ts';
import { EventTimes, type ArrivalCurve } from './event-times.ts';
import { checkLine } from './job-line.ts';
import { LINE_BYTES_MAX, scanLines } from './line-scan.ts';
import { SeenIds } from './seen-ids.ts';

/** What is wrong with one line of the file. */
export interface LineProblem {
  readonly line: number;
  readonly found: string;
  readonly expected: string;
}

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

/**
 * Reads the file at `path`. Rejects when it can't be read; what is wrong inside it is in `problems`.
 * Ids and event times are held in memory while it lasts: 30 to 65 bytes a job with ids of 12
 * characters, and half as much again for a moment when the tables grow.
 */
export async function inspectNdjson(path: string): Promise<NdjsonInspection> {
  const problems: LineProblem[] = [];
  const ids = new SeenIds();
  const times = new EventTimes();
  let total = 0;
  const sha256 = await scanLines(path, (scanned) => {
    total++;
    if (problems.length >= PROBLEMS_MAX) return;
    const { number: line, bytes } = scanned;
    const text = scanned.text();
    if (text === null) {
      const expected = `at most ${grouped(LINE_BYTES_MAX)}`;
      problems.push({ line, found: `a line of ${grouped(bytes)} bytes`, expected });
      return;
    }
    const checked = checkLine(text);
    if ('problems' in checked) {
      problems.push(...checked.problems.map((each) => ({ line, ...each })));
      return;
    }
    const { id, eventTimeMs } = checked.job;
    const earlier = ids.add(id, line);
    if (earlier !== null) {
      const found = `the id ${quoted(id)}, which line ${earlier} has`;
      problems.push({ line, found, expected: 'another id' });
    }
    times.add(eventTimeMs);
  });
  const curveFor = (timeScale: number): ArrivalCurve => times.curve(timeScale);
  return { total, sha256, curveFor, problems: problems.slice(0, PROBLEMS_MAX) };
}
