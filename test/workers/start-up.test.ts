/**
 * What a process loads before it is ready is what a kill of it costs. The schemas take longer to load than all other code of
 * ours together, and none is needed until a file feed is read.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const workers = fileURLToPath(new URL('../../workers/', import.meta.url));
/** Imports of types alone vanish when compiled, and dynamic ones are not yet made. */
const LOADED = /^(?:import|export) (?!type )[^;]*?from '([^']+)';/gm;

/** Packages that a module loads at once, by itself or through others. */
function packagesOf(file: string, seen = new Set<string>()): Set<string> {
  const packages = new Set<string>();
  if (seen.has(file)) return packages;
  seen.add(file);
  for (const [, specifier = ''] of readFileSync(file, 'utf8').matchAll(LOADED)) {
    const isOwn = specifier.startsWith('.');
    const found = isOwn ? packagesOf(join(dirname(file), specifier), seen) : [specifier];
    for (const name of found) packages.add(name);
  }
  return packages;
}

test('the orchestrator process loads the engine and no schemas', () => {
  const packages = [...packagesOf(join(workers, 'orchestrator.ts'))];
  expect(packages.filter((name) => !name.startsWith('node:')).sort()).toEqual([
    '@temporalio/activity',
    '@temporalio/client',
    '@temporalio/common',
    '@temporalio/envconfig',
    '@temporalio/worker',
  ]);
});
