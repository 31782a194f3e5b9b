/**
 * Whether every job has exactly one result, the right one, and nothing else is there. A run that lost or
 * doubled a job has no figure, however fast it was.
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { answerOf } from './jobs.ts';

/** What a store keeps of one job. */
export interface KeptResult {
  readonly id: string;
  readonly result: unknown;
}

export interface Delivery {
  readonly lost: number;
  readonly doubled: number;
  readonly wrong: number;
  /** Results of jobs that nobody submitted. */
  readonly extra: number;
}

/** Counts what is not as it has to be among the results of the first `count` jobs of a seed. */
export async function checkDelivery(
  results: AsyncIterable<KeptResult> | Iterable<KeptResult>,
  seed: number,
  count: number,
): Promise<Delivery> {
  const seen = new Uint8Array(count);
  let [doubled, wrong, extra] = [0, 0, 0];
  for await (const { id, result } of results) {
    const ordinal = Number(/^job-(0|[1-9]\d*)$/.exec(id)?.[1] ?? -1);
    if (ordinal < 0 || ordinal >= count) extra += 1;
    else if (seen[ordinal] === 1) doubled += 1;
    else {
      seen[ordinal] = 1;
      if (result !== answerOf(seed, ordinal)) wrong += 1;
    }
  }
  const lost = seen.reduce((sum, flag) => sum + (flag === 0 ? 1 : 0), 0);
  return { lost, doubled, wrong, extra };
}

/** What is wrong, in words; null when nothing is. */
export function deliveryProblem(delivery: Delivery): string | null {
  const found = Object.entries(delivery).filter(([, jobs]) => jobs > 0);
  return found.length === 0 ? null : found.map(([what, jobs]) => `${jobs} ${what}`).join(', ');
}

/** Reads results from a file of one JSON value a line. */
export async function* readResults(file: string): AsyncGenerator<KeptResult> {
  for await (const line of createInterface({ input: createReadStream(file, 'utf8') })) {
    yield JSON.parse(line) as KeptResult;
  }
}
