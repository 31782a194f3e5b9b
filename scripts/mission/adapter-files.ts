/** Looks whether what an adapter names is there: an agent's module, a command's folder and its program. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import type { MissionAdapter } from '../../fabric/mission/adapter.ts';
import { quoted, type Problem } from '../../fabric/mission/problems.ts';

/**
 * What is missing; paths are relative to `folder`, and `path` is the adapter's own place in the file. The
 * command is looked for on this process's PATH unless the mission brings one.
 */
export function adapterProblems(adapter: MissionAdapter, folder: string, path: string): Problem[] {
  if (adapter.type === 'simulated') return [];
  if (adapter.type === 'agent') {
    if (adapter.module === null || existsSync(resolve(folder, adapter.module))) return [];
    const found = `${quoted(adapter.module)}, no such file`;
    return [{ path: `${path}.module`, found, expected: 'a module, relative to the mission file' }];
  }
  const own = resolve(folder, adapter.folder ?? '.');
  if (!isFolder(own)) {
    const found = `${quoted(adapter.folder ?? '.')}, no such folder`;
    return [{ path: `${path}.folder`, found, expected: 'a folder, relative to the mission file' }];
  }
  const program = adapter.command[0]!;
  const search = adapter.env['PATH'] ?? process.env['PATH'] ?? '';
  if (isThere(program, own, search)) return [];
  const found = `${quoted(program)}, which can't be run here`;
  const expected = 'a program on the PATH, or the path of one from where it runs';
  return [{ path: `${path}.command[0]`, found, expected }];
}

function isThere(program: string, folder: string, search: string): boolean {
  const places = program.includes('/')
    ? [resolve(folder, program)]
    : search.split(delimiter).map((part) => join(part, program));
  return places.some((place) => {
    try {
      accessSync(place, constants.X_OK);
      return statSync(place).isFile();
    } catch {
      return false;
    }
  });
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
