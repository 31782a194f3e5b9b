/**
 * Reads JSON that a person wrote. `JSON.parse` gives no place for half of its errors and takes the last
 * of two equal keys without a word; a mission's author needs the line, and a mission must not lose a
 * shard to a slip of the keyboard. So the text is walked once here before it is parsed.
 */
import { quoted, type Problem } from './problems.ts';

export type JsonText =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problems: readonly Problem[] };

type Awaits = keyof typeof WORDS;

const WORDS = {
  value: 'a value',
  'value-or-end': 'a value or "]"',
  key: 'a key in quotes',
  'key-or-end': 'a key in quotes or "}"',
  colon: '":"',
  'comma-or-brace': '"," or "}"',
  'comma-or-bracket': '"," or "]"',
  end: 'the end of the file',
} as const;

const SPACE = /[ \t\r\n]*/y;
// oxlint-disable-next-line no-control-regex
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

interface Walk {
  readonly text: string;
  at: number;
  awaits: Awaits;
  /** Keys seen in each open object; null for an open list. */
  readonly open: (Set<string> | null)[];
}

/** Parses the text, or says at which line and column it stops being JSON. A BOM is passed over. */
export function readJsonText(raw: string): JsonText {
  const text = raw.startsWith('\ufeff') ? raw.slice(1) : raw;
  const walk: Walk = { text, at: 0, awaits: 'value', open: [] };
  for (;;) {
    match(walk, SPACE);
    if (walk.at >= text.length && walk.awaits === 'end') break;
    const problem = step(walk);
    if (problem) return { ok: false, problems: [problem] };
  }
  return { ok: true, value: JSON.parse(text) as unknown };
}

/** Takes the next token, or returns what is wrong with it. */
function step(walk: Walk): Problem | null {
  const char = walk.text[walk.at];
  const ends = char === '}' || char === ']';
  if (ends && walk.open.length > 0) {
    const isObject = walk.open.at(-1) !== null;
    const mayEnd = walk.awaits.includes('-or-');
    if (!mayEnd || (char === '}') !== isObject) return fault(walk);
    walk.at++;
    walk.open.pop();
    return afterValue(walk);
  }
  switch (walk.awaits) {
    case 'key':
    case 'key-or-end':
      return key(walk);
    case 'colon':
      if (char !== ':') return fault(walk);
      walk.at++;
      walk.awaits = 'value';
      return null;
    case 'comma-or-brace':
    case 'comma-or-bracket':
      if (char !== ',') return fault(walk);
      walk.at++;
      walk.awaits = walk.open.at(-1) === null ? 'value' : 'key';
      return null;
    case 'end':
      return fault(walk);
    default:
      return value(walk, char);
  }
}

function key(walk: Walk): Problem | null {
  const start = walk.at;
  const token = match(walk, STRING);
  if (token === null) return fault(walk);
  const keys = walk.open.at(-1);
  const text = JSON.parse(token) as string;
  if (keys?.has(text)) {
    return problemAt(walk, start, `the key ${quoted(text)} a second time`, 'every key once');
  }
  keys?.add(text);
  walk.awaits = 'colon';
  return null;
}

function value(walk: Walk, char: string | undefined): Problem | null {
  if (char === '{' || char === '[') {
    walk.at++;
    walk.open.push(char === '{' ? new Set() : null);
    walk.awaits = char === '{' ? 'key-or-end' : 'value-or-end';
    return null;
  }
  if (match(walk, char === '"' ? STRING : SCALAR) === null) return fault(walk);
  return afterValue(walk);
}

function afterValue(walk: Walk): null {
  if (walk.open.length === 0) walk.awaits = 'end';
  else walk.awaits = walk.open.at(-1) === null ? 'comma-or-bracket' : 'comma-or-brace';
  return null;
}

function match(walk: Walk, token: RegExp): string | null {
  token.lastIndex = walk.at;
  const found = token.exec(walk.text);
  if (!found) return null;
  walk.at = token.lastIndex;
  return found[0];
}

function fault(walk: Walk): Problem {
  const { text, at } = walk;
  const expected = WORDS[walk.awaits];
  if (at >= text.length) return problemAt(walk, at, 'the end of the file', expected);
  if (/^\/[/*]/.test(text.slice(at, at + 2))) {
    return problemAt(walk, at, 'a comment', `${expected}; remarks go into a "$comment" key`);
  }
  if (text[at] === '"' && /key|value/.test(walk.awaits)) {
    const why = 'text with a bad escape, a line break or no closing quote';
    return problemAt(walk, at, why, expected);
  }
  const word = /^[\w.+-]{1,20}/.exec(text.slice(at, at + 20))?.[0];
  return problemAt(walk, at, quoted(word ?? String.fromCodePoint(text.codePointAt(at)!)), expected);
}

function problemAt({ text }: Walk, at: number, found: string, expected: string): Problem {
  const before = text.slice(0, at).split(/\r\n|\r|\n/);
  const path = `line ${before.length}, column ${before.at(-1)!.length + 1}`;
  return { path, found, expected };
}
