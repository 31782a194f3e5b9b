import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { inspectNdjson } from '../../../activities/feed/inspection.ts';
import { FeedReaders } from '../../../activities/feed/index.ts';
import { LINE_BYTES_MAX } from '../../../activities/feed/line-scan.ts';
import type { FeedSpec } from '../../../fabric/policy.ts';
import { FEED_FORMATS } from '../../../scripts/mission/feed-formats.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const folder = temporaryFolder();

function written(text: string): string {
  const path = folder.in('feed.ndjson');
  writeFileSync(path, text);
  return path;
}

const line = (id: string, more: object = {}): string =>
  `${JSON.stringify({ id, kind: 'quake', payload: { id }, ...more })}\n`;

async function feed(path: string): Promise<FeedSpec> {
  const { total, sha256 } = await inspectNdjson(path);
  const source = { type: 'ndjson', path, sha256 } as const;
  return { id: 'week', shard: 'edge', arrivals: { mode: 'at-once' }, source, total };
}

describe('inspection', () => {
  test('counts jobs, pins the file and is bound for missions', async () => {
    const path = written(`${line('a')}\n  \r\n${line('b').trimEnd()}`);
    const { total, sha256, problems } = await FEED_FORMATS.inspectNdjson(path);
    expect({ total, problems }).toEqual({ total: 2, problems: [] });
    expect(sha256).toBe(createHash('sha256').update(readFileSync(path)).digest('hex'));
  });

  test('names the line of whatever is wrong', async () => {
    const path = written(
      [
        line('a'),
        '\n',
        'not json\n',
        '{"id":"b"}\n',
        line('c', { priority: 11 }),
        line('d', { colour: 'red' }),
        '{"id":"e","kind":"k","payload":{"a":{"__proto__":1}}}\n',
        '{"id":"f","kind":"k","kind":"l"}\n',
      ].join(''),
    );
    const { problems } = await inspectNdjson(path);
    expect(problems.map(({ line: at }) => at)).toEqual([3, 4, 5, 6, 7, 8]);
    expect(problems[2]).toEqual({
      line: 5,
      found: 'priority: 11',
      expected: 'a whole number from 0 to 9',
    });
    expect(problems[4]!.found).toBe('the key "__proto__"');
  });

  test('refuses an id that was there before, with both lines', async () => {
    const { problems } = await inspectNdjson(written(line('a') + line('b') + line('a')));
    expect(problems).toEqual([
      { line: 3, found: 'the id "a", which line 1 has', expected: 'another id' },
    ]);
  });

  test('refuses a line of more bytes than a job may have', async () => {
    const huge = line('a', { payload: 'x'.repeat(LINE_BYTES_MAX) });
    const { problems, total } = await inspectNdjson(written(huge + line('b')));
    expect(total).toBe(2);
    expect(problems).toMatchObject([{ line: 1, expected: 'at most 1,000,000' }]);
  });

  test('stops at fifty problems', async () => {
    const { problems } = await inspectNdjson(written('x\n'.repeat(200)));
    expect(problems).toHaveLength(50);
  });

  test('turns event times into arrivals, never before a job above', async () => {
    const times = [1_000, 3_000, 2_000, undefined, 5_000];
    const text = times.map((eventTimeMs, i) => line(`j${i}`, { eventTimeMs })).join('');
    const { curveFor } = await inspectNdjson(written(text));
    expect(curveFor(10)).toEqual([
      [0, 1],
      [200, 4],
      [400, 5],
    ]);
  });

  test('keeps a long feed within 1,024 steps, no job before its time', async () => {
    const times = Array.from({ length: 3_000 }, (_, i) => i * 10);
    const text = times.map((eventTimeMs, i) => line(`j${i}`, { eventTimeMs })).join('');
    const curve = (await inspectNdjson(written(text))).curveFor(1);
    expect(curve.length).toBeLessThanOrEqual(1_024);
    expect(curve.at(-1)).toEqual([29_990, 3_000]);
    for (const [offsetMs, jobs] of curve) expect(offsetMs).toBeGreaterThanOrEqual((jobs - 1) * 10);
  });
});

describe('reading', () => {
  test('gives traits by page and bodies by ordinal, whatever stands between the lines', async () => {
    const path = written(
      `\ufeff${line('a', { priority: 9, skills: ['x', 'b', 'x'] })}\r\n\n${line('b')}${line('u', { payload: 'ü' })}${line('v')}`,
    );
    const reader = await new FeedReaders().open(await feed(path));
    const page = await reader.page(0, 10);
    expect(page.count).toBe(4);
    expect(page.classes).toMatchObject([
      { kind: 'quake', priority: 9, skills: ['b', 'x'], ordinals: [0, 1] },
      { priority: 5, value: 1, skills: [], estimateMs: null, ordinals: [1, 4] },
    ]);
    expect(await reader.bodies([0, 1, 3, 4])).toEqual([
      { id: 'a', kind: 'quake', payload: { id: 'a' } },
      { id: 'v', kind: 'quake', payload: { id: 'v' } },
    ]);
  });

  test('reads thousands of lines in pages that follow on each other', async () => {
    const text = Array.from({ length: 3_000 }, (_, i) => line(`j${i}`)).join('');
    const reader = await new FeedReaders().open(await feed(written(text)));
    expect((await reader.page(0, 2_999)).classes[0]!.ordinals).toEqual([0, 2_999]);
    expect((await reader.page(2_999, 10)).classes[0]!.ordinals).toEqual([2_999, 3_000]);
    expect((await reader.bodies([2_000, 2_001]))[0]!.id).toBe('j2000');
  });

  test('a feed cut to its first jobs has no others', async () => {
    const spec = { ...(await feed(written(line('a') + line('b')))), total: 1 };
    const reader = await new FeedReaders().open(spec);
    expect((await reader.page(0, 10)).count).toBe(1);
    await expect(reader.bodies([1, 2])).rejects.toThrow('has no job 1');
  });

  test('a file that was changed is refused for good, before and after it was opened', async () => {
    const path = written(line('a') + line('b'));
    const spec = await feed(path);
    const readers = new FeedReaders();
    const reader = await readers.open(spec);
    appendFileSync(path, line('c'));
    const refusal = { type: 'IntegrityError', nonRetryable: true };
    await expect(reader.page(0, 10)).rejects.toMatchObject(refusal);
    await expect(new FeedReaders().open(spec)).rejects.toMatchObject(refusal);
  });

  test('a file that is missing is an error that may pass', async () => {
    const path = written(line('a'));
    const spec = await feed(path);
    const readers = new FeedReaders();
    const away = { ...spec, source: { ...spec.source, path: folder.in('away') } };
    await expect(readers.open(away)).rejects.toMatchObject({ code: 'ENOENT' });
    writeFileSync(folder.in('away'), readFileSync(path));
    expect((await (await readers.open(away)).page(0, 1)).count).toBe(1);
  });
});
