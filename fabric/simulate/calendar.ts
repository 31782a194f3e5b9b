/** Virtual time: things to do by instant, and at one instant in the order they were asked for. */

interface Entry {
  readonly atMs: number;
  readonly no: number;
  readonly act: () => void;
}

export class Calendar {
  nowMs: number;
  #next = 0;
  /** A binary heap: no entry is later than the two behind it, at 2i + 1 and 2i + 2. */
  readonly #heap: Entry[] = [];

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  /** Does it at that instant, or now if that is past. */
  at(atMs: number, act: () => void): void {
    const entry = { atMs: Math.max(atMs, this.nowMs), no: this.#next++, act };
    const heap = this.#heap;
    let i = heap.push(entry) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = entry;
  }

  /** Goes on to the next thing and does it; false when there is none. */
  step(): boolean {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last) return false;
    if (first !== last) this.#sink(last);
    this.nowMs = first.atMs;
    first.act();
    return true;
  }

  #sink(entry: Entry): void {
    const heap = this.#heap;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, entry)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = entry;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.no < b.no);
}
