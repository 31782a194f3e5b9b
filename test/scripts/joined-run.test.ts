// Whether a process that was started by hand sees the files of the run that it joins.
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { FeedSpec } from '../../fabric/policy.ts';
import { requireFiles } from '../../scripts/joined-run.ts';
import { temporaryFolder } from '../activities/temporary-folder.ts';

const folder = temporaryFolder();

function run() {
  const source = { type: 'ndjson', path: folder.in('jobs.ndjson'), sha256: '' } as const;
  const feed: FeedSpec = {
    id: 'f',
    shard: 'earth',
    arrivals: { mode: 'at-once' },
    source,
    total: 1,
  };
  const folders = { ledger: folder.in('ledger'), results: folder.in('results'), reports: '' };
  return { folders, feeds: [feed] };
}

test('the ledger that is about to be begun is waited for', async () => {
  writeFileSync(folder.in('jobs.ndjson'), '');
  const found = requireFiles(run());
  mkdirSync(folder.in('ledger'));
  await found;
});

test('a ledger or a feed that is not to be seen is named, with what it takes', async () => {
  const message = /not to be seen from here: found no .+\/ledger\.\n[^]+mounted at the same paths/;
  await expect(requireFiles(run(), 0)).rejects.toThrow(message);
  mkdirSync(folder.in('ledger'));
  await expect(requireFiles(run(), 0)).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining('found no ' + folder.in('jobs.ndjson')) as string,
  });
});
