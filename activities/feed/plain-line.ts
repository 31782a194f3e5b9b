/**
 * The fast way through ordinary lines: a feed of a million jobs is a million lines that say the usual
 * things in the usual manner. Whatever is out of the ordinary is not judged here but left to the full
 * check, so this only has to be right where it says yes.
 */
import { isLabel, RANGES, SKILLS_MAX } from '../../fabric/mission/fields.ts';
import { jobOf, type LineFields, type ReadJob } from './read-line.ts';

/** The year 9999 and as far before the epoch, in ms. */
export const EVENT_TIMES = { min: -253_402_300_800_000, max: 253_402_300_800_000 };

/** How deep a line's values may be nested: what is much deeper can't be walked or handed to an agent. */
export const LEVELS_MAX = 1_000;

type Range = (typeof RANGES)[keyof typeof RANGES];

/** The job, where the schema would have nothing against the line; null where that is not certain. */
export function plainJob(text: string): ReadJob | null {
  const value = parsed(text);
  if (typeof value !== 'object' || value === null) return null;
  if (!hasPlainFields(value as Record<string, unknown>)) return null;
  const quoted = quotedIn(value, 0);
  if (quoted === null || 2 * quoted !== quotesIn(text)) return null;
  return jobOf(value as LineFields);
}

/** A key that JavaScript itself gives a meaning to. */
export function isReserved(key: string): boolean {
  return key === '__proto__' || key === 'constructor' || key === 'prototype';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function hasPlainFields(line: Readonly<Record<string, unknown>>): boolean {
  for (const key in line) if (!isPlainField(key, line[key])) return false;
  return line['id'] !== undefined && line['kind'] !== undefined;
}

function isPlainField(key: string, value: unknown): boolean {
  switch (key) {
    case 'id':
    case 'kind':
      return isLabel(value);
    case 'payload':
      return true;
    case 'skills':
      return Array.isArray(value) && value.length <= SKILLS_MAX && value.every(isLabel);
    case 'priority':
      return isWithin(RANGES.priority, value) && Number.isInteger(value);
    case 'value':
      return isWithin(RANGES.value, value);
    case 'latencyBudgetMs':
      return value === null || (isWithin(RANGES.latencyBudgetMs, value) && Number.isInteger(value));
    case 'estimateMs':
      return value === null || isWithin(RANGES.durationMs, value);
    case 'eventTimeMs':
      return isWithin(EVENT_TIMES, value);
    default:
      return false;
  }
}

function isWithin({ min, max }: Range | typeof EVENT_TIMES, value: unknown): boolean {
  return typeof value === 'number' && value >= min && value <= max;
}

/**
 * How many keys and texts the value holds: each is in quotes once. `JSON.parse` drops the first of two equal
 * keys without a word, so a line has none exactly when it has two quotes for each. Null where a key is
 * reserved, or at more than `LEVELS_MAX`.
 */
function quotedIn(value: unknown, level: number): number | null {
  if (typeof value === 'string') return 1;
  if (typeof value !== 'object' || value === null) return 0;
  if (level > LEVELS_MAX) return null;
  let quoted = 0;
  if (Array.isArray(value)) {
    for (const each of value as unknown[]) {
      const inner = quotedIn(each, level + 1);
      if (inner === null) return null;
      quoted += inner;
    }
    return quoted;
  }
  for (const key in value) {
    const inner = isReserved(key) ? null : quotedIn(value[key as keyof object], level + 1);
    if (inner === null) return null;
    quoted += 1 + inner;
  }
  return quoted;
}

/** Quotes that begin or end a text, in what is known to be JSON: a backslash stands in texts alone. */
function quotesIn(json: string): number {
  const text = json.includes('\\') ? json.replaceAll(/\\./g, '') : json;
  let quotes = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) quotes++;
  return quotes;
}
