/** `--export FILE`: found to be writable before a run starts, so that no hour of work ends in a bad path. */
import { copyFile, mkdir, open, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { randomUUID } from 'node:crypto';
import { UsageError } from './exit-code.ts';

/**
 * Makes the parent folders and tries to write there. Throws UsageError when that fails, with what it made
 * removed again.
 */
export async function checkExportable(folder: string, file: string): Promise<void> {
  const path = resolve(folder, file);
  const made: string[] = [];
  try {
    const there = await stat(path).catch(() => null);
    if (there?.isDirectory() === true) throw new Error('it is a folder');
    await makeFolders(dirname(path), made);
    const probe = there === null ? join(dirname(path), `.${randomUUID()}`) : path;
    await (await open(probe, 'a')).close();
    if (probe !== path) await rm(probe);
  } catch (error) {
    for (const parent of made.toReversed()) await rmdir(parent).catch(() => undefined);
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--export: ${path} can't be written: ${why}`);
  }
}

/** One level at a time: Node's recursive `mkdir` never ends below a folder that refuses, as in /proc. */
async function makeFolders(path: string, made: string[]): Promise<void> {
  if ((await stat(path).catch(() => null)) !== null) return;
  await makeFolders(dirname(path), made);
  await mkdir(path);
  made.push(path);
}

/** Copies the report there; returns the absolute path. */
export async function exportTo(folder: string, file: string, report: string): Promise<string> {
  const path = resolve(folder, file);
  await copyFile(report, path);
  return path;
}
