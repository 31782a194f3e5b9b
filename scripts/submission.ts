/**
 * Reads jobs to submit from NDJSON: one JSON job a line, each checked before any is sent, and cut into
 * batches that the fabric takes.
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { LIMITS } from '../fabric/limits.ts';
import { label, name, object } from '../fabric/mission/fields.ts';
import { filledJob } from '../fabric/mission/jobs.ts';
import { readJsonText } from '../fabric/mission/json-text.ts';
import type { Problem } from '../fabric/mission/problems.ts';
import {
  expectedText,
  grouped,
  problemLine,
  quoted,
  schemaProblems,
} from '../fabric/mission/problems.ts';
import { UsageError } from './exit-code.ts';
import { whyUnreadable } from './mission/mission-file.ts';
import type { JobToSubmit } from './owner-console.ts';

/** Jobs of one signal, as JSON: well below what the engine takes, so that history stays light. */
export const BATCH_BYTES_MAX = 256 * 1024;
/** The largest job that a shard's empty inbox takes, with room for what the command around it takes. */
export const JOB_BYTES_MAX = 500_000;
const PROBLEMS_MAX = 50;
/** More than every inbox of the largest fabric can hold. */
const JOBS_MAX = LIMITS.shardsMax * LIMITS.inboxJobsMax;

const job = object({
  id: label().describe('Unique in the run.'),
  shard: name().optional().describe('Where it originates.'),
  ...filledJob,
  payload: z.json().default(null).describe('What the agent is handed.'),
});

/** A file of jobs. Throws UsageError with one line a problem; then nothing was sent. */
export async function readSubmission(path: string, source: string): Promise<JobToSubmit[]> {
  const lines = createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity });
  try {
    return await checkLines(lines, source);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `${source}: found ${whyUnreadable(error)}; expected a file of one JSON job a line`,
    );
  } finally {
    lines.close();
  }
}

/** Checks lines of NDJSON; empty ones are passed over. Throws like `readSubmission`. */
export async function checkLines(
  lines: AsyncIterable<string> | Iterable<string>,
  source: string,
): Promise<JobToSubmit[]> {
  const jobs: JobToSubmit[] = [];
  const problems: string[] = [];
  const firstLine = new Map<string, number>();
  let lineNo = 0;
  for await (const line of lines) {
    lineNo += 1;
    if (line.trim() === '') continue;
    const checked = checkLine(line);
    const found = 'problems' in checked ? checked.problems : [];
    if ('job' in checked) {
      jobs.push(checked.job);
      const { id } = checked.job;
      const earlier = firstLine.get(id);
      if (earlier === undefined) firstLine.set(id, lineNo);
      else found.push(secondId(id, earlier));
    }
    problems.push(...found.map((each) => `${source}:${lineNo}: ${problemLine(each)}`));
    if (problems.length >= PROBLEMS_MAX || jobs.length > JOBS_MAX) break;
  }
  if (problems.length === 0) problems.push(...countProblems(jobs.length, source));
  if (problems.length > 0) throw new UsageError(`${problems.join('\n')}\nNothing was sent.`);
  return jobs;
}

function secondId(id: string, earlier: number): Problem {
  return { path: 'id', found: `${quoted(id)}, which line ${earlier} has`, expected: 'another id' };
}

function countProblems(jobs: number, source: string): string[] {
  if (jobs === 0) return [`${source}: found no job; expected one JSON job a line`];
  if (jobs <= JOBS_MAX) return [];
  const expected = 'larger work as a feed in a mission file';
  return [`${source}: found more than ${grouped(JOBS_MAX)} jobs; expected ${expected}`];
}

type CheckedLine = { readonly job: JobToSubmit } | { readonly problems: Problem[] };

function checkLine(line: string): CheckedLine {
  const read = readJsonText(line);
  if (!read.ok) {
    // It names the line as well, which is always the first one here.
    const problems = read.problems.map((each) => ({ ...each, path: withoutLine(each.path) }));
    return { problems };
  }
  const reserved = reservedKey(read.value, '');
  if (reserved !== null) {
    return {
      problems: [{ path: reserved, found: 'a reserved key', expected: 'another name' }],
    };
  }
  const parsed = job.safeParse(read.value, { error: expectedText });
  if (!parsed.success) return { problems: schemaProblems(read.value, parsed.error) };
  const { $comment: _, shard, ...rest } = parsed.data;
  const checked = { ...rest, ...(shard === undefined ? {} : { shard }) };
  const bytes = bytesOf(checked);
  if (bytes <= JOB_BYTES_MAX) return { job: checked };
  const expected = `at most ${grouped(JOB_BYTES_MAX)}; hand over a reference instead`;
  return { problems: [{ path: 'payload', found: `a job of ${grouped(bytes)} bytes`, expected }] };
}

/** `line 1, column 9` as `column 9`. */
function withoutLine(path: string): string {
  return path.replace(/^line 1, /, '');
}

/** Where a key stands that JavaScript itself gives a meaning to; null when there is none. */
function reservedKey(value: unknown, path: string): string | null {
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    const at = Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    if (key === '__proto__' || key === 'constructor' || key === 'prototype') return at;
    const deeper = reservedKey(inner, at);
    if (deeper !== null) return deeper;
  }
  return null;
}

/** Cuts the jobs into batches of at most 500 and 256 KB; a larger job goes alone. */
export function batchesOf(jobs: readonly JobToSubmit[]): JobToSubmit[][] {
  const batches: JobToSubmit[][] = [];
  let bytes = 0;
  for (const each of jobs) {
    const size = bytesOf(each) + 1;
    const last = batches.at(-1);
    const fits = last !== undefined && last.length < LIMITS.submitBatchJobsMax;
    if (fits && bytes + size <= BATCH_BYTES_MAX) {
      last.push(each);
      bytes += size;
    } else {
      batches.push([each]);
      bytes = size;
    }
  }
  return batches;
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
