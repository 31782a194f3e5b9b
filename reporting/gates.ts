/** The conditions that a run has to meet: those of its mission, and that its files agree. */
import type { Gate, RunSpec } from '../fabric/mission/run-spec.ts';
import type { Report } from './schema.ts';

/** What gates are measured against. Ratios from 0 to 1. */
export type Measures = Readonly<Record<Report['gates'][number]['name'], number>>;

/**
 * Every gate with its value. The last ones are there always: a mission leaves no job undone (a service is
 * closed whenever its owner likes), and nothing in the files may contradict.
 */
export function judgeGates(
  gates: readonly Gate[],
  mode: RunSpec['mode'],
  measures: Measures,
): Report['gates'] {
  const undone = mode === 'mission' ? [{ name: 'undone' as const, limit: 0 }] : [];
  return [...gates, ...undone, { name: 'problems' as const, limit: 0 }].map(({ name, limit }) => {
    const value = measures[name];
    return { name, limit, value, passed: isLeast(name) ? value >= limit : value <= limit };
  });
}

/** Whether the gate's limit is the least that is good enough. */
export function isLeast(name: string): boolean {
  return name === 'completionRatio';
}
