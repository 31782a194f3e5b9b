/**
 * The jobs, the same for everybody: 128 characters each, drawn from a seed, and the answer to each. They
 * stand in a file of one JSON job a line, which is the fabric's own feed format and is read by all others.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

export const PAYLOAD_BYTES = 128;
/** Base64 makes four characters of three bytes. */
const DRAWN_BYTES = 96;

export interface BenchJob {
  readonly id: string;
  readonly kind: 'hash';
  readonly payload: string;
}

/** Job `ordinal` of a seed. */
export function jobOf(seed: number, ordinal: number): BenchJob {
  const draw = (part: number): Buffer =>
    createHash('sha256').update(`${seed}/${ordinal}/${part}`).digest();
  const bytes = Buffer.concat([draw(0), draw(1), draw(2)]).subarray(0, DRAWN_BYTES);
  return { id: `job-${ordinal}`, kind: 'hash', payload: bytes.toString('base64') };
}

/** Hex SHA-256 of the payload, 64 characters: what its result has to be. */
export function answerOf(seed: number, ordinal: number): string {
  return createHash('sha256').update(jobOf(seed, ordinal).payload).digest('hex');
}

/** Writes so many jobs. */
export async function writeJobs(file: string, seed: number, count: number): Promise<void> {
  const out = createWriteStream(file);
  for (let ordinal = 0; ordinal < count; ordinal += 1) {
    if (!out.write(`${JSON.stringify(jobOf(seed, ordinal))}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}
