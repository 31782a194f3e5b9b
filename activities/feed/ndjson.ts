/**
 * Feeds that are files of one JSON job a line, pinned by digest. An index of byte offsets is built when
 * the feed is opened; pages and bodies are then read straight from where they stand.
 */
import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { JobBody } from '../../fabric/job.ts';
import { each, type Ordinals } from '../../fabric/ordinals.ts';
import type { FeedSource, FeedSpec } from '../../fabric/policy.ts';
import type { PullOutput } from '../contracts.ts';
import { integrityError } from '../integrity-error.ts';
import { grown } from './grown.ts';
import { scanLines } from './line-scan.ts';
import { readLine, type ReadJob } from './read-line.ts';
import type { FeedReader } from './reader.ts';
import { PageSorter, pageRoom } from './reader.ts';

type NdjsonSource = Extract<FeedSource, { type: 'ndjson' }>;

/** Where each job's line stands: 12 bytes a job. */
interface LineIndex {
  readonly starts: Float64Array;
  readonly lengths: Uint32Array;
  readonly jobs: number;
  readonly stamp: string;
}

/** Read at once, unless a single line is longer. A page begins with less, since it may be cut short. */
const READ_BYTES_MAX = 1 << 18;
const FIRST_READ_BYTES = 1 << 15;
/** Lines that are not asked for are read along where fewer bytes than this stand between two that are. */
const GAP_BYTES_MAX = 1 << 13;

/**
 * Opens the feed. Rejects with an IntegrityError, which is not retried, when the file is not the one
 * that the mission was checked with, and with the file system's error when it can't be read.
 */
export async function ndjsonReader(spec: FeedSpec, source: NdjsonSource): Promise<FeedReader> {
  const reader = new NdjsonReader(spec, source);
  await reader.open();
  return reader;
}

class NdjsonReader implements FeedReader {
  readonly #spec: FeedSpec;
  readonly #source: NdjsonSource;
  #index: LineIndex | null = null;

  constructor(spec: FeedSpec, source: NdjsonSource) {
    this.#spec = spec;
    this.#source = source;
  }

  /** The index, built anew whenever the file looks touched: its digest then decides. */
  async open(): Promise<LineIndex> {
    const { path, sha256 } = this.#source;
    const stamp = await stampOf(path);
    if (this.#index?.stamp === stamp) return this.#index;
    this.#index = null;
    const { index, digest } = await indexLines(path, stamp);
    if (digest !== sha256) {
      const found = `its SHA-256 is ${digest}, at the start of the run it was ${sha256}`;
      throw integrityError(`feed "${this.#spec.id}": the file ${path} was changed: ${found}`);
    }
    this.#index = index;
    return index;
  }

  async page(from: number, count: number): Promise<PullOutput> {
    const sorter = new PageSorter(from);
    await this.#reading(async (index, file) => {
      const until = from + pageRoom(from, count, Math.min(index.jobs, this.#spec.total));
      for (const span of spans(index, until > from ? [from, until] : [], FIRST_READ_BYTES)) {
        for (const { traits } of await this.#jobs(file, index, span)) {
          if (!sorter.add(traits)) return;
        }
      }
    });
    return sorter.page();
  }

  async bodies(ordinals: Ordinals): Promise<JobBody[]> {
    const bodies: JobBody[] = [];
    await this.#reading(async (index, file) => {
      const total = Math.min(index.jobs, this.#spec.total);
      const end = ordinals.at(-1) ?? 0;
      if (end > total) {
        throw new RangeError(`feed "${this.#spec.id}" has no job ${end - 1}: it holds ${total}`);
      }
      for (const span of spans(index, ordinals, READ_BYTES_MAX)) {
        for (const { id, traits, payload } of await this.#jobs(file, index, span)) {
          bodies.push({ id, kind: traits.kind, payload });
        }
      }
    });
    return bodies;
  }

  async #reading(read: (index: LineIndex, file: FileHandle) => Promise<void>): Promise<void> {
    const index = await this.open();
    const file = await open(this.#source.path, 'r');
    try {
      await read(index, file);
    } finally {
      await file.close();
    }
  }

  /** The jobs of neighbouring lines, in one read. */
  async #jobs(
    file: FileHandle,
    { starts, lengths }: LineIndex,
    span: readonly number[],
  ): Promise<ReadJob[]> {
    const [first, last] = [span[0]!, span.at(-1)!];
    const start = starts[first]!;
    const bytes = starts[last]! + lengths[last]! - start;
    const buffer = Buffer.allocUnsafe(bytes);
    const { bytesRead } = await file.read(buffer, 0, bytes, start);
    if (bytesRead < bytes) {
      throw integrityError(`feed "${this.#spec.id}": the file ${this.#source.path} was cut short`);
    }
    return span.map((ordinal) => {
      const from = starts[ordinal]! - start;
      return readLine(buffer.toString('utf8', from, from + lengths[ordinal]!));
    });
  }
}

/** Lines that are read at once: the first time up to `firstBytes`, then ever more, up to `READ_BYTES_MAX`. */
function* spans(
  { starts, lengths }: LineIndex,
  ordinals: Ordinals,
  firstBytes: number,
): Generator<readonly number[]> {
  let span: number[] = [];
  let bytesMax = firstBytes;
  let start = 0;
  let end = 0;
  for (const ordinal of each(ordinals)) {
    const lineStart = starts[ordinal]!;
    const lineEnd = lineStart + lengths[ordinal]!;
    if (span.length > 0 && (lineEnd - start > bytesMax || lineStart - end > GAP_BYTES_MAX)) {
      yield span;
      span = [];
      bytesMax = Math.min(2 * bytesMax, READ_BYTES_MAX);
    }
    if (span.length === 0) start = lineStart;
    span.push(ordinal);
    end = lineEnd;
  }
  if (span.length > 0) yield span;
}

/** What changes when a file is written to, replaced or cut. */
async function stampOf(path: string): Promise<string> {
  const { ino, size, mtimeMs } = await stat(path);
  return `${ino} ${size} ${mtimeMs}`;
}

async function indexLines(
  path: string,
  stamp: string,
): Promise<{ index: LineIndex; digest: string }> {
  let starts = new Float64Array(1_024);
  let lengths = new Uint32Array(1_024);
  let jobs = 0;
  const digest = await scanLines(path, ({ start, bytes }) => {
    if (jobs === starts.length) {
      starts = grown(starts);
      lengths = grown(lengths);
    }
    starts[jobs] = start;
    lengths[jobs] = bytes;
    jobs++;
  });
  return { index: { starts, lengths, jobs, stamp }, digest };
}
