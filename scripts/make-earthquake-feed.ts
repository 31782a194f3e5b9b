/**
 * Makes the feed of edge-relief from the GeoJSON file that the npm package vega-datasets ships. Run
 * once, by hand, as config/feeds/README.md says; the feed is committed, so that no run needs the package.
 *
 *   node dist/scripts/make-earthquake-feed.js GEOJSON NDJSON
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { geojsonToNdjson } from '../agents/earthquake/geojson.ts';
import type { JobTraitsOfFile } from '../agents/earthquake/geojson.ts';

/** Measured: an event takes well under a millisecond; a whole one is the least that can be said. */
const TRAITS: JobTraitsOfFile = {
  kind: 'earthquake',
  skills: ['triage'],
  priority: 5,
  value: 1,
  latencyBudgetMs: null,
  estimateMs: 1,
};

/**
 * The feed for the bytes of the source, with both digests. Throws with one line a feature that can't
 * be read.
 */
export function earthquakeFeed(source: Uint8Array): {
  readonly ndjson: string;
  readonly jobs: number;
  readonly sourceSha256: string;
  readonly feedSha256: string;
} {
  const { ndjson, problems } = geojsonToNdjson(new TextDecoder().decode(source), TRAITS);
  if (problems.length > 0) {
    throw new Error(
      problems
        .map(({ line, found, expected }) => `feature ${line}: found ${found}; expected ${expected}`)
        .join('\n'),
    );
  }
  return {
    ndjson,
    jobs: ndjson.split('\n').length - 1,
    sourceSha256: sha256(source),
    feedSha256: sha256(ndjson),
  };
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function main([from, to]: readonly string[]): void {
  if (from === undefined || to === undefined) {
    console.error('usage: node dist/scripts/make-earthquake-feed.js GEOJSON NDJSON');
    process.exitCode = 2;
    return;
  }
  const { ndjson, jobs, sourceSha256, feedSha256 } = earthquakeFeed(readFileSync(from));
  writeFileSync(to, ndjson);
  console.log(`${jobs} jobs\nsource sha256 ${sourceSha256}\nfeed   sha256 ${feedSha256}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv.slice(2));
