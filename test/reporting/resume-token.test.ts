// A token is copied by hand, so whatever happens to it on the way must be noticed.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readResumeToken, resumeToken } from '../../reporting/resume-token.ts';

const point = { fabric: 'site-b', runId: 'edge-relief-20260102-030405-ab12' };

test('a token gives back the run that it was made of', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (fabric, runId) => {
      expect(readResumeToken(resumeToken({ fabric, runId }))).toEqual({ fabric, runId });
    }),
  );
});

test('a token may name a checkpoint', () => {
  const positions = { 'site-b.orchestrator': 118, 'site-b.shard.earth': 204 };
  const checkpoint = { epoch: 3, sha256: `sha256:${'a'.repeat(64)}`, positions };
  expect(readResumeToken(resumeToken({ ...point, checkpoint }))).toEqual({ ...point, checkpoint });
});

test('a token can be copied by a double click and stands in a shell as it is', () => {
  expect(resumeToken(point)).toMatch(/^pf1\.[\w-]+\.[0-9a-f]{8}$/);
});

test('one wrong, missing or additional character is noticed', () => {
  const token = resumeToken(point);
  for (let at = 4; at < token.length; at += 1) {
    const other = token[at] === 'a' ? 'b' : 'a';
    const damaged = [
      token.slice(0, at) + other + token.slice(at + 1),
      token.slice(0, at) + token.slice(at + 1),
      token.slice(0, at) + other + token.slice(at),
    ];
    for (const each of damaged) expect(readResumeToken(each), each).toBe('damaged');
  }
});

test('a run id is no token', () => {
  expect(readResumeToken(point.runId)).toBeNull();
});
