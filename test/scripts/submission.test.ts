// Jobs of a file are all checked before one is sent, and every line that is wrong is named.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '../../fabric/limits.ts';
import type { JobToSubmit } from '../../scripts/owner-console.ts';
import {
  BATCH_BYTES_MAX,
  batchesOf,
  checkLines,
  JOB_BYTES_MAX,
  readSubmission,
} from '../../scripts/submission.ts';
import { outcomeOf, submittedLines } from '../../scripts/submit.ts';
import type { CommandRecord } from '../../workflows/protocol.ts';

const check = (lines: readonly string[]) => checkLines(lines, 'j.ndjson');

async function problemsOf(lines: readonly string[]): Promise<string[]> {
  const error = await check(lines).then(
    () => new Error('nothing was refused'),
    (reason: unknown) => reason as Error,
  );
  expect(error).toMatchObject({ exitCode: 2 });
  const told = error.message.split('\n');
  expect(told.at(-1)).toBe('Nothing was sent.');
  return told.slice(0, -1);
}

describe('lines', () => {
  test('that are good become jobs with the defaults of a mission; empty ones are passed over', async () => {
    const jobs = await check([
      '{"id":"a","kind":"survey"}',
      '',
      '  ',
      '{"id":"b","kind":"k","shard":"luna","payload":[1]}',
    ]);
    expect(jobs).toEqual([
      expect.objectContaining({ id: 'a', kind: 'survey', payload: null, priority: 5, skills: [] }),
      expect.objectContaining({ id: 'b', shard: 'luna', payload: [1] }),
    ]);
    expect(jobs[0]).not.toHaveProperty('shard');
  });

  test.each([
    ['{"id":"a"}', 'kind: found nothing; expected a word of'],
    ['{"id":"a","kind":"k","colour":1}', 'colour: found '],
    [
      '{"id":"a","kind":"k","priority":-1}',
      'priority: found -1; expected a whole number from 0 to 9',
    ],
    ['{"id":"a","kind":"k","value":"1"}', 'value: found "1"; expected a number'],
    ['{"id":"","kind":"k"}', 'id: found ""; expected a word of'],
    [
      '{"id":"a","kind":"k","shard":"Luna!"}',
      'shard: found "Luna!"; expected a name of small letters',
    ],
    [
      '{"id":"a","kind":"k","payload":{"x":{"__proto__":1}}}',
      'payload.x.__proto__: found a reserved key',
    ],
    ['{"id":"a","kind":"k","constructor":1}', 'constructor: found a reserved key'],
    ['[]', 'found an empty list; expected an object'],
    ['null', 'found null'],
    ['{"id":"a",}', 'column 11: found'],
    ['{"id":"a","id":"b","kind":"k"}', 'column 11'],
    ['not JSON', 'column 1: found'],
    ['{"id":"a","kind":"k","payload":1e999}', 'payload'],
  ])('such as %s are refused with line and place', async (line, says) => {
    const [problem, ...others] = await problemsOf(['{"id":"good","kind":"k"}', '', line]);
    expect(problem).toMatch(/^j\.ndjson:3: /);
    expect(problem).toContain(says);
    expect(others).toEqual([]);
  });

  test('are refused when there are none, and when there are more than any fabric holds', async () => {
    expect(await problemsOf(['', ' '])).toEqual([
      'j.ndjson: found no job; expected one JSON job a line',
    ]);
    const max = LIMITS.shardsMax * LIMITS.inboxJobsMax;
    const tooMany = Array.from({ length: max + 1 }, (_, i) => `{"id":"j${i}","kind":"k"}`);
    expect(await problemsOf(tooMany)).toEqual([
      'j.ndjson: found more than 64,000 jobs; expected larger work as a feed in a mission file',
    ]);
  });

  test('with many problems are told up to a limit', async () => {
    const told = await problemsOf(Array.from({ length: 500 }, () => '{}'));
    expect(told.length).toBeGreaterThanOrEqual(50);
    expect(told.length).toBeLessThan(60);
  });

  test('that hold a job larger than an inbox takes are refused with its size', async () => {
    expect(JOB_BYTES_MAX).toBeLessThan(LIMITS.inboxBytesMax);
    const body = 'x'.repeat(JOB_BYTES_MAX);
    const [problem] = await problemsOf([`{"id":"a","kind":"k","payload":"${body}"}`]);
    expect(problem).toMatch(
      /^j\.ndjson:1: payload: found a job of 500,\d{3} bytes; expected at most 500,000/,
    );
  });
});

