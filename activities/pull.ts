/** The pull activity: one page of a feed, sorted into classes. */
import type { PullInput, PullOutput } from './contracts.ts';
import type { FeedReaders } from './feed/index.ts';

/** Reads a page. Rejects like the feed's reader; a file that was changed is not tried again. */
export async function pullPage(readers: FeedReaders, input: PullInput): Promise<PullOutput> {
  const reader = await readers.open(input.feed);
  return reader.page(input.from, input.count);
}
