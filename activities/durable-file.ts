/**
 * Writing so that it survives a loss of power: a file's bytes are synced before its name is given, and
 * its folder after.
 */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes a file anew and syncs its bytes; its name is synced by `syncFolder`. */
export async function writeSynced(path: string, content: Buffer): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder with its parents, each of them synced into the one above. */
export async function makeFolder(folder: string): Promise<void> {
  const top = await mkdir(folder, { recursive: true });
  if (top === undefined) return;
  for (let made = folder; made.length >= top.length; made = dirname(made)) {
    await syncFolder(dirname(made));
  }
}
