/**
 * `--jobs N`: how many jobs each feed gives. Simulated jobs are scaled, since a benchmark's blueprints
 * are shares of a burst; real ones can only be cut short.
 */

/**
 * Whole numbers that add up to `total` and lie within one of each count's exact share of it (largest
 * remainder, ties to the earlier one). Counts are positive and `total` is a whole number from 0.
 */
export function scaleCounts(counts: readonly number[], total: number): number[] {
  const sum = counts.reduce((all, count) => all + count, 0);
  if (sum === 0) return [...counts];
  // Whole-number arithmetic: the product may pass 2^53.
  const shares = counts.map((count) => BigInt(count) * BigInt(total));
  const scaled = shares.map((share) => Number(share / BigInt(sum)));
  const left = total - scaled.reduce((all, count) => all + count, 0);
  const byRemainder = shares
    .map((share, i) => ({ i, remainder: share % BigInt(sum) }))
    .sort((a, b) => (a.remainder === b.remainder ? a.i - b.i : a.remainder > b.remainder ? -1 : 1));
  for (const { i } of byRemainder.slice(0, left)) scaled[i]! += 1;
  return scaled;
}

/** The first `total` jobs over all of these in order; later ones may be left with none. */
export function takeFirst(counts: readonly number[], total: number): number[] {
  let left = total;
  return counts.map((count) => {
    const taken = Math.min(count, left);
    left -= taken;
    return taken;
  });
}
