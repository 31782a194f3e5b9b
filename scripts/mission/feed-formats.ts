/**
 * The feed formats that missions use, bound here to the modules that understand them, so that the
 * loader itself knows neither NDJSON nor GeoJSON. No reader of NDJSON is bound yet: until it is, a mission
 * whose feed file is there fails here and says so, and simulated feeds load.
 */
import { geojsonToNdjson } from '../../agents/earthquake/geojson.ts';
import type { FeedFormats } from './feed-files.ts';

function unbound(format: string): never {
  throw new Error(`no reader of ${format} feeds is bound in scripts/mission/feed-formats.ts`);
}

export const FEED_FORMATS: FeedFormats = {
  inspectNdjson: () => unbound('NDJSON'),
  geojsonToNdjson,
};
