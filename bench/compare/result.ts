/** What a comparison comes to: the JSON file, of which the table and the page are two views. */
import type { Durability, Outsider, PathName, Settings } from './contender.ts';
import type { LatencyFigures } from './histogram.ts';
import type { Machine } from './machine.ts';
import type { CompareOptions } from './plan.ts';
import type { Figures, Measured } from './trial.ts';

/** Median of some runs, and how far they lie apart. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export interface ComparedContender {
  readonly name: string;
  readonly title: string;
  readonly durability: Durability;
  readonly lacks: string;
  readonly keeps: string;
  readonly paths: Readonly<Record<PathName, string>>;
  readonly settings: Settings;
  readonly version: string | null;
  /** Null where it ran. */
  readonly notRun: { readonly why: string; readonly install: string } | null;
}

/** One kind of run. A contender that has a run without figures has no medians either. */
export interface ComparedCell {
  readonly contender: string;
  readonly path: PathName;
  readonly handlerMs: number;
  readonly jobs: number;
  readonly runs: readonly Measured<Figures>[];
  readonly figures: CellFigures | null;
}

export interface CellFigures {
  readonly jobsPerSecond: Spread;
  readonly elapsedMs: Spread;
  readonly cpuMsPerJob: Spread | null;
  readonly peakRssBytes: Spread | null;
  readonly diskBytesPerJob: Spread;
  readonly historyBytesPerJob: Spread | null;
}

/** T(1,000,000) / T(10,000) / 100: 1 where a job costs the same however many there are. */
export interface ComparedScaling {
  readonly contender: string;
  readonly handlerMs: number;
  readonly ratio: number;
}

/** An open loop of single submissions at a share of what the contender takes. */
export interface ComparedLatency {
  readonly contender: string;
  /** Jobs a second that it took when they were submitted singly, as many at a time as it does best with. */
  readonly capacityPerSecond: number;
  readonly share: number;
  readonly perSecond: number;
  readonly latency: LatencyFigures | null;
  /** Why a run has no figure. */
  readonly problems: readonly string[];
}

export interface ComparedResume {
  readonly contender: string;
  /** ms from the kill to the first new outcome; a reason where that was not seen. */
  readonly kills: readonly Measured<number>[];
  readonly ms: Spread | null;
}

export interface Comparison {
  readonly schema: 'planetary-fabric/bench@1';
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly machine: Machine;
  readonly options: CompareOptions;
  readonly contenders: readonly ComparedContender[];
  readonly outsiders: readonly Outsider[];
  readonly cells: readonly ComparedCell[];
  readonly scaling: readonly ComparedScaling[];
  readonly latencies: readonly ComparedLatency[];
  readonly resumes: readonly ComparedResume[];
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
  return { median, least: sorted[0]!, most: sorted.at(-1)! };
}

/** Null as soon as one run has no figures: what loses a job now and then is not to be ranked. */
export function cellFigures(runs: readonly Measured<Figures>[], jobs: number): CellFigures | null {
  const all = runs.flatMap((run) => (run.state === 'measured' ? [run.figures] : []));
  if (all.length === 0 || all.length < runs.length) return null;
  const spread = (of: (figures: Figures) => number): Spread => spreadOf(all.map(of));
  const known = (of: (figures: Figures) => number | null): Spread | null => {
    const values = all.map(of).filter((value) => value !== null);
    return values.length === 0 ? null : spreadOf(values);
  };
  return {
    jobsPerSecond: spread((figures) => figures.jobsPerSecond),
    elapsedMs: spread((figures) => figures.elapsedMs),
    cpuMsPerJob: known(({ cpuSeconds }) =>
      cpuSeconds === null ? null : (cpuSeconds * 1_000) / jobs,
    ),
    peakRssBytes: known((figures) => figures.peakRssBytes),
    diskBytesPerJob: spread(({ diskBytes }) => diskBytes / jobs),
    historyBytesPerJob: known(({ historyBytes }) =>
      historyBytes === null ? null : historyBytes / jobs,
    ),
  };
}

const SMALL_JOBS = 10_000;
const LARGE_JOBS = 1_000_000;

/** Of every contender that has figures at both sizes. */
export function scalingOf(cells: readonly ComparedCell[]): ComparedScaling[] {
  return cells.flatMap((large) => {
    if (large.path !== 'bulk' || large.jobs !== LARGE_JOBS) return [];
    const { contender, handlerMs } = large;
    const small = cells.find(
      (cell) =>
        cell.contender === contender &&
        cell.path === 'bulk' &&
        cell.handlerMs === handlerMs &&
        cell.jobs === SMALL_JOBS,
    );
    if (!small?.figures || !large.figures) return [];
    const ratio = large.figures.elapsedMs.median / small.figures.elapsedMs.median;
    return [{ contender, handlerMs, ratio: ratio / (LARGE_JOBS / SMALL_JOBS) }];
  });
}
