/** What a store takes on the disk, looked at while it runs: some throw their files away at the end. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const BLOCK_BYTES = 512;
const LOOK_MS = 500;

/** Bytes that the files below a folder occupy, in whole blocks; what vanishes meanwhile counts nothing. */
export async function occupiedBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    const own = entry.isDirectory()
      ? await occupiedBytes(path)
      : ((await lstat(path).catch(() => null))?.blocks ?? 0) * BLOCK_BYTES;
    bytes += own;
  }
  return bytes;
}

/** Watches a folder grow. */
export class DiskWatch {
  readonly #folder: string;
  readonly #timer: NodeJS.Timeout;
  #atStart = 0;
  #most = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
  }

  static async start(folder: string): Promise<DiskWatch> {
    const watch = new DiskWatch(folder);
    watch.#atStart = await occupiedBytes(folder);
    return watch;
  }

  /** The most by which it had grown since the start. */
  async stop(): Promise<number> {
    clearInterval(this.#timer);
    await this.#look();
    return Math.max(0, this.#most - this.#atStart);
  }

  async #look(): Promise<void> {
    this.#most = Math.max(this.#most, await occupiedBytes(this.#folder));
  }
}
