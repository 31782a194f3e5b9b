/**
 * The results port over files: what agents returned, one segment a lease, so that histories carry a
 * name and a digest instead of results. A segment is synced before its name leaves the node; one that
 * nobody points at is ignored for ever.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Segment } from '../fabric/ledger.ts';
import { makeFolder, syncFolder, writeSynced } from './durable-file.ts';
import { integrityError } from './integrity-error.ts';

/** The longest result of one job, as JSON. A larger one belongs elsewhere, with a reference to it. */
export const RESULT_BYTES_MAX = 64 * 1024;

/** One line of a segment: what became of one job at one attempt. */
export interface ResultRecord {
  readonly feed: string;
  readonly ordinal: number;
  readonly id: string;
  readonly kind: string;
  readonly attempt: number;
  readonly status: 'completed' | 'failed';
  /** Error code and message of a failed attempt. */
  readonly code?: string;
  readonly message?: string;
  readonly value: number;
  readonly result?: unknown;
  /** Hex SHA-256 of the result as JSON; empty for a failed attempt. */
  readonly resultSha256: string;
  /** Time that the job took. */
  readonly ms: number;
}

/** Writes and syncs one segment. `name` must be new: it carries the lease's fence and the session. */
export async function writeSegment(
  folder: string,
  name: string,
  records: readonly ResultRecord[],
): Promise<Segment> {
  const content = Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  await makeFolder(folder);
  await writeSynced(join(folder, name), content);
  await syncFolder(folder);
  return { name, records: records.length, sha256: digestOf(content) };
}

/** Records of one segment. Throws an IntegrityError where it is not what the outcome points at. */
export async function readSegment(folder: string, segment: Segment): Promise<ResultRecord[]> {
  const path = join(folder, segment.name);
  const content = await readFile(path);
  const digest = digestOf(content);
  if (digest !== segment.sha256) {
    throw integrityError(`${path}: its digest is ${digest}; the ledger says ${segment.sha256}`);
  }
  const lines = content.toString('utf8').split('\n').slice(0, -1);
  if (lines.length !== segment.records) {
    throw integrityError(`${path} holds ${lines.length} records; expected ${segment.records}`);
  }
  return lines.map((line) => JSON.parse(line) as ResultRecord);
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
