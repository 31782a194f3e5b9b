/**
 * Walks a file of lines once, by bytes: where each line starts and how long it is, and the digest of
 * the whole. Memory stays at one chunk and one line, however long the file; between two chunks the
 * process gets its turn.
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { LIMITS } from '../../fabric/limits.ts';

/** A longer line is not handed over, only counted: no job may be that large. */
export const LINE_BYTES_MAX = LIMITS.payloadBytesMax;

/** The line that the scan stands at: one object for all lines, so it says this only until `onLine` returns. */
export interface ScannedLine {
  /** From 1; empty lines count. */
  readonly number: number;
  /** Where its first byte stands in the file. */
  readonly start: number;
  /** Without the line's end. */
  readonly bytes: number;
  /** Null where it is longer than `LINE_BYTES_MAX`. */
  text(): string | null;
}

const CHUNK_BYTES = 1 << 18;
const NEWLINE = 0x0a;
const SPACE = 0x20;
const NO_BREAK_SPACE = 0xa0;
const BYTE_ORDER_MARK = Buffer.from('\ufeff');

/**
 * Calls `onLine` for every line that is not empty, in order. Resolves to the hex SHA-256 of the file.
 * Rejects when it can't be read. A byte order mark belongs to no line.
 */
export async function scanLines(
  path: string,
  onLine: (line: ScannedLine) => void,
): Promise<string> {
  const digest = createHash('sha256');
  const scan = new LineScan(onLine);
  const file = await open(path, 'r');
  try {
    for (;;) {
      const room = scan.room();
      const { bytesRead } = await file.read(room, 0, room.length, null);
      if (bytesRead === 0) break;
      digest.update(room.subarray(0, bytesRead));
      scan.take(bytesRead);
    }
  } finally {
    await file.close();
  }
  scan.end();
  return digest.digest('hex');
}

class LineScan implements ScannedLine {
  number = 1;
  start = 0;
  bytes = 0;
  readonly #onLine: (line: ScannedLine) => void;
  /** The beginning of a line whose end has not been read, then room for a chunk. */
  #buffer = Buffer.allocUnsafeSlow(2 * CHUNK_BYTES);
  #held = 0;
  /** Bytes of that line which were let go, since it is too long anyway. */
  #dropped = 0;
  #lineStart = 0;
  #from = 0;
  #isTooLong = false;

  constructor(onLine: (line: ScannedLine) => void) {
    this.#onLine = onLine;
  }

  text(): string | null {
    if (this.#isTooLong) return null;
    return this.#buffer.toString('utf8', this.#from, this.#from + this.bytes);
  }

  /** Where the next chunk is to be read to. */
  room(): Buffer {
    if (this.#buffer.length - this.#held < CHUNK_BYTES) {
      const larger = Buffer.allocUnsafeSlow(2 * this.#buffer.length);
      this.#buffer.copy(larger, 0, 0, this.#held);
      this.#buffer = larger;
    }
    return this.#buffer.subarray(this.#held, this.#held + CHUNK_BYTES);
  }

  /** Takes what was read there. */
  take(bytesRead: number): void {
    const filled = this.#buffer.subarray(0, this.#held + bytesRead);
    let from = 0;
    let newline = filled.indexOf(NEWLINE, this.#held);
    while (newline >= 0) {
      this.#line(from, newline);
      this.#lineStart += this.#dropped + newline + 1 - from;
      this.#dropped = 0;
      this.number++;
      from = newline + 1;
      newline = filled.indexOf(NEWLINE, from);
    }
    this.#held = filled.length - from;
    filled.copyWithin(0, from);
    if (this.#held <= LINE_BYTES_MAX) return;
    this.#dropped += this.#held;
    this.#held = 0;
  }

  /** Hands over a last line that has no end. */
  end(): void {
    this.#line(0, this.#held);
  }

  #line(from: number, to: number): void {
    this.#from = from;
    this.start = this.#lineStart;
    this.bytes = this.#dropped + to - from;
    this.#isTooLong = this.bytes > LINE_BYTES_MAX;
    if (!this.#isTooLong) {
      if (this.start === 0) this.#passMark();
      if (this.#isBlank()) return;
    }
    this.#onLine(this);
  }

  #passMark(): void {
    const mark = BYTE_ORDER_MARK.length;
    const first = this.#buffer.subarray(this.#from, this.#from + Math.min(mark, this.bytes));
    if (!first.equals(BYTE_ORDER_MARK)) return;
    this.#from += mark;
    this.start += mark;
    this.bytes -= mark;
  }

  /** Nearly every line is told by its first byte. */
  #isBlank(): boolean {
    if (this.bytes === 0) return true;
    const first = this.#buffer[this.#from]!;
    if (first > SPACE && first !== NO_BREAK_SPACE) return false;
    return this.#buffer.toString('latin1', this.#from, this.#from + this.bytes).trim() === '';
  }
}
