// Whether a disk has room. One that has none is in test/e2e/full-disk.test.ts.
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { fullDisk } from '../../scripts/disk-room.ts';

test('a disk with room, and a folder that is not there, are not worth a word', async () => {
  expect(await fullDisk(tmpdir())).toBeNull();
  expect(await fullDisk('/no/such/folder')).toBeNull();
});
