/**
 * The machine-wide cache of server executables. It is apart from the project's own state because
 * one 250 MB server serves every checkout, and because `clean --cache` deletes it on its own.
 */
import { constants } from 'node:fs';
import { access, chmod, mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Progress } from './chain.ts';
import { withLock } from './lock.ts';

/** The release that the fabric was measured with; newer tags can't be built by `go install` (ENGINE.md). */
export const CLI_VERSION = '1.5.1';
/** The PyPI wheel's release that goes with `SDK_VERSION`. */
export const TEST_SERVER_VERSION = '1.40.0';
/** The Temporal SDK's release in package.json, for which the SDK itself chooses a test server. */
const SDK_VERSION = '1.24.0';

/** `$XDG_CACHE_HOME/planetary-fabric`, or `~/.cache/planetary-fabric`. */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  const base = env['XDG_CACHE_HOME'];
  return join(
    base !== undefined && base !== '' ? base : join(homedir(), '.cache'),
    'planetary-fabric',
  );
}

/** Where the cached Temporal CLI lies; the release is in its name, so a newer fabric never runs an old one. */
export function cachedCliPath(env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheDir(env), `temporal-${CLI_VERSION}`);
}

/** Where the cached time-skipping test server lies. */
export function cachedTestServerPath(env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheDir(env), `temporal-test-server-for-sdk-${SDK_VERSION}`);
}

/** True for a file that this user may run. */
export async function isRunnable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/**
 * Runs `fill` with an empty folder beside `target`, then moves the file it returns to `target` in
 * one step, so that a killed build or download never leaves half a server in the cache. One
 * process fills at a time; one that waited for another takes what that one made. Returns `target`.
 */
export async function fillCache(
  target: string,
  progress: Progress,
  fill: (workDir: string) => Promise<string>,
): Promise<string> {
  const folder = dirname(target);
  await mkdir(folder, { recursive: true });
  const askedMs = Date.now();
  return await withLock(`${target}.lock`, progress, async () => {
    const there = await stat(target).catch(() => null);
    if (there !== null && there.mtimeMs >= askedMs) return target;
    await removeLeftovers(folder, `${basename(target)}.part-`);
    const workDir = await mkdtemp(join(folder, `${basename(target)}.part-`));
    try {
      const filled = await fill(workDir);
      await chmod(filled, 0o755);
      await utimes(filled, new Date(), new Date());
      await rename(filled, target);
      return target;
    } finally {
      await rm(workDir, { recursive: true, force: true });
    }
  });
}

/** The lock is held, so whatever carries the prefix was left by a process that was killed. */
async function removeLeftovers(folder: string, prefix: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(prefix)) await rm(join(folder, name), { recursive: true, force: true });
  }
}
