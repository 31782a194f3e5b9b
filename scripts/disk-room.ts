/**
 * Whether the disk of a folder has room. The server itself goes on answering when its database has none, with
 * what it knew, and says nothing of it: so whoever hears no news of a fabric looks here.
 */
import { statfs } from 'node:fs/promises';

/** Less than any transaction of the server and any segment needs. */
const BYTES_MIN = 256 * 1024;

/** A sentence for people when there is none; null when there is, or when that can't be told. */
export async function fullDisk(folder: string): Promise<string | null> {
  try {
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize >= BYTES_MIN) return null;
    return `no space left on the device of ${folder}: nothing can be recorded, and nothing goes on until there is room`;
  } catch {
    return null;
  }
}
