/**
 * One process at a time: for starting the server of a state folder and for filling the cache. Node
 * has no flock, so the lock is a file created in one step by `link()`, and its holder is known by
 * process id and start time, which lets a lock that a crash left behind be told from a held one.
 */
import { randomUUID } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import type { Progress } from './chain.ts';
import { isSameProcess, processIdentity } from './process-identity.ts';

const LOOK_AGAIN_MS = 100;

/** Runs `work` while holding the lock `file`; says once through `progress` that it waits for another holder. */
export async function withLock<T>(
  file: string,
  progress: Progress,
  work: () => Promise<T>,
): Promise<T> {
  const mine = JSON.stringify({
    pid: process.pid,
    identity: await processIdentity(process.pid),
    token: randomUUID(),
  });
  await acquire(file, mine, progress);
  try {
    return await work();
  } finally {
    if ((await read(file)) === mine) await rm(file, { force: true });
  }
}

async function acquire(file: string, mine: string, progress: Progress): Promise<void> {
  const beside = `${file}.${randomUUID()}`;
  await writeFile(beside, mine);
  try {
    let waiting = false;
    for (;;) {
      if (await linked(beside, file)) return;
      const held = await read(file);
      if (held === null) continue;
      if (!(await holderLives(held))) {
        // Compared again, so that a fresh lock of another waiter is not removed in the stale one's place.
        if ((await read(file)) === held) await rm(file, { force: true });
        continue;
      }
      if (!waiting) progress('waiting: another process is preparing the Temporal server');
      waiting = true;
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  } finally {
    await rm(beside, { force: true });
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function read(file: string): Promise<string | null> {
  return await readFile(file, 'utf8').catch(() => null);
}

async function holderLives(held: string): Promise<boolean> {
  try {
    const { pid, identity } = JSON.parse(held) as { pid: number; identity: string };
    return await isSameProcess(pid, identity);
  } catch {
    return false;
  }
}
