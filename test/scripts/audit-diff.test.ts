// `audit diff` over files: what it prints, as text and as JSON, and what it refuses.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RunDiff } from '../../audit/diff-run.ts';
import { simulate } from '../../fabric/simulate/simulate.ts';
import { main } from '../../scripts/cli.ts';
import { recordRun } from '../audit/simulated-ledger.ts';
import { writeRun } from '../audit/written-run.ts';
import { jobsOf, specOf } from '../fabric/small-world.ts';
import { fakePlace, type FakePlace } from './fake-place.ts';

let place: FakePlace;

beforeEach(async () => {
  place = fakePlace(mkdtempSync(join(tmpdir(), 'audit-diff-')));
  const spec = specOf({
    shards: [
      { name: 'earth', policy: { spilloverLimit: 6, spillTargets: ['luna'] } },
      { name: 'luna' },
    ],
    feeds: [{ shard: 'earth', count: 60, durationMs: 20 }],
    nodes: [
      { id: 'earth-1', shard: 'earth', slots: 1 },
      { id: 'luna-1', shard: 'luna', slots: 1 },
    ],
    policy: { leaseJobsMax: 5, pageJobs: 20 },
  });
  const storm = { shard: 'luna', by: 'ada', reason: 'solar storm' };
  const commands = [
    { atMs: 150, name: 'pauseShard', input: storm },
    { atMs: 1_500, name: 'resumeShard', input: { shard: 'luna' } },
  ];
  const recorded = recordRun(simulate, { spec, jobs: jobsOf(spec), commands });
  await writeRun(recorded, {
    ledger: below('ledger', 'first'),
    results: below('results', 'first'),
  });
});

afterEach(() => rmSync(place.folder, { recursive: true, force: true }));

function below(...parts: string[]): string {
  return join(place.folder, 'reports', 'planetary-fabric', ...parts);
}

async function diff(line: string): Promise<{ code: number; out: string; err: string }> {
  Object.assign(place.printed, { out: '', err: '' });
  const code = await main(['audit', 'diff', ...line.split(' ')], place);
  return { code, ...place.printed };
}

test('what differed is a table, with what was moved and ordered in between', async () => {
  const { code, out } = await diff('first +0.02s 1.4s');
  expect(code).toBe(0);
  expect(out).toMatch(/^What differed in first between \+0\.02s \(.*Z\) and \+1\.4s \(.*Z\)$/m);
  expect(out).toMatch(/^where +what +\+0\.02s +\+1\.4s +change$/m);
  expect(out).toMatch(/^luna +paused +no +by the shard$/m);
  expect(out).toMatch(/^fabric +completed +\d+ +(\d+) +\+[1-9]\d*$/m);
  expect(out).not.toMatch(/^\w+ +(spillover limit|failed) /m);
  expect(out).toMatch(/^In between: \d+ entries, .* 1 owner command$/m);
  expect(out).toMatch(/^ {2}earth → luna: \d+ transfers? of \d+ jobs? sent, 0 refused$/m);
  expect(out).toMatch(/^\+\S+s +pauseShard shard=luna +ada +applied +.*\(solar storm\)$/m);
});

test('--json has both states, the differences and the commands, and nothing else is printed', async () => {
  const { code, out, err } = await diff('first 0s 1.4s --json');
  expect([code, err]).toEqual([0, '']);
  const told = JSON.parse(out) as RunDiff & { run: string; until: { offset: string } };
  expect([told.run, told.until.offset]).toEqual(['first', '+1.4s']);
  expect(told.after.shards['luna']).toMatchObject({
    pausedBy: ['shard'],
    nodes: { 'luna-1': 'ready' },
  });
  expect(told.differences).toContainEqual({ where: null, what: 'accepted', before: 0, after: 60 });
  expect(told.between.commands).toMatchObject([{ name: 'pauseShard', by: 'ada' }]);
});

test('an instant that is none, or outside of the run, is a slip that names first and last', async () => {
  const range = /The run goes from \+0s \(.*Z\) to \+\d+\.\d+s \(.*Z\)/;
  for (const [line, slip] of [
    ['first soon 1s', 'T1: found "soon"; expected an offset from the start such as +2.5s'],
    ['first 1s 999h', 'T2: found "999h"; expected an instant of the run'],
    ['first 1s 0.5s', 'T2: found "0.5s"; expected T1 or later'],
    ['first 2001-01-01T00:00:00Z 1s', 'T1: found "2001-01-01T00:00:00Z"; expected an instant of'],
  ] as const) {
    const { code, out, err } = await diff(line);
    expect([code, out], line).toEqual([2, '']);
    expect(err).toContain(slip);
    expect(err).toMatch(range);
  }
  expect(await diff('frist 0s 1s')).toMatchObject({ code: 2 });
});

test('a ledger that is damaged is not compared', async () => {
  const [group] = readdirSync(below('ledger', 'first', 'earth')).sort();
  const file = below('ledger', 'first', 'earth', group!);
  writeFileSync(file, readFileSync(file, 'utf8').replace('"type":"open"', '"type":"opem"'));
  const { code, err } = await diff('first 0s 1s');
  expect([code, err]).toEqual([1, expect.stringContaining("can't be read to its end: earth: ")]);
});
