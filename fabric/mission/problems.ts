/**
 * What is wrong with a mission, told so that its author can mend it: where, what was found, what was
 * expected. Schema errors and cross-checks speak through the same three fields, one line a problem.
 */
import type { z } from 'zod';

export interface Problem {
  /** Path inside the file, `shards.luna.spilloverLimit`; empty for the file as a whole. */
  readonly path: string;
  readonly found: string;
  readonly expected: string;
}

type PathKey = PropertyKey;

const FOUND_CHARS_MAX = 60;
/** Control characters and direction marks, which could rewrite a terminal's line. */
const UNPRINTABLE = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** `path: found …; expected …`, without a line break whatever the file held. */
export function problemLine({ path, found, expected }: Problem): string {
  return `${path === '' ? '' : `${path}: `}found ${found}; expected ${expected}`;
}

/** A path as people write it: `nodes[2].slots`, with odd keys quoted. */
export function pathText(path: readonly PathKey[]): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (/^[\w$][\w$-]*$/.test(String(key)) && String(key).length <= FOUND_CHARS_MAX) {
      text += text === '' ? String(key) : `.${String(key)}`;
    } else text += `[${quoted(String(key))}]`;
  }
  return text;
}

/** A value of the file in a few words. */
export function foundText(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value))
    return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  return typeof value === 'symbol' ? 'a symbol' : `${value as number | boolean}`;
}

/** A whole number with commas, the same on every machine. */
export function grouped(value: number): string {
  if (!Number.isInteger(value) || Math.abs(value) >= 1e21) return String(value);
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Text of the file in quotes: unprintable characters escaped, cut where it is long. */
export function quoted(text: string): string {
  const cut = text.length > FOUND_CHARS_MAX ? `${text.slice(0, FOUND_CHARS_MAX)}…` : text;
  return JSON.stringify(cut).replace(
    UNPRINTABLE,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The error map: turns what zod expected into words. Fields with a range bring their own words. */
export function expectedText(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPE_WORDS[issue.expected] ?? String(issue.expected);
    case 'invalid_value':
      return oneOf(issue.values.map(String));
    case 'unrecognized_keys':
      return knownKeys(issue.inst);
    case 'invalid_union':
      return oneOf(Array.isArray(issue.options) ? issue.options.map(String) : []);
    case 'too_big':
      return `at most ${grouped(Number(issue.maximum))} entries`;
    case 'too_small':
      return `at least ${grouped(Number(issue.minimum))} entries`;
    case 'invalid_key':
      return 'another name';
    default:
      return 'another value';
  }
}

/** Every issue of a failed parse as a problem, in the order of the file's schema. */
export function schemaProblems(input: unknown, error: z.ZodError): Problem[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: pathText([...issue.path, key]),
        found: 'an unknown key',
        expected: issue.message,
      }));
    }
    if (issue.code === 'invalid_key') {
      const name = String(issue.path.at(-1));
      const expected = issue.issues[0]?.message ?? issue.message;
      return [{ path: pathText(issue.path), found: `the name ${quoted(name)}`, expected }];
    }
    const found = foundText(valueAt(input, issue.path));
    return [{ path: pathText(issue.path), found, expected: issue.message }];
  });
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  object: 'an object',
  record: 'an object',
  array: 'a list',
  string: 'text in quotes',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function oneOf(values: readonly string[]): string {
  return `one of ${values.map(quoted).join(', ')}`;
}

function knownKeys(inst: unknown): string {
  const { shape } = (inst as { _zod: { def: { shape?: object } } })._zod.def;
  const keys = Object.keys(shape ?? {}).filter((key) => !key.startsWith('$'));
  return keys.length === 0 ? 'no key at all' : `one of ${keys.join(', ')}`;
}

function valueAt(input: unknown, path: readonly PathKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PathKey, unknown>)[key];
  }
  return value;
}
