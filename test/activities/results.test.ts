import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import type { ResultRecord } from '../../activities/results.ts';
import { readSegment } from '../../activities/results.ts';
import { SegmentWriter } from '../../activities/segment-writer.ts';
import { endedJob, writtenSegment } from './written-segment.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();

const record = (ordinal: number): ResultRecord => ({
  feed: 'f',
  ordinal,
  id: `f-${ordinal}`,
  kind: 'k',
  attempt: 1,
  status: 'completed',
  value: 2,
  result: { text: 'line\nbreak' },
  ms: 1.5,
});

test('a segment is read back as it was written', async () => {
  const records = [record(0), record(1)];
  const segment = await writtenSegment(folder.in('results/run'), 'a.ndjson', records);
  expect(segment).toMatchObject({ name: 'a.ndjson', records: 2 });
  expect(await readSegment(folder.in('results/run'), segment)).toEqual(records);
});

test('a segment that was changed, or holds other than it was said to, is refused', async () => {
  const segment = await writtenSegment(folder.path, 'a.ndjson', [record(0)]);
  const refusal = { type: 'IntegrityError' };
  const fewer = { ...segment, records: 2 };
  await expect(readSegment(folder.path, fewer)).rejects.toMatchObject(refusal);
  const path = folder.in('a.ndjson');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"value":2', '"value":3'));
  await expect(readSegment(folder.path, segment)).rejects.toMatchObject(refusal);
});

test('what was synced of a segment can be read while it is written on, and after it was left', async () => {
  const synced: number[] = [];
  const writer = new SegmentWriter(folder.path, 'long.ndjson', (records) => synced.push(records));
  expect(writer.synced).toBeNull();
  writer.add(endedJob(record(0)));
  writer.add(endedJob(record(1)));
  await vi.waitUntil(() => writer.synced !== null, { timeout: 5_000 });
  const prefix = writer.synced!;
  expect(synced).toEqual([2]);
  expect(await readSegment(folder.path, prefix)).toEqual([record(0), record(1)]);
  writer.add(endedJob(record(2)));
  const whole = await writer.end();
  expect(whole).toMatchObject({ name: 'long.ndjson', records: 3 });
  expect(await readSegment(folder.path, whole!)).toHaveLength(3);
  expect(await readSegment(folder.path, prefix)).toEqual([record(0), record(1)]);
});

test('a disk that fills up leaves what had been synced, and nothing of what had not', async () => {
  const told = new SegmentWriter(folder.path, 'told.ndjson');
  told.add(endedJob(record(0)));
  await vi.waitUntil(() => told.synced !== null, { timeout: 5_000 });
  const prefix = told.synced!;
  const untold = new SegmentWriter(folder.path, 'untold.ndjson');
  const file = await open(folder.in('any'), 'w');
  const full = Object.assign(new Error('full'), { code: 'ENOSPC', syscall: 'write' });
  const write = vi.spyOn(Object.getPrototypeOf(file) as typeof file, 'write');
  write.mockRejectedValue(full);
  try {
    for (const writer of [told, untold]) {
      writer.add(endedJob(record(1)));
      await expect(writer.end()).rejects.toMatchObject({ type: 'ResultsUnwritable' });
    }
  } finally {
    write.mockRestore();
    await file.close();
  }
  expect(await readSegment(folder.path, prefix)).toEqual([record(0)]);
  expect(existsSync(folder.in('untold.ndjson'))).toBe(false);
});

test('a segment of nothing is none', async () => {
  expect(await new SegmentWriter(folder.path, 'none.ndjson').end()).toBeNull();
});
