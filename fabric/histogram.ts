/**
 * Latencies in a fixed number of buckets, so that a state that lives for months stays small and two
 * shards' figures can be added. Bucket `i` holds values below `2^(i/4)` ms: each is about 19% wide,
 * which bounds the error of a percentile read from it.
 */
export type Histogram = readonly number[];

const BUCKETS = 100;
const PER_DOUBLING = 4;

export const EMPTY_HISTOGRAM: Histogram = [];

/** Adds `count` values of `ms`. Buckets beyond the last one used are not stored. */
export function addLatency(histogram: Histogram, ms: number, count: number): Histogram {
  if (count <= 0) return histogram;
  const raw = ms < 1 ? 0 : Math.floor(Math.log2(ms) * PER_DOUBLING) + 1;
  const bucket = Math.min(raw, BUCKETS - 1);
  const next = histogram.slice();
  while (next.length <= bucket) next.push(0);
  next[bucket]! += count;
  return next;
}

export function mergeHistograms(a: Histogram, b: Histogram): Histogram {
  const [long, short] = a.length >= b.length ? [a, b] : [b, a];
  return long.map((count, i) => count + (short[i] ?? 0));
}

/** The upper bound in ms of the bucket that holds the given share (0 to 1); 0 when it is empty. */
export function percentile(histogram: Histogram, share: number): number {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  if (total === 0) return 0;
  let seen = 0;
  for (let i = 0; i < histogram.length; i++) {
    seen += histogram[i]!;
    if (seen >= share * total) return Math.round(2 ** (i / PER_DOUBLING));
  }
  return 0;
}
