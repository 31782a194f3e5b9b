/**
 * A small disk of one's own below a folder, which can be filled to the last byte and freed again. It is a
 * tmpfs where this user may mount one; elsewhere the fabric's processes are told the same by a preloaded
 * module, and one line says so.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const CHUNKS = [64 * 1024, 4 * 1024, 1];

export interface SmallDisk {
  /** False where it is only pretended: then a server, which is no process of Node's, has all the room it wants. */
  readonly isReal: boolean;
  /** What the fabric's processes need beside their own environment. */
  readonly env: NodeJS.ProcessEnv;
  fill(): void;
  free(): void;
  end(): void;
}

/** Puts the disk at `folder`, which is made. */
export function smallDisk(folder: string, sizeMb = 8): SmallDisk {
  mkdirSync(folder, { recursive: true });
  if (process.env['FABRIC_TEST_NO_MOUNT'] === undefined) {
    const size = `size=${sizeMb}m,mode=0777`;
    for (const root of [[], ['sudo', '-n']]) {
      const [command, ...args] = [...root, 'mount', '-t', 'tmpfs', '-o', size, 'tmpfs', folder];
      if (spawnSync(command!, args).status === 0) return mounted(folder, root);
    }
  }
  process.stdout.write(
    `no tmpfs can be mounted here: a full disk is told to the processes instead\n`,
  );
  return pretended(folder);
}

function mounted(folder: string, root: readonly string[]): SmallDisk {
  const ballast = join(folder, 'ballast');
  return {
    isReal: true,
    env: {},
    fill: () => fillUp(ballast),
    free: () => rmSync(ballast, { force: true }),
    end: () => {
      const [command, ...args] = [...root, 'umount', '-l', folder];
      spawnSync(command!, args);
    },
  };
}

function fillUp(file: string): void {
  const to = openSync(file, 'w');
  for (const bytes of CHUNKS) {
    const chunk = Buffer.alloc(bytes, 1);
    try {
      for (;;) writeSync(to, chunk);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
  closeSync(to);
}

function pretended(folder: string): SmallDisk {
  const mark = `${folder}.full`;
  const preload = fileURLToPath(new URL('./full-disk-preload.mjs', import.meta.url));
  return {
    isReal: false,
    env: {
      NODE_OPTIONS: `--import ${pathToFileURL(preload).href}`,
      FULL_DISK_FOLDER: folder,
      FULL_DISK_MARK: mark,
    },
    fill: () => writeFileSync(mark, ''),
    free: () => rmSync(mark, { force: true }),
    end: () => rmSync(mark, { force: true }),
  };
}
