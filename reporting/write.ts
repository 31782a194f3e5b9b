/**
 * Writes the files of a report so that a reader sees a whole file or none, a crash leaves no half one,
 * and nothing that was written earlier is ever replaced.
 */
import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';

/** Files of one name that are looked at before giving up. */
const NAMES_MAX = 1_000;

/**
 * Writes `text` to `file` and returns where it stands: `file` itself, or `<name>-2<ext>` and so on where
 * another text is there already. The same text again is not written again. The file and its folder are
 * synced when this returns.
 */
export async function writeOnce(file: string, text: string): Promise<string> {
  const folder = dirname(file);
  await mkdir(folder, { recursive: true });
  const beside = join(folder, `.${randomUUID()}.tmp`);
  try {
    await writeSynced(beside, text);
    const at = await linkFree(beside, file, text);
    await syncFolder(folder);
    return at;
  } finally {
    await rm(beside, { force: true });
  }
}

async function linkFree(from: string, file: string, text: string): Promise<string> {
  const { dir, name, ext } = parse(file);
  for (let n = 1; n <= NAMES_MAX; n++) {
    const to = n === 1 ? file : join(dir, `${name}-${n}${ext}`);
    try {
      // A link to a name that is taken fails; a rename would replace what is there.
      await link(from, to);
      return to;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if ((await readFile(to, 'utf8')) === text) return to;
    }
  }
  throw new Error(`${file} and ${NAMES_MAX - 1} names like it are taken`);
}

async function writeSynced(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
