/**
 * One line of an NDJSON feed: what it may say, what is filled in, and what is wrong with it in words.
 */
import { z } from 'zod';
import type { JobTraits } from '../../fabric/job.ts';
import { label, number, object } from '../../fabric/mission/fields.ts';
import { filledJob } from '../../fabric/mission/jobs.ts';
import { readJsonText } from '../../fabric/mission/json-text.ts';
import type { Problem } from '../../fabric/mission/problems.ts';
import { expectedText, schemaProblems } from '../../fabric/mission/problems.ts';

/** The year 9999 and as far before the epoch. */
const EVENT_TIMES = { min: -253_402_300_800_000, max: 253_402_300_800_000 };

export const jobLine = object({
  id: label().describe('Unique in the feed.'),
  ...filledJob,
  payload: z.unknown().default(null).describe('What the agent is handed.'),
  eventTimeMs: number(EVENT_TIMES)
    .optional()
    .describe('When it happened, in ms since the epoch: it arrives by that in event-time feeds.'),
});

export interface ReadJob {
  readonly id: string;
  readonly traits: JobTraits;
  readonly payload: unknown;
  readonly eventTimeMs: number | null;
}

export type CheckedLine =
  { readonly job: ReadJob } | { readonly problems: readonly Omit<Problem, 'path'>[] };

/** Checks one line in full. What is wrong is told without a line number, which the caller knows. */
export function checkLine(text: string): CheckedLine {
  const json = readJsonText(text);
  if (!json.ok) return { problems: json.problems.map(inWords) };
  const reserved = reservedKey(json.value);
  if (reserved !== null) {
    return { problems: [{ found: `the key "${reserved}"`, expected: 'another name' }] };
  }
  const parsed = jobLine.safeParse(json.value, { error: expectedText });
  if (!parsed.success) {
    return { problems: schemaProblems(json.value, parsed.error).map(inWords) };
  }
  return { job: jobOf(parsed.data) };
}

/** Reads a line of a file whose digest shows that it was checked before. */
export function readLine(text: string): ReadJob {
  return jobOf(jobLine.parse(JSON.parse(text)));
}

function jobOf(line: z.output<typeof jobLine>): ReadJob {
  const { id, kind, skills, priority, latencyBudgetMs, value, estimateMs, payload, eventTimeMs } =
    line;
  const unique = [...new Set(skills)].sort();
  const traits = { kind, skills: unique, priority, latencyBudgetMs, value, estimateMs };
  return { id, traits, payload, eventTimeMs: eventTimeMs ?? null };
}

/** The path inside the line goes into the words: `priority: 11`. Its own line number is always 1. */
function inWords({ path, found, expected }: Problem): Omit<Problem, 'path'> {
  const place = path.replace(/^line 1, /, '');
  return { found: place === '' ? found : `${place}: ${found}`, expected };
}

/** A key that JavaScript itself gives a meaning to, at any depth; null when there is none. */
function reservedKey(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    if (key === '__proto__' || key === 'constructor' || key === 'prototype') return key;
    const deeper = reservedKey(inner);
    if (deeper !== null) return deeper;
  }
  return null;
}
