/**
 * Reads lines that were checked before. It takes no schema, so that a process which only reads feeds
 * loads none.
 */
import { TRAIT_DEFAULTS, type JobTraits } from '../../fabric/job.ts';

export interface ReadJob {
  readonly id: string;
  readonly traits: JobTraits;
  readonly payload: unknown;
  readonly eventTimeMs: number | null;
}

/** What a good line says; the rest is filled in. */
export interface LineFields {
  readonly id: string;
  readonly kind: string;
  readonly skills?: readonly string[];
  readonly priority?: number;
  readonly latencyBudgetMs?: number | null;
  readonly value?: number;
  readonly estimateMs?: number | null;
  readonly payload?: unknown;
  readonly eventTimeMs?: number | undefined;
}

const BYTE_ORDER_MARK = '\ufeff';

/** Reads a line of a file whose digest shows that it was checked before. */
export function readLine(text: string): ReadJob {
  return jobOf(JSON.parse(withoutMark(text)) as LineFields);
}

/** Files that were put together from others may have byte order marks anywhere. */
export function withoutMark(text: string): string {
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
}

/** The job of a good line, with everything filled in and its skills in order. */
export function jobOf(line: LineFields): ReadJob {
  const { skills = TRAIT_DEFAULTS.skills, payload = null, eventTimeMs = null } = line;
  const traits: JobTraits = {
    kind: line.kind,
    skills: skills.length > 1 ? [...new Set(skills)].sort() : skills,
    priority: line.priority ?? TRAIT_DEFAULTS.priority,
    latencyBudgetMs: line.latencyBudgetMs ?? TRAIT_DEFAULTS.latencyBudgetMs,
    value: line.value ?? TRAIT_DEFAULTS.value,
    estimateMs: line.estimateMs ?? TRAIT_DEFAULTS.estimateMs,
  };
  return { id: line.id, traits, payload, eventTimeMs };
}
