/**
 * The leaves that mission schemas are made of. Each says in one phrase what it expects, whatever is
 * wrong with the value, and every object takes a `$comment`, since JSON has no comments of its own.
 */
import { z } from 'zod';
import { grouped } from './problems.ts';

/** The ranges of a mission's numbers: wide enough for any sensible run, closed to absurd ones. */
export const RANGES = {
  spilloverLimit: { min: 0, max: 10_000_000 },
  /** A week; light to Mars and back takes 45 minutes at the most. */
  latencyBudgetMs: { min: 1, max: 604_800_000 },
  tickSeconds: { min: 0.05, max: 3_600 },
  drainSeconds: { min: 0, max: 86_400 },
  slots: { min: 1, max: 64 },
  pricePerJob: { min: 0, max: 1_000_000 },
  jobsPerFeed: { min: 1, max: 10_000_000 },
  seed: { min: 0, max: 4_294_967_295 },
  timeScale: { min: 0.001, max: 1_000_000_000 },
  priority: { min: 0, max: 9 },
  value: { min: 0, max: 1_000_000_000 },
  durationMs: { min: 0, max: 86_400_000 },
} as const;

/** Characters of a label. */
export const LABEL_CHARS_MAX = 128;
/** Skills that one job may require, or one node have. */
export const SKILLS_MAX = 32;

const RESERVED = '(?!(?:constructor|prototype)$)';
const NAME = new RegExp(`^${RESERVED}[a-z][a-z0-9-]{0,39}$`);
const LABEL = new RegExp(`^${RESERVED}[A-Za-z0-9][A-Za-z0-9 ._:/@+-]{0,${LABEL_CHARS_MAX - 1}}$`);

/** A strict object: a key it does not know is an error, `$comment` excepted. */
export function object<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject({
    $comment: z.string().optional().describe('A remark for the reader. The fabric ignores it.'),
    ...shape,
  });
}

/** A whole number within a range, both ends included. */
export function whole({ min, max }: { readonly min: number; readonly max: number }) {
  const error = `a whole number from ${grouped(min)} to ${grouped(max)}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** Any number within a range, both ends included; never NaN or infinite. */
export function number({ min, max }: { readonly min: number; readonly max: number }) {
  const error = `a number from ${grouped(min)} to ${grouped(max)}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
}

/** A name that becomes part of workflow ids and file names: shards, nodes, feeds, the scenario. */
export function name() {
  const error =
    'a name of small letters, digits and hyphens that starts with a letter, at most 40 long';
  return z.string({ error }).regex(NAME, { error });
}

/** A word that is compared or shown, never part of a file name: kinds, skills, tags, images. */
export function label() {
  const error = 'a word of letters, digits and " ._:/@+-", at most 128 long';
  return z.string({ error }).regex(LABEL, { error });
}

/** Whether `label` takes it. */
export function isLabel(value: unknown): boolean {
  return typeof value === 'string' && LABEL.test(value);
}

/** One line for people. */
export function text(charsMax: number) {
  const error = `one line of 1 to ${charsMax} characters`;
  return z
    .string({ error })
    .max(charsMax, { error })
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]+$/u, { error });
}

/** A file, relative to the mission file or absolute. */
export function filePath() {
  const error = 'a file path';
  return z
    .string({ error })
    .max(1024, { error })
    .regex(/^\P{Cc}+$/u, { error });
}

/** Required skills, or the skills that somebody has. */
export function skills() {
  return z.array(label()).max(SKILLS_MAX);
}
