/**
 * Walks a file of lines once, by bytes: where each line starts and how long it is, and the digest of
 * the whole. Memory stays at one chunk and one line, however long the file.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { LIMITS } from '../../fabric/limits.ts';

/** A longer line is not handed over, only counted: no job may be that large. */
export const LINE_BYTES_MAX = LIMITS.payloadBytesMax;

export interface ScannedLine {
  /** From 1; empty lines count. */
  readonly number: number;
  /** Where its first byte stands in the file. */
  readonly start: number;
  readonly bytes: number;
  /** Its bytes without the line's end, or null where it is longer than `LINE_BYTES_MAX`. */
  readonly content: Buffer | null;
}

const NEWLINE = 0x0a;
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
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 })) {
    digest.update(chunk as Buffer);
    scan.take(chunk as Buffer);
  }
  scan.end();
  return digest.digest('hex');
}

class LineScan {
  readonly #onLine: (line: ScannedLine) => void;
  #parts: Buffer[] = [];
  #held = 0;
  #number = 1;
  #start = 0;

  constructor(onLine: (line: ScannedLine) => void) {
    this.#onLine = onLine;
  }

  take(chunk: Buffer): void {
    let from = 0;
    for (;;) {
      const newline = chunk.indexOf(NEWLINE, from);
      const until = newline < 0 ? chunk.length : newline;
      this.#hold(chunk.subarray(from, until));
      if (newline < 0) return;
      this.end();
      this.#start += this.#held + 1;
      this.#held = 0;
      this.#parts = [];
      this.#number++;
      from = newline + 1;
    }
  }

  /** Hands over the line held, if there is anything in it. */
  end(): void {
    if (this.#held === 0) return;
    const number = this.#number;
    if (this.#held > LINE_BYTES_MAX) {
      this.#onLine({ number, start: this.#start, bytes: this.#held, content: null });
      return;
    }
    const whole = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    const marked = this.#start === 0 && whole.subarray(0, 3).equals(BYTE_ORDER_MARK);
    const content = marked ? whole.subarray(BYTE_ORDER_MARK.length) : whole;
    if (content.toString('latin1').trim() === '') return;
    const start = this.#start + whole.length - content.length;
    this.#onLine({ number, start, bytes: content.length, content });
  }

  #hold(part: Buffer): void {
    this.#held += part.length;
    if (this.#held > LINE_BYTES_MAX) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }
}
