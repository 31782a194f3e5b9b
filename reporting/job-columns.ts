/**
 * The jobs of one feed as columns of numbers, about 60 bytes a job, so that a table of a million jobs
 * is read on any machine. Error codes recur and are stored once, as indexes.
 */
import { RANGES } from '../fabric/mission/fields.ts';

/** How a job came in, by index: the ledger says nothing of it, or has accepted or refused it. */
export const ENTRY = { none: 0, accepted: 1, refused: 2 } as const;

/** How a job ended, by index. */
export const ENDS = ['', 'completed', 'failed', 'cancelled'] as const;

/** Ordinals of one feed: as many as a mission may name jobs. */
export const ORDINALS_MAX = RANGES.jobsPerFeed.max;

export const HASH_BYTES = 32;

/** Words by index. Index 0 is the empty word. */
export class Words {
  readonly #words: string[] = [''];
  readonly #indexes = new Map<string, number>([['', 0]]);

  indexOf(word: string): number {
    const known = this.#indexes.get(word);
    if (known !== undefined) return known;
    this.#words.push(word);
    this.#indexes.set(word, this.#words.length - 1);
    return this.#words.length - 1;
  }

  at(index: number): string {
    return this.#words[index] ?? '';
  }
}

/** Columns of one feed, indexed by ordinal. They grow as ordinals are seen. */
export class JobColumns {
  /** One more than the greatest ordinal seen. */
  length = 0;
  /** A value of `ENTRY`. */
  entry = new Uint8Array(0);
  /** Index into `ENDS`. */
  end = new Uint8Array(0);
  /** Counted attempts: the number of the attempt that ended the job. A lost lease is none. */
  attempts = new Uint16Array(0);
  /** Attempts that failed and were queued again. */
  retries = new Uint16Array(0);
  code = new Uint32Array(0);
  /** 1 + index of the segment that the outcome points at; 0 for none. */
  segment = new Uint32Array(0);
  value = new Float64Array(0);
  /** `HASH_BYTES` a job. */
  hash = new Uint8Array(0);
  /** 1 where a result's hash was read. */
  hasHash = new Uint8Array(0);

  /** Makes room for the ordinals below `length`, at most `ORDINALS_MAX`. */
  reach(length: number): void {
    if (length <= this.length) return;
    if (length > this.entry.length) this.#grow(length);
    this.length = length;
  }

  setHash(ordinal: number, hex: string): void {
    this.hash.set(Buffer.from(hex, 'hex'), ordinal * HASH_BYTES);
    this.hasHash[ordinal] = 1;
  }

  /** The hash as 64 hex digits, or '' where there is none. */
  hashHex(ordinal: number): string {
    if (this.hasHash[ordinal] !== 1) return '';
    const at = ordinal * HASH_BYTES;
    return Buffer.from(this.hash.buffer, this.hash.byteOffset + at, HASH_BYTES).toString('hex');
  }

  #grow(length: number): void {
    const size = Math.min(ORDINALS_MAX, Math.max(1_024, length, this.entry.length * 2));
    this.entry = grown(this.entry, new Uint8Array(size));
    this.end = grown(this.end, new Uint8Array(size));
    this.attempts = grown(this.attempts, new Uint16Array(size));
    this.retries = grown(this.retries, new Uint16Array(size));
    this.code = grown(this.code, new Uint32Array(size));
    this.segment = grown(this.segment, new Uint32Array(size));
    this.value = grown(this.value, new Float64Array(size));
    this.hash = grown(this.hash, new Uint8Array(size * HASH_BYTES));
    this.hasHash = grown(this.hasHash, new Uint8Array(size));
  }
}

function grown<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}
