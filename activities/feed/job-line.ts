/**
 * One line of an NDJSON feed: what it may say, and what is wrong with it in words. The schema is the
 * rule; ordinary good lines are told without it, in `plain-line.ts`.
 */
import { z } from 'zod';
import { label, number, object } from '../../fabric/mission/fields.ts';
import { filledJob } from '../../fabric/mission/jobs.ts';
import { readJsonText } from '../../fabric/mission/json-text.ts';
import type { Problem } from '../../fabric/mission/problems.ts';
import { expectedText, grouped, schemaProblems } from '../../fabric/mission/problems.ts';
import { EVENT_TIMES, isReserved, LEVELS_MAX, plainJob } from './plain-line.ts';
import { jobOf, type ReadJob } from './read-line.ts';

export const jobLine = object({
  id: label().describe('Unique in the feed.'),
  ...filledJob,
  payload: z.unknown().default(null).describe('What the agent is handed.'),
  eventTimeMs: number(EVENT_TIMES)
    .optional()
    .describe('When it happened, in ms since the epoch: it arrives by that in event-time feeds.'),
});

type LineProblems = readonly Omit<Problem, 'path'>[];

export type CheckedLine = { readonly job: ReadJob } | { readonly problems: LineProblems };

/** Checks one line. What is wrong is told without a line number, which the caller knows. */
export function checkLine(text: string): CheckedLine {
  const job = plainJob(text);
  return job === null ? checkInFull(text) : { job };
}

/** The same by the schema alone. */
export function checkInFull(text: string): CheckedLine {
  const json = readJsonText(text);
  if (!json.ok) return { problems: json.problems.map(inWords) };
  const unfit = unfitValue(json.value, 0);
  if (unfit !== null) return { problems: [unfit] };
  const parsed = jobLine.safeParse(json.value, { error: expectedText });
  if (!parsed.success) {
    return { problems: schemaProblems(json.value, parsed.error).map(inWords) };
  }
  return { job: jobOf(parsed.data) };
}

/** The path inside the line goes into the words: `priority: 11`. Its own line number is always 1. */
function inWords({ path, found, expected }: Problem): Omit<Problem, 'path'> {
  const place = path.replace(/^line 1, /, '');
  return { found: place === '' ? found : `${place}: ${found}`, expected };
}

/** A key that JavaScript itself gives a meaning to, or values nested too deep; null when there is none. */
function unfitValue(value: unknown, level: number): Omit<Problem, 'path'> | null {
  if (typeof value !== 'object' || value === null) return null;
  if (level > LEVELS_MAX) {
    const limit = `${grouped(LEVELS_MAX)} levels`;
    return { found: `values nested more than ${limit} deep`, expected: `at most ${limit}` };
  }
  for (const [key, inner] of Object.entries(value)) {
    if (isReserved(key)) return { found: `the key "${key}"`, expected: 'another name' };
    const deeper = unfitValue(inner, level + 1);
    if (deeper !== null) return deeper;
  }
  return null;
}