describe('a file', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'submission-'));
    writeFileSync(
      join(folder, 'good.ndjson'),
      '\ufeff{"id":"a","kind":"k"}\r\n{"id":"b","kind":"k"}',
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('may have a byte order mark, Windows line ends and no last line break', async () => {
    const jobs = await readSubmission(join(folder, 'good.ndjson'), 'good.ndjson');
    expect(jobs.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  test.each([
    ['none.ndjson', 'found no such file'],
    ['.', "found a file that can't be read (EISDIR)"],
  ])("such as %s that can't be read is refused", async (name, says) => {
    const refused = readSubmission(join(folder, name), name);
    await expect(refused).rejects.toMatchObject({ exitCode: 2 });
    await expect(refused).rejects.toThrow(
      `${name}: ${says}; expected a file of one JSON job a line`,
    );
  });
});

describe('batches', () => {
  const jobs = (count: number, bytes: number): JobToSubmit[] =>
    Array.from({ length: count }, (_, i) => ({
      id: `j${i}`,
      kind: 'k',
      payload: 'x'.repeat(bytes),
    }));

  test('hold every job once, in order', () => {
    const all = jobs(1_234, 10);
    expect(batchesOf(all).flat()).toEqual(all);
  });

  test('hold at most 500 jobs', () => {
    expect(batchesOf(jobs(1_001, 1)).map((batch) => batch.length)).toEqual([500, 500, 1]);
  });

  test('stay within their bytes, and a larger job goes alone', () => {
    for (const batch of batchesOf(jobs(100, 10_000))) {
      expect(Buffer.byteLength(JSON.stringify(batch))).toBeLessThanOrEqual(BATCH_BYTES_MAX);
    }
    const mixed = [...jobs(1, 1), ...jobs(1, BATCH_BYTES_MAX), ...jobs(1, 1)];
    expect(batchesOf(mixed).map((batch) => batch.length)).toEqual([1, 1, 1]);
  });
});

describe('what became of the jobs', () => {
  const batch = ['a', 'b', 'c'].map((id) => ({ id, kind: 'k' }));
  const answer = (accepted: string[], refused: { id: string; because: string }[]) =>
    ({
      commandId: 'c',
      shard: 'luna',
      outcome: 'applied',
      effect: '',
      appliedAtMs: 0,
      afterSeq: 0,
      accepted,
      refused,
    }) as const;
  const record = (change: Partial<CommandRecord>): CommandRecord =>
    ({ outcome: 'applied', refusedBecause: null, answers: [], ...change }) as CommandRecord;

  test('is told job by job', () => {
    const answers = [answer(['a'], []), answer([], [{ id: 'b', because: 'its inbox is full' }])];
    expect(outcomeOf(batch, record({ outcome: 'unconfirmed', answers }))).toEqual({
      accepted: ['a'],
      refused: [{ id: 'b', because: 'its inbox is full' }],
      unconfirmed: ['c'],
    });
  });

  test('is a refusal of each where the whole command was refused', () => {
    const refused = outcomeOf(batch, record({ outcome: 'refused', refusedBecause: 'closing' }));
    expect(refused.refused).toEqual(batch.map(({ id }) => ({ id, because: 'closing' })));
    expect(submittedLines(refused)).toEqual([
      'accepted 0, refused 3',
      '  a: closing',
      '  b: closing',
      '  c: closing',
    ]);
  });

  test('is cut short for people where very many were refused', () => {
    const refused = Array.from({ length: 60 }, (_, i) => ({ id: `j${i}`, because: 'full' }));
    const lines = submittedLines({ accepted: [], refused, unconfirmed: ['x'] });
    expect(lines.slice(-2)).toEqual([
      '  and 10 more; --json names them all',
      'not confirmed in time: 1; they were sent and may still be accepted',
    ]);
  });
});
