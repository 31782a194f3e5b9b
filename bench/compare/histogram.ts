/** Latencies to three digits over any range, mergeable over runs: HdrHistogram, in microseconds. */
import * as hdr from 'hdr-histogram-js';

const HIGHEST_US = 3_600_000_000;
const DIGITS = 3;

export interface LatencyFigures {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

/** Percentiles of the latencies of several runs together, in ms; each list is one run's. */
export function latencyFigures(runs: readonly (readonly number[])[]): LatencyFigures {
  const all = histogram();
  for (const latencies of runs) {
    const one = histogram();
    // A clock that two processes read may differ by some microseconds.
    for (const ms of latencies) one.recordValue(Math.max(1, Math.round(ms * 1_000)));
    all.add(one);
  }
  const at = (percentile: number): number => all.getValueAtPercentile(percentile) / 1_000;
  return {
    count: all.totalCount,
    p50Ms: at(50),
    p99Ms: at(99),
    p999Ms: at(99.9),
    maxMs: all.maxValue / 1_000,
  };
}

function histogram(): hdr.Histogram {
  return hdr.build({
    bitBucketSize: 32,
    highestTrackableValue: HIGHEST_US,
    numberOfSignificantValueDigits: DIGITS,
  });
}
