/**
 * Writing so that it survives a loss of power: a file's bytes are synced before its name is given, and
 * its folder after. The names of the folders above must be on disk as well, whoever made them: a process
 * that was killed, or one that works at the same time, may have made them and not have synced them yet.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** By folder: the sync of the folder above it, which this process began after the folder was there. */
const namedOnDisk = new Map<string, Promise<void>>();
const REMEMBERED_MAX = 1_024;

/** Writes a file anew and syncs its bytes; its name is synced by `syncFolder`. */
export async function writeSynced(path: string, content: string | Uint8Array): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Writes a file in one step, for good: readers, and a disk without power, have the old one or the new one whole. */
export async function writeWhole(
  folder: string,
  name: string,
  content: string | Uint8Array,
): Promise<void> {
  const temporary = join(folder, `.${name}.${randomUUID()}`);
  try {
    await writeSynced(temporary, content);
    await rename(temporary, join(folder, name));
  } finally {
    await removeIfThere(temporary).catch(() => undefined);
  }
  await syncFolder(folder);
}

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder with its parents, absolute. When it resolves, the names of all of them are on disk. */
export async function makeFolder(folder: string): Promise<void> {
  const top = await mkdir(folder, { recursive: true });
  if (namedOnDisk.size > REMEMBERED_MAX) namedOnDisk.clear();
  for (let at = folder; dirname(at) !== at; at = dirname(at)) {
    const isNew = top !== undefined && at.length >= top.length;
    if (isNew) namedOnDisk.delete(at);
    let synced = namedOnDisk.get(at);
    if (synced === undefined) {
      synced = syncNameOf(at);
      namedOnDisk.set(at, synced);
      synced.catch(() => namedOnDisk.delete(at));
    }
    await synced;
  }
}

export async function removeIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

/** A folder above that may not even be read is not one that the fabric has made anything in. */
async function syncNameOf(folder: string): Promise<void> {
  await syncFolder(dirname(folder)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EACCES' && error.code !== 'EPERM' && error.code !== 'EROFS') throw error;
  });
}
