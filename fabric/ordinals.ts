/**
 * Sets of job ordinals, kept as sorted half-open intervals in one flat array: `[lo, hi, lo, hi, …]`.
 * A page of ten thousand neighbouring jobs is two numbers, yet one job among them can still be taken
 * out. Intervals never touch or overlap, so equal sets are equal arrays and JSON compares them.
 */
export type Ordinals = readonly number[];

export const NONE: Ordinals = [];

/** The set of all ordinals from `lo` up to, not including, `hi`. */
export function range(lo: number, hi: number): Ordinals {
  return hi > lo ? [lo, hi] : NONE;
}

/** How many ordinals the set holds. */
export function size(set: Ordinals): number {
  let total = 0;
  for (let i = 0; i < set.length; i += 2) total += set[i + 1]! - set[i]!;
  return total;
}

export function isEmpty(set: Ordinals): boolean {
  return set.length === 0;
}

/** The smallest ordinal. The set must not be empty. */
export function first(set: Ordinals): number {
  if (set.length === 0) throw new Error('first() of an empty set of ordinals');
  return set[0]!;
}

export function has(set: Ordinals, ordinal: number): boolean {
  let low = 0;
  let high = set.length / 2;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (set[2 * middle + 1]! <= ordinal) low = middle + 1;
    else high = middle;
  }
  return low < set.length / 2 && set[2 * low]! <= ordinal;
}

/** How many ordinals of the set are smaller: the place of a member in the order of the set. */
export function rank(set: Ordinals, ordinal: number): number {
  let below = 0;
  for (let i = 0; i < set.length && set[i]! < ordinal; i += 2) {
    below += Math.min(set[i + 1]!, ordinal) - set[i]!;
  }
  return below;
}

/** A set from ordinals in any order; doubles count once. */
export function fromList(list: readonly number[]): Ordinals {
  const rises = list.every((ordinal, i) => i === 0 || list[i - 1]! <= ordinal);
  const sorted = rises ? list : list.toSorted((a, b) => a - b);
  const out: number[] = [];
  for (const ordinal of sorted) push(out, ordinal, ordinal + 1);
  return out;
}

/** Every ordinal, smallest first. */
export function* each(set: Ordinals): Generator<number> {
  for (let i = 0; i < set.length; i += 2) {
    for (let ordinal = set[i]!; ordinal < set[i + 1]!; ordinal++) yield ordinal;
  }
}

/** The first `count` ordinals, and the rest. */
export function take(set: Ordinals, count: number): { taken: Ordinals; rest: Ordinals } {
  if (count <= 0) return { taken: NONE, rest: set };
  let left = count;
  for (let i = 0; i < set.length; i += 2) {
    const length = set[i + 1]! - set[i]!;
    if (length < left) {
      left -= length;
      continue;
    }
    if (length === left) return { taken: set.slice(0, i + 2), rest: set.slice(i + 2) };
    const cut = set[i]! + left;
    return { taken: [...set.slice(0, i + 1), cut], rest: [cut, ...set.slice(i + 1)] };
  }
  return { taken: set, rest: NONE };
}

/** The last `count` ordinals, and the rest: what is moved away is what would have waited longest. */
export function takeLast(set: Ordinals, count: number): { taken: Ordinals; rest: Ordinals } {
  const keep = size(set) - count;
  if (keep <= 0) return { taken: set, rest: NONE };
  const { taken, rest } = take(set, keep);
  return { taken: rest, rest: taken };
}

export function union(a: Ordinals, b: Ordinals): Ordinals {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const out: number[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (j >= b.length || (i < a.length && a[i]! <= b[j]!)) {
      push(out, a[i]!, a[i + 1]!);
      i += 2;
    } else {
      push(out, b[j]!, b[j + 1]!);
      j += 2;
    }
  }
  return out;
}

/** What is in `a` and not in `b`. */
export function subtract(a: Ordinals, b: Ordinals): Ordinals {
  if (a.length === 0 || b.length === 0) return a;
  const out: number[] = [];
  let j = 0;
  for (let i = 0; i < a.length; i += 2) {
    let lo = a[i]!;
    const hi = a[i + 1]!;
    while (j < b.length && b[j + 1]! <= lo) j += 2;
    let k = j;
    while (k < b.length && b[k]! < hi) {
      if (b[k]! > lo) out.push(lo, b[k]!);
      lo = Math.max(lo, b[k + 1]!);
      k += 2;
    }
    if (lo < hi) out.push(lo, hi);
  }
  return out;
}

export function intersect(a: Ordinals, b: Ordinals): Ordinals {
  return subtract(a, subtract(a, b));
}

/** True when every ordinal of `part` is in `whole`. */
export function contains(whole: Ordinals, part: Ordinals): boolean {
  return subtract(part, whole).length === 0;
}

/** True for a well-formed set: integers, rising, no interval empty, none touching the next. */
export function isOrdinals(value: unknown): value is Ordinals {
  if (!Array.isArray(value) || value.length % 2 !== 0) return false;
  let previous = -1;
  for (let i = 0; i < value.length; i++) {
    const bound: unknown = value[i];
    if (!Number.isSafeInteger(bound) || (bound as number) <= previous) return false;
    previous = bound as number;
  }
  return true;
}

/** Appends an interval that starts at or behind every one already there, joining where they touch. */
function push(out: number[], lo: number, hi: number): void {
  if (out.length > 0 && lo <= out[out.length - 1]!) {
    out[out.length - 1] = Math.max(out[out.length - 1]!, hi);
  } else {
    out.push(lo, hi);
  }
}
