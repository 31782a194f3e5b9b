// What is kept of a lost node's last heartbeat: what its segments on disk bear out, and nothing else.
import { rmSync, truncateSync } from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import { readBack } from '../../activities/read-back.ts';
import type { ResultRecord } from '../../activities/results.ts';
import type { Segment } from '../../fabric/ledger.ts';
import type { LeaseProgress } from '../../fabric/messages.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { writtenSegment } from './written-segment.ts';

const folder = temporaryFolder();

const about = { feed: 'f', kind: 'k', attempt: 1, value: 1, ms: 1 };
const done = (ordinal: number): ResultRecord => ({
  ...about,
  ordinal,
  id: `f-${ordinal}`,
  status: 'completed',
});
const failed = (ordinal: number): ResultRecord => ({
  ...done(ordinal),
  status: 'failed',
  code: 'E1',
  message: '',
});

let told: LeaseProgress;

beforeEach(async () => {
  const segment = await writtenSegment(folder.path, 'a.ndjson', [done(5), failed(4), done(3)]);
  told = progressOf(segment);
});

function progressOf(segment: Segment | null, completed = [3, 4, 5, 6]): LeaseProgress {
  const items = [{ completed, failed: [[4, 'E1'] as const] }];
  return { lease: 7, fence: '1.7', result: { items, segment, busyMs: 9 } };
}

const kept = (...progress: unknown[]): Promise<readonly LeaseProgress[]> =>
  readBack({ folder: folder.path, told: progress });

test('what the disk holds as it was told is kept, whatever stands beside it', async () => {
  const lost = progressOf({ ...told.result.segment!, name: 'b.ndjson' });
  expect(await kept(lost, told)).toEqual([told]);
});

test('a segment that is gone, shorter or another one is not relied on', async () => {
  expect(await kept(progressOf({ ...told.result.segment!, sha256: 'sha256:0' }))).toEqual([]);
  truncateSync(folder.in('a.ndjson'), 20);
  expect(await kept(told)).toEqual([]);
  rmSync(folder.in('a.ndjson'));
  expect(await kept(told)).toEqual([]);
});

test('more than can be read in passing is done again', async () => {
  const long = { ...done(9), result: 'x'.repeat(60_000) };
  const records = Array.from({ length: 60 }, (_, i) => ({ ...long, ordinal: 100 + i }));
  const segment = await writtenSegment(folder.path, 'long.ndjson', records);
  const items = [{ completed: [100, 160], failed: [] }];
  const big = { lease: 8, fence: '1.8', result: { items, segment, busyMs: 9 } };
  expect(await kept(big, told)).toEqual([big, told]);
  expect(await kept(big, { ...big, lease: 9 }, told)).toEqual([big]);
});

test('jobs of which the segment holds nothing are not done', async () => {
  expect(await kept(progressOf(told.result.segment, [3, 4, 5, 7]))).toEqual([]);
  expect(await kept(progressOf(null))).toEqual([]);
  expect(await kept(progressOf(told.result.segment, [0, 9e15]))).toEqual([]);
});

test.each([
  [null],
  [7],
  [{ lease: 7, fence: '1.7' }],
  [{ lease: 7, fence: '1.7', result: { items: 3 } }],
  [
    {
      lease: 7,
      fence: '1.7',
      result: { items: [], segment: { name: '../a', records: 0, sha256: '' }, busyMs: 0 },
    },
  ],
])('anything else in a heartbeat is ignored: %j', async (other) => {
  expect(await kept(other, told)).toEqual([told]);
  expect(await readBack({ folder: folder.path, told: other })).toEqual([]);
});
