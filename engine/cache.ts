/**
 * The machine-wide cache of server executables. It is apart from the project's own state because
 * one 250 MB server serves every checkout, and because `clean --cache` deletes it on its own.
 */
import { randomUUID } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';

/** Versions are part of the cached names, so a newer release of the fabric never runs an old server. */
export const CLI_VERSION = '1.5.1';
export const TEST_SERVER_VERSION = '1.40.0';

/** `$XDG_CACHE_HOME/planetary-fabric`, or `~/.cache/planetary-fabric`. */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  const base = env['XDG_CACHE_HOME'];
  return join(
    base !== undefined && base !== '' ? base : join(homedir(), '.cache'),
    'planetary-fabric',
  );
}

/** Where the cached Temporal CLI lies. */
export function cachedCliPath(env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheDir(env), `temporal-${CLI_VERSION}`);
}

/** Where the cached time-skipping test server lies. */
export function cachedTestServerPath(env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheDir(env), `temporal-test-server-${TEST_SERVER_VERSION}`);
}

/**
 * Runs `fill` with an empty folder beside `target`, then moves the file it names to `target` in
 * one step, so that a killed build or download never leaves half a server in the cache.
 */
export async function fillCache(
  target: string,
  fill: (workDir: string) => Promise<string>,
): Promise<string> {
  const folder = join(target, '..');
  await mkdir(folder, { recursive: true });
  const workDir = await mkdtemp(join(folder, `${basename(target)}.part-`));
  try {
    await publishExecutable(await fill(workDir), target);
    return target;
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

async function publishExecutable(source: string, target: string): Promise<void> {
  await chmod(source, 0o755);
  try {
    await rename(source, target);
  } catch (error) {
    // Only another file system is worth a copy; the copy gets the same atomic last step.
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    const beside = `${target}.${randomUUID()}`;
    await copyFile(source, beside);
    await rename(beside, target);
  }
}
