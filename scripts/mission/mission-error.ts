/**
 * A mission that can't be run, told to its author: one line a problem, each with the place in the file.
 */
import { problemLine, type Problem } from '../../fabric/mission/problems.ts';

const LINES_MAX = 50;

/** Thrown before anything is started or written. `exitCode` is what the command ends with. */
export class MissionError extends Error {
  readonly exitCode = 2;
  /** The mission as it was named. */
  readonly source: string;
  readonly problems: readonly Problem[];

  constructor(source: string, problems: readonly Problem[]) {
    const lines = problems.slice(0, LINES_MAX).map((each) => `${source}: ${problemLine(each)}`);
    if (problems.length > LINES_MAX) {
      lines.push(`${source}: and ${problems.length - LINES_MAX} more problems`);
    }
    super(lines.join('\n'));
    this.name = 'MissionError';
    this.source = source;
    this.problems = problems;
  }
}
