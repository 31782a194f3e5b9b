import { checkMission } from '../../fabric/mission/check.ts';
import { problemLine } from '../../fabric/mission/problems.ts';

type Json = Record<string, unknown>;

/** A small good mission, with parts of it replaced. */
export function sample(parts: Json = {}): Json {
  return {
    scenario: 'sample',
    shards: {
      earth: { spilloverLimit: 10, spillTargets: ['luna'] },
      luna: { spilloverLimit: 20 },
    },
    nodes: [
      { id: 'earth-a', shard: 'earth', skills: ['lift'] },
      { id: 'luna-a', shard: 'luna' },
    ],
    blueprints: [{ shard: 'earth', kind: 'box', count: 30 }],
    ...parts,
  };
}

/** The lines that a mission's author would read; empty for a good one. */
export function problemLines(mission: unknown): string[] {
  const checked = checkMission(mission);
  return checked.ok ? [] : checked.problems.map(problemLine);
}

/** Warnings of a mission that is good enough to run. */
export function warningLines(mission: unknown): string[] {
  const checked = checkMission(mission);
  if (!checked.ok) throw new Error(checked.problems.map(problemLine).join('\n'));
  return checked.warnings.map(problemLine);
}
