/**
 * The feed formats that missions use, bound here to the modules that understand them, so that the
 * loader itself knows neither NDJSON nor GeoJSON.
 */
import { geojsonToNdjson } from '../../agents/earthquake/geojson.ts';
import { inspectNdjson } from '../../activities/feed/inspection.ts';
import type { FeedFormats } from './feed-files.ts';

export const FEED_FORMATS: FeedFormats = {
  inspectNdjson,
  geojsonToNdjson,
};
