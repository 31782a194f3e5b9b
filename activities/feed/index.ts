/**
 * The readers of a process. Opening a file means reading all of it once, so a reader is kept for the
 * pages and leases to come; the one that was not asked for the longest goes first.
 */
import type { FeedSpec } from '../../fabric/policy.ts';
import { ndjsonReader } from './ndjson.ts';
import type { FeedReader } from './reader.ts';
import { syntheticReader } from './synthetic.ts';

export type { FeedReader } from './reader.ts';

/** Readers that one process keeps. */
export const READERS_MAX = 64;

export class FeedReaders {
  readonly #readers = new Map<string, Promise<FeedReader>>();

  /** The feed's reader. Rejects like `ndjsonReader`; then the next call tries anew. */
  open(spec: FeedSpec): Promise<FeedReader> {
    const { id, source, total } = spec;
    const key = JSON.stringify([id, total, source]);
    const reader = this.#readers.get(key) ?? openReader(spec);
    this.#readers.delete(key);
    this.#readers.set(key, reader);
    reader.catch(() => this.#readers.delete(key));
    const oldest = this.#readers.keys().next().value;
    if (this.#readers.size > READERS_MAX && oldest !== undefined) this.#readers.delete(oldest);
    return reader;
  }
}

async function openReader(spec: FeedSpec): Promise<FeedReader> {
  const { source } = spec;
  return source.type === 'synthetic' ? syntheticReader(spec, source) : ndjsonReader(spec, source);
}
