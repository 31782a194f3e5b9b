import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ResultRecord } from '../../activities/results.ts';
import { readSegment, writeSegment } from '../../activities/results.ts';
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
  resultSha256: 'ab',
  ms: 1.5,
});

test('a segment is read back as it was written', async () => {
  const records = [record(0), record(1)];
  const segment = await writeSegment(folder.in('results/run'), 'a.ndjson', records);
  expect(segment).toMatchObject({ name: 'a.ndjson', records: 2 });
  expect(await readSegment(folder.in('results/run'), segment)).toEqual(records);
});

test('a segment that was changed, or holds other than it was said to, is refused', async () => {
  const segment = await writeSegment(folder.path, 'a.ndjson', [record(0)]);
  const refusal = { type: 'IntegrityError' };
  const fewer = { ...segment, records: 2 };
  await expect(readSegment(folder.path, fewer)).rejects.toMatchObject(refusal);
  const path = folder.in('a.ndjson');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"value":2', '"value":3'));
  await expect(readSegment(folder.path, segment)).rejects.toMatchObject(refusal);
});
