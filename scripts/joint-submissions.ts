/**
 * Jobs that a program hands in one call at a time. Every submission is a recorded command, which costs the
 * orchestrator and a shard some tasks each; so while one is under way, what is handed in goes together as the
 * next one. The faster jobs come the more go together, and a fabric that is busy for a moment is not sent more
 * than it can answer.
 */
import { jsonBytes } from '../fabric/bytes.ts';
import { LIMITS } from '../fabric/limits.ts';
import type { CommandRecord } from '../workflows/protocol.ts';
import type { CommandOptions, JobToSubmit } from './owner-console.ts';
import { BATCH_BYTES_MAX } from './submission.ts';

/** So long at most one is waited for: an answer that a shard owes must not hold up jobs for another. */
const HOLD_MS_MAX = 1_000;
/** Calls that may wait; each holds its jobs. */
const WAITING_MAX = 10_000;

interface Submission {
  readonly jobs: readonly JobToSubmit[];
  readonly options: CommandOptions;
  readonly ids: readonly string[];
  readonly bytes: number;
  readonly resolve: (record: CommandRecord) => void;
  readonly reject: (error: unknown) => void;
}

type Send = (jobs: readonly JobToSubmit[], options: CommandOptions) => Promise<CommandRecord>;

export class JointSubmissions {
  readonly #send: Send;
  readonly #waiting: Submission[] = [];
  /** By a command under way, for the next one. */
  #isHeld = false;

  constructor(send: Send) {
    this.#send = send;
  }

  /**
   * Resolves to the record of the command that the jobs went with, which names these jobs alone; rejects as
   * sending does, and with a RangeError, nothing sent, for jobs of more than 512 KiB and while 10,000 calls wait.
   */
  async submit(jobs: readonly JobToSubmit[], options: CommandOptions = {}): Promise<CommandRecord> {
    const bytes = jsonBytes(jobs);
    if (bytes > LIMITS.relayBytesMax) {
      const most = `at most ${LIMITS.relayBytesMax} together`;
      throw new RangeError(`found jobs of ${bytes} bytes; expected ${most}: hand over references`);
    }
    // A command's id is its caller's alone.
    if (options.commandId !== undefined) return await this.#send(jobs, options);
    if (this.#waiting.length >= WAITING_MAX) {
      throw new RangeError(`found ${WAITING_MAX} submissions that wait; wait for some of them`);
    }
    // What is no list of jobs fails here, for its caller alone.
    const ids = jobs.map(({ id }) => id);
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ jobs, options, ids, bytes, resolve, reject });
      this.#sendNext();
    });
  }

  #sendNext(): void {
    if (this.#isHeld || this.#waiting.length === 0) return;
    const together = this.#waiting.splice(0, countTogether(this.#waiting));
    this.#isHeld = true;
    let isHolding = true;
    const letGo = (): void => {
      if (!isHolding) return;
      isHolding = false;
      clearTimeout(timer);
      this.#isHeld = false;
      this.#sendNext();
    };
    const timer = setTimeout(letGo, HOLD_MS_MAX);
    void this.#sendTogether(together).finally(letGo);
  }

  async #sendTogether(together: readonly Submission[]): Promise<void> {
    const { options } = together[0]!;
    try {
      const jobs = together.flatMap((submission) => submission.jobs);
      const record = await this.#send(jobs, options);
      if (together.length > 1 && isRefusedUnseen(record)) return await this.#sendEach(together);
      for (const submission of together) submission.resolve(ownPart(record, submission));
    } catch (error) {
      for (const { reject } of together) reject(error);
    }
  }

  /** Nobody's jobs are refused for what is wrong with another's. */
  async #sendEach(together: readonly Submission[]): Promise<void> {
    for (const { jobs, options, resolve, reject } of together) {
      await this.#send(jobs, options).then(resolve, reject);
    }
  }
}

/** How many of those that wait, from the first on, go as one command. */
function countTogether(waiting: readonly Submission[]): number {
  const first = waiting[0]!;
  const ids = new Set<string>();
  let bytes = 0;
  const until = waiting.findIndex(({ ids: own, options, bytes: more }, i) => {
    const isDoubled = own.some((id) => ids.has(id));
    for (const id of own) ids.add(id);
    bytes += more;
    const isFull = ids.size > LIMITS.submitBatchJobsMax || bytes > BATCH_BYTES_MAX;
    return i > 0 && (isDoubled || isFull || !isAlike(options, first.options));
  });
  return until < 0 ? waiting.length : until;
}

function isAlike(a: CommandOptions, b: CommandOptions): boolean {
  return a.by === b.by && a.reason === b.reason && a.waitMs === b.waitMs;
}

/** Refused before any job was looked at: by its form, or as too much is under way. */
function isRefusedUnseen({ outcome, answers }: CommandRecord): boolean {
  return outcome === 'refused' && answers.length === 0;
}

function ownPart(record: CommandRecord, submission: Submission): CommandRecord {
  const ids = new Set(submission.ids);
  const answers = record.answers.map((answer) => {
    const { accepted, refused } = answer;
    return {
      ...answer,
      ...(accepted && { accepted: accepted.filter((id) => ids.has(id)) }),
      ...(refused && { refused: refused.filter(({ id }) => ids.has(id)) }),
    };
  });
  return { ...record, answers };
}
