/**
 * The results port over files: what agents returned, one segment a lease, so that histories carry a
 * name and a digest instead of results. A segment is synced before its name leaves the node; one that
 * nobody points at is ignored for ever. `SegmentWriter` writes them, in the lines of `segment-lines`.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Segment } from '../fabric/ledger.ts';
import { makeFolder, removeIfThere, syncFolder, writeSynced } from './durable-file.ts';
import { expectedFailure } from './expected-failure.ts';
import { integrityError } from './integrity-error.ts';
import { recordsOf, type ResultRecord } from './segment-lines.ts';
import { unwritableWords } from './unwritable.ts';

export type { ResultRecord } from './segment-lines.ts';

const NEWLINE = 0x0a;

/** The longest result of one job, as JSON. A larger one belongs elsewhere, with a reference to it. */
export const RESULT_BYTES_MAX = 64 * 1024;
/** How deep it may be nested: more than any sensible result, less than what is too deep to be written. */
export const RESULT_LEVELS_MAX = 100;

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
  const { records, end } = firstRecords(path, content, segment.records);
  const digest = digestOf(content.subarray(0, end));
  if (digest !== segment.sha256) {
    throw integrityError(`${path}: its digest is ${digest}; the ledger says ${segment.sha256}`);
  }
  return records;
}

/** The first so many records and where they end. A line holds several, and is relied on whole or not at all. */
function firstRecords(
  path: string,
  content: Buffer,
  count: number,
): { readonly records: ResultRecord[]; readonly end: number } {
  let records: ResultRecord[] = [];
  let end = 0;
  while (records.length < count) {
    const start = end;
    end = content.indexOf(NEWLINE, start) + 1;
    const line = end === 0 ? [] : recordsIn(path, content.toString('utf8', start, end));
    if (line.length === 0) throw integrityError(`${path} holds fewer than ${count} records`);
    records = records.length === 0 ? line : records.concat(line);
  }
  if (records.length === count) return { records, end };
  throw integrityError(`${path} does not hold ${count} records in whole lines`);
}

function recordsIn(path: string, line: string): ResultRecord[] {
  try {
    return recordsOf(line);
  } catch (error) {
    throw integrityError(`${path}: ${(error as Error).message}`);
  }
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
