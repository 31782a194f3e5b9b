/**
 * Writes the results of one lease while it runs. What has been synced is known at any moment, record by
 * record, so that a node that dies half way through a long lease has not worked in vain: its last
 * heartbeat says how far the segment can be relied on.
 */
import { createHash, type Hash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Segment } from '../fabric/ledger.ts';
import { makeFolder, removeIfThere, syncFolder } from './durable-file.ts';
import { unwritable } from './results.ts';
import { linesOf, type EndedJob } from './segment-lines.ts';
import { unwritableWords } from './unwritable.ts';

/** Records are gathered for so long before they are synced; a lease that ends sooner syncs once. */
const SYNC_EVERY_MS = 200;

interface Chunk {
  readonly content: Buffer;
  readonly records: number;
}

export class SegmentWriter {
  readonly #folder: string;
  readonly #name: string;
  readonly #digest: Hash = createHash('sha256');
  readonly #onSynced: (records: number) => void;
  #pending: EndedJob[] = [];
  /** What was last begun to be written: until it is on disk, the very same bytes go to the same place. */
  #chunk: Chunk | null = null;
  #records = 0;
  #bytes = 0;
  #file: FileHandle | null = null;
  #writing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  #synced: Segment | null = null;

  /** `name` must be new: it carries the lease's fence and the session. `onSynced` is told after each sync. */
  constructor(folder: string, name: string, onSynced: (records: number) => void = () => undefined) {
    this.#folder = folder;
    this.#name = name;
    this.#onSynced = onSynced;
  }

  /** The part that is on disk for good; null before the first sync. */
  get synced(): Segment | null {
    return this.#synced;
  }

  add(ended: EndedJob): void {
    this.#pending.push(ended);
    // What can't be written now is tried again by `end`, which tells of it.
    this.#timer ??= setTimeout(() => void this.#sync().catch(() => undefined), SYNC_EVERY_MS);
  }

  /**
   * Syncs the rest and closes the file: the whole segment, or null where nothing was added. Throws a failure
   * of type `ResultsUnwritable` when the file system refuses. What had been synced by then stays: a heartbeat
   * may have told of it, and should this process end before it tells that the lease failed, that is kept.
   */
  async end(): Promise<Segment | null> {
    try {
      await this.#sync();
      return this.#synced;
    } catch (error) {
      const why = unwritableWords(error);
      if (why === null) throw error;
      // Half a record would only take room; that it can't be removed is not what is to be told.
      if (this.#synced === null) {
        await removeIfThere(join(this.#folder, this.#name)).catch(() => undefined);
      }
      const left = (this.#chunk?.content.length ?? 0) + chunkOf(this.#pending).content.length;
      throw unwritable(this.#folder, this.#bytes + left, why);
    } finally {
      if (this.#timer !== null) clearTimeout(this.#timer);
      await this.#file?.close();
    }
  }

  /** One write at a time, in the order of the records. */
  #sync(): Promise<void> {
    this.#writing = this.#writing.catch(() => undefined).then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    while (this.#chunk !== null || this.#pending.length > 0) {
      this.#chunk ??= chunkOf(this.#pending.splice(0));
      await this.#writeChunk(this.#chunk);
      this.#chunk = null;
    }
  }

  async #writeChunk({ content, records }: Chunk): Promise<void> {
    const isNew = this.#file === null;
    if (isNew) await makeFolder(this.#folder);
    this.#file ??= await open(join(this.#folder, this.#name), 'w');
    await writeWhole(this.#file, content, this.#bytes);
    await this.#file.sync();
    if (isNew) await syncFolder(this.#folder);
    this.#bytes += content.length;
    this.#digest.update(content);
    this.#records += records;
    const sha256 = `sha256:${this.#digest.copy().digest('hex')}`;
    this.#synced = { name: this.#name, records: this.#records, sha256 };
    this.#onSynced(this.#records);
  }
}

function chunkOf(ended: readonly EndedJob[]): Chunk {
  return { content: Buffer.from(linesOf(ended)), records: ended.length };
}

/** A file that is nearly full may take a part at first. */
async function writeWhole(file: FileHandle, content: Buffer, at: number): Promise<void> {
  for (let done = 0; done < content.length;) {
    const { bytesWritten } = await file.write(content, done, content.length - done, at + done);
    done += bytesWritten;
  }
}
