/**
 * The feed formats that missions use, bound to the modules that understand them.
 */
import type { FeedFormats } from './feed-files.ts';

export const FEED_FORMATS: FeedFormats = {
  inspectNdjson: () => Promise.reject(new Error('not bound yet')),
  geojsonToNdjson: () => ({ ndjson: '', problems: [] }),
};
