/**
 * The results port over files: what agents returned, one segment a lease, so that histories carry a
 * name and a digest instead of results. A segment is synced before its name leaves the node; one that
 * nobody points at is ignored for ever. `SegmentWriter` writes them.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Segment } from '../fabric/ledger.ts';
import { makeFolder, removeIfThere, syncFolder, writeSynced } from './durable-file.ts';
import { expectedFailure } from './expected-failure.ts';
import { integrityError } from './integrity-error.ts';
import { unwritableWords } from './unwritable.ts';

const NEWLINE = 0x0a;

/** The longest result of one job, as JSON. A larger one belongs elsewhere, with a reference to it. */
export const RESULT_BYTES_MAX = 64 * 1024;
/** How deep it may be nested: more than any sensible result, less than what is too deep to be written. */
export const RESULT_LEVELS_MAX = 100;

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

/** By folder: the size of the segment that could last not be written there. */
const refused = new Map<string, number>();

/** The failure of a lease whose results the file system refuses; its next segments are tried first. */
export function unwritable(folder: string, bytes: number, why: string): Error {
  refused.set(folder, bytes);
  return expectedFailure('ResultsUnwritable', why);
}

/**
 * Makes sure that jobs are not done in vain: where the last segment could not be written, as much is
 * written on trial before the next jobs begin. Throws a failure of type `ResultsUnwritable`.
 */
export async function requireRoom(folder: string): Promise<void> {
  const bytes = refused.get(folder);
  if (bytes === undefined) return;
  const trial = `.trial.${randomUUID()}`;
  try {
    // Chance, since a file system may keep zeros for nothing.
    await createFile(folder, trial, randomBytes(bytes));
    await removeIfThere(join(folder, trial));
  } catch (error) {
    throw expectedFailure('ResultsUnwritable', unwritableWords(error) ?? String(error));
  }
  refused.delete(folder);
}

async function createFile(folder: string, name: string, content: Buffer): Promise<void> {
  const path = join(folder, name);
  try {
    await makeFolder(folder);
    await writeSynced(path, content);
    await syncFolder(folder);
  } catch (error) {
    // Half a file would only take room; that it can't be removed is not what is to be told.
    await removeIfThere(path).catch(() => undefined);
    throw error;
  }
}

/**
 * Records of one segment, as far as the outcome points at it: a node that was lost may have written on.
 * Throws an IntegrityError where they are not what the outcome says.
 */
export async function readSegment(folder: string, segment: Segment): Promise<ResultRecord[]> {
  const path = join(folder, segment.name);
  const content = await readFile(path);
  const end = endOfRecords(content, segment.records);
  if (end === null) throw integrityError(`${path} holds fewer than ${segment.records} records`);
  const digest = digestOf(content.subarray(0, end));
  if (digest !== segment.sha256) {
    throw integrityError(`${path}: its digest is ${digest}; the ledger says ${segment.sha256}`);
  }
  const lines = content.toString('utf8', 0, end).split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as ResultRecord);
}

/** Where the first so many lines end; null when there are fewer. */
function endOfRecords(content: Buffer, records: number): number | null {
  let end = 0;
  for (let line = 0; line < records; line++) {
    end = content.indexOf(NEWLINE, end) + 1;
    if (end === 0) return null;
  }
  return end;
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
