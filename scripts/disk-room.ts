/**
 * Whether the disk of a folder has room. The server itself goes on answering when its database has none, with
 * what it knew, and says nothing of it: so whoever hears no news of a fabric looks here.
 */
import { statfs } from 'node:fs/promises';
import type { FabricAccess } from './fabric-access.ts';
import type { Place } from './place.ts';
import { stateFolder } from './place.ts';
import { runFolder } from './state.ts';

/** Less than any transaction of the server and any segment needs. */
const BYTES_MIN = 256 * 1024;

/** A sentence for people when there is none; null when there is, or when that can't be told. */
export async function fullDisk(folder: string): Promise<string | null> {
  try {
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize >= BYTES_MIN) return null;
    return `no space is left on the device of ${folder}: nothing can be recorded, and nothing goes on until there is room`;
  } catch {
    return null;
  }
}

/** Why a fabric whose server answers says nothing, as the second half of a sentence. */
export async function whySilent(
  { record }: Pick<FabricAccess, 'record'>,
  place: Pick<Place, 'folder'>,
): Promise<string> {
  // Only of a server of one's own it is known where its database is.
  const isOwn = record?.engine?.kind === 'embedded';
  const full = isOwn ? await fullDisk(runFolder(stateFolder(place), record.runId)) : null;
  return full ?? 'no orchestrator process does: nothing is leased';
}
