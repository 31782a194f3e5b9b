/**
 * Feeds that are files of one JSON job a line, pinned by digest. An index of byte offsets is built when
 * the feed is opened; pages and bodies are then read straight from where they stand.
 */
import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { JobBody } from '../../fabric/job.ts';
import type { Ordinals } from '../../fabric/ordinals.ts';
import type { FeedSource, FeedSpec } from '../../fabric/policy.ts';
import type { PullOutput } from '../contracts.ts';
import { integrityError } from '../integrity-error.ts';
import type { ReadJob } from './job-line.ts';
import { readLine } from './job-line.ts';
import { scanLines } from './line-scan.ts';
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

/** Lines of a page are read in pieces of this many, so that a page that is cut short is not read whole. */
const PAGE_PIECE_JOBS = 256;

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
      for (let at = from; at < until; at += PAGE_PIECE_JOBS) {
        const jobs = await this.#jobs(file, index, at, Math.min(at + PAGE_PIECE_JOBS, until));
        for (const job of jobs) if (!sorter.add(job.traits)) return;
      }
    });
    return sorter.page();
  }

  async bodies(ordinals: Ordinals): Promise<JobBody[]> {
    const bodies: JobBody[] = [];
    await this.#reading(async (index, file) => {
      const total = Math.min(index.jobs, this.#spec.total);
      for (let i = 0; i < ordinals.length; i += 2) {
        const [lo, hi] = [ordinals[i]!, ordinals[i + 1]!];
        if (hi > total) {
          throw new RangeError(`feed "${this.#spec.id}" has no job ${hi - 1}: it holds ${total}`);
        }
        for (const { id, traits, payload } of await this.#jobs(file, index, lo, hi)) {
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

  async #jobs(file: FileHandle, index: LineIndex, lo: number, hi: number): Promise<ReadJob[]> {
    const start = index.starts[lo]!;
    const bytes = index.starts[hi - 1]! + index.lengths[hi - 1]! - start;
    const buffer = Buffer.alloc(bytes);
    const { bytesRead } = await file.read(buffer, 0, bytes, start);
    const jobs: ReadJob[] = [];
    for (let ordinal = lo; ordinal < hi && bytesRead === bytes; ordinal++) {
      const from = index.starts[ordinal]! - start;
      jobs.push(readLine(buffer.toString('utf8', from, from + index.lengths[ordinal]!)));
    }
    if (jobs.length === hi - lo) return jobs;
    throw integrityError(`feed "${this.#spec.id}": the file ${this.#source.path} was cut short`);
  }
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
      starts = grown(starts, new Float64Array(2 * jobs));
      lengths = grown(lengths, new Uint32Array(2 * jobs));
    }
    starts[jobs] = start;
    lengths[jobs] = bytes;
    jobs++;
  });
  return { index: { starts, lengths, jobs, stamp }, digest };
}

function grown<T extends Float64Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
