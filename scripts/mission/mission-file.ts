/**
 * Finds and reads a mission file: one of the package's own by name, or any other by path.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readJsonText } from '../../fabric/mission/json-text.ts';
import { grouped, type Problem } from '../../fabric/mission/problems.ts';
import { LIMITS } from '../../fabric/limits.ts';
import { MissionError } from './mission-error.ts';

export interface MissionFile {
  /** Absolute path. Paths inside the mission are relative to its folder. */
  readonly path: string;
  readonly value: unknown;
}

/** The folder that holds package.json: above `scripts/` in a checkout, above `dist/` when built. */
export function packageFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder);
    if (above === folder) throw new Error('the package has lost its package.json');
    folder = above;
  }
  return folder;
}

/** Names of the missions that come with the package. */
export function builtInMissions(): string[] {
  const files = readdirSync(join(packageFolder(), 'config', 'scenarios'));
  return files
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();
}

/** Reads a mission by the name of a built-in one or by path. Throws a MissionError. */
export function readMissionFile(source: string, workingFolder: string): MissionFile {
  const isBuiltIn = builtInMissions().includes(source);
  const path = isBuiltIn
    ? join(packageFolder(), 'config', 'scenarios', `${source}.json`)
    : resolve(workingFolder, source);
  const expected = `a mission file, or one of ${builtInMissions().join(', ')}`;
  return { path, value: readJsonFile(path, source, expected) };
}

/** The value in a JSON file of an operator. Throws a MissionError; `source` is how the file was named. */
export function readJsonFile(path: string, source: string, expected: string): unknown {
  const text = readText(path, expected);
  if (typeof text !== 'string') throw new MissionError(source, [text]);
  const parsed = readJsonText(text);
  if (!parsed.ok) throw new MissionError(source, parsed.problems);
  return parsed.value;
}

/** The text of a small file, or what is in the way. */
function readText(path: string, expected: string): string | Problem {
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) return { path: '', found: 'a folder', expected };
    if (!stats.isFile()) return { path: '', found: 'no regular file', expected };
    if (stats.size > LIMITS.payloadBytesMax) {
      const most = `at most ${grouped(LIMITS.payloadBytesMax)}: larger work goes into a feed file`;
      return { path: '', found: `${grouped(stats.size)} bytes`, expected: most };
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    return { path: '', found: whyUnreadable(error), expected };
  }
}

/** Why a file could not be read, in words. */
export function whyUnreadable(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'no such file';
  if (code === 'EACCES' || code === 'EPERM') return 'a file that may not be read';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'a file that is not UTF-8 text';
  return `a file that can't be read (${code === '' ? String(error) : code})`;
}
