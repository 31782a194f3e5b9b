/**
 * The memory that a thread and its host share: the thread writes its answers to the jobs of a batch there, one
 * behind the other, and counts them up. So an answer costs no message, and what a thread has answered
 * outlives it, whatever it dies of. A page is the thread's from `reset` until `end`; the host reads behind it.
 */

/** Jobs that are handed to a thread at once. */
export const BATCH_JOBS_MAX = 256;

/**
 * A thread begins no job of its batch later than this after the first, and what it then has not begun goes
 * back: nobody has asked since whether it may. Also the length that batches are made for.
 */
export const BATCH_MS = 20;

/** Of a failure's code: more than anybody keeps. */
export const CODE_CHARS_MAX = 1_000;

export interface Answer {
  readonly isFailure: boolean;
  /** Of the result, or of a failure's code and message in a list. */
  readonly json: string;
  readonly ms: number;
}

/** Where the counters stand. */
const BEGUN = 0;
const ANSWERED = 1;
const ENDED = 2;
const COUNTERS = 4;

const MS_AT = COUNTERS * Int32Array.BYTES_PER_ELEMENT;
const ENDS_AT = MS_AT + BATCH_JOBS_MAX * Float64Array.BYTES_PER_ELEMENT;
const FAILURES_AT = ENDS_AT + BATCH_JOBS_MAX * Uint32Array.BYTES_PER_ELEMENT;
const TEXTS_AT = FAILURES_AT + BATCH_JOBS_MAX;

/** Answers of the greatest length that a page has room for: a batch ends early where it is full. */
const GREAT_ANSWERS = 4;

export class AnswerPage {
  readonly #counters: Int32Array;
  readonly #ms: Float64Array;
  /** Where in the texts each answer ends. */
  readonly #ends: Uint32Array;
  readonly #failures: Uint8Array;
  readonly #texts: Buffer;

  /** Both sides make their own of the same memory. */
  constructor(memory: SharedArrayBuffer) {
    this.#counters = new Int32Array(memory, 0, COUNTERS);
    this.#ms = new Float64Array(memory, MS_AT, BATCH_JOBS_MAX);
    this.#ends = new Uint32Array(memory, ENDS_AT, BATCH_JOBS_MAX);
    this.#failures = new Uint8Array(memory, FAILURES_AT, BATCH_JOBS_MAX);
    this.#texts = Buffer.from(memory, TEXTS_AT);
  }

  /** Memory for answers of at most so many bytes of JSON. */
  static memory(answerBytesMax: number): SharedArrayBuffer {
    return new SharedArrayBuffer(TEXTS_AT + GREAT_ANSWERS * answerBytesMax);
  }

  /** The longest answer: a result, or a failure's code and message at up to 6 bytes a character. */
  static answerBytesMax(resultBytesMax: number, messageCharsMax: number): number {
    return Math.max(resultBytesMax, 6 * (CODE_CHARS_MAX + messageCharsMax) + '["",""]'.length);
  }

  /** The host's, before it hands a batch over. */
  reset(): void {
    for (const counter of [BEGUN, ANSWERED, ENDED]) Atomics.store(this.#counters, counter, 0);
  }

  /** Jobs that were begun, from the first on. */
  get begun(): number {
    return Atomics.load(this.#counters, BEGUN);
  }

  /** Jobs that were answered, from the first on: so many answers may be read. */
  get answered(): number {
    return Atomics.load(this.#counters, ANSWERED);
  }

  /** Whether the thread is through with the batch, though perhaps not with all of its jobs. */
  get hasEnded(): boolean {
    return Atomics.load(this.#counters, ENDED) === 1;
  }

  read(at: number): Answer {
    const json = this.#texts.toString('utf8', this.#start(at), this.#ends[at]!);
    return { isFailure: this.#failures[at] === 1, json, ms: this.#ms[at]! };
  }

  /** The thread's, before each job. */
  begin(at: number): void {
    Atomics.store(this.#counters, BEGUN, at + 1);
  }

  /** Whether the answer to that job may be as long as any. */
  hasRoom(at: number, answerBytesMax: number): boolean {
    return this.#start(at) + answerBytesMax <= this.#texts.length;
  }

  /** The count goes up last: what it covers is whole. */
  write(at: number, { isFailure, json, ms }: Answer): void {
    const start = this.#start(at);
    this.#ends[at] = start + this.#texts.write(json, start);
    this.#failures[at] = isFailure ? 1 : 0;
    this.#ms[at] = ms;
    Atomics.store(this.#counters, ANSWERED, at + 1);
  }

  end(): void {
    Atomics.store(this.#counters, ENDED, 1);
  }

  #start(at: number): number {
    return at === 0 ? 0 : this.#ends[at - 1]!;
  }
}
