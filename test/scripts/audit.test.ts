// `audit verify` over files: what it prints and ends with for a run that holds, one that was tampered
// with, one that did nothing, and one that is not there.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { simulate } from '../../fabric/simulate/simulate.ts';
import type { Audit } from '../../audit/verify-run.ts';
import { main } from '../../scripts/cli.ts';
import { recordRun } from '../audit/simulated-ledger.ts';
import { writeRun } from '../audit/written-run.ts';
import { jobsOf, specOf, type SmallMission } from '../fabric/small-world.ts';
import { fakePlace, type FakePlace } from './fake-place.ts';

const MISSION: SmallMission = {
  shards: [
    { name: 'earth', policy: { spilloverLimit: 6, spillTargets: ['luna'] } },
    { name: 'luna', policy: { spilloverLimit: 200 } },
  ],
  feeds: [{ shard: 'earth', count: 60, failureRate: 0.3, durationMs: 20 }],
  nodes: [
    { id: 'earth-1', shard: 'earth', slots: 1 },
    { id: 'luna-1', shard: 'luna', slots: 1 },
  ],
  policy: { leaseJobsMax: 5, pageJobs: 20 },
};

let place: FakePlace;

beforeEach(() => {
  place = fakePlace(mkdtempSync(join(tmpdir(), 'audit-')));
});

afterEach(() => rmSync(place.folder, { recursive: true, force: true }));

const below = (...parts: string[]): string =>
  join(place.folder, 'reports', 'planetary-fabric', ...parts);

async function leave(run: string, mission: SmallMission = MISSION): Promise<void> {
  const spec = specOf(mission);
  const commands = [
    { atMs: 50, name: 'pauseAll', input: {} },
    { atMs: 300, name: 'resumeAll', input: {} },
  ];
  const recorded = recordRun(simulate, { spec, jobs: jobsOf(spec), commands });
  expect(recorded.run.ended).toBe('closed');
  await writeRun(recorded, { ledger: below('ledger', run), results: below('results', run) });
}

async function verify(line = ''): Promise<{ code: number; out: string; err: string }> {
  place.printed.out = '';
  place.printed.err = '';
  const code = await main(['audit', 'verify', ...line.split(' ').filter(Boolean)], place);
  return { code, ...place.printed };
}

test('a run that holds is told line by line, and ends with 0', async () => {
  await leave('first');
  const { code, out } = await verify();
  expect(out).toContain('Audit of first (report: none)');
  expect(out).toMatch(/✓ I2 conservation: \d+ entries, held throughout/);
  expect(out).toMatch(/✓ I5 no lease while paused: 2 pauses, held throughout/);
  expect(out).toMatch(/✓ I4 .*: [1-9]\d* plans? made again/);
  expect(out).toContain('All 11 checks hold.');
  expect(code).toBe(0);
});

test('the same outcomes as another run are asked with --against, and as JSON with --json', async () => {
  await leave('first');
  await leave('second');
  await leave('other', { ...MISSION, seed: 2 });
  const same = await verify('second --against first --json');
  expect(same.code).toBe(0);
  const audit = JSON.parse(same.out) as Audit & { run: string; against: string };
  expect([audit.run, audit.against, audit.held]).toEqual(['second', 'first', true]);
  const other = await verify('second --against other');
  expect(other.code).toBe(1);
  expect(other.out).toMatch(/✗ I6 .*\n.*\n {4}job feed-0\/\d+ is \w+ at attempt/);
});

test('a changed byte of a chain, and one of a result, fail and are named', async () => {
  await leave('first');
  const [group] = readdirSync(below('ledger', 'first', 'earth')).sort();
  const file = below('ledger', 'first', 'earth', group!);
  writeFileSync(file, readFileSync(file, 'utf8').replace('"type":"open"', '"type":"opem"'));
  // Of the other shard: what a damaged chain points at is not read.
  const segment = readdirSync(below('results', 'first')).find((name) => name.startsWith('luna'));
  const results = below('results', 'first', segment!);
  writeFileSync(results, readFileSync(results, 'utf8').replace('"ms":1', '"ms":2'));
  const { code, out } = await verify('first');
  expect(code).toBe(1);
  expect(out).toMatch(
    /✗ hash chains: .*\n {4}earth: .*is damaged: its entries are not those it was written with/,
  );
  expect(out).toMatch(/✗ results .*\n {4}\w+, entry \d+: segment .*: its digest is sha256/);
  expect(out).toMatch(/\d of 11 checks failed/);
});

test('a ledger without its last group is not taken for a shorter run', async () => {
  await leave('first');
  const groups = readdirSync(below('ledger', 'first', 'luna')).sort();
  rmSync(below('ledger', 'first', 'luna', groups.at(-1)!));
  const { code, out } = await verify('first');
  expect(code).toBe(1);
  expect(out).toContain('luna is not closed: its last entries are missing');
});

test('a run that did nothing, and an empty ledger, fail with words of their own', async () => {
  await leave('idle', { ...MISSION, feeds: [] });
  const idle = await verify('idle');
  expect([idle.code, idle.out]).toEqual([1, expect.stringContaining('the run did nothing')]);
  mkdirSync(below('ledger', 'empty'), { recursive: true });
  const empty = await verify('empty');
  expect([empty.code, empty.out]).toEqual([1, expect.stringContaining('the ledger is empty')]);
});

test('a run that is not there is a slip, with the names that are', async () => {
  expect((await verify()).code).toBe(2);
  await leave('first');
  const { code, err } = await verify('frist');
  expect([code, err]).toEqual([2, expect.stringContaining('expected one of: first')]);
  expect((await verify('../ledger/first')).code).toBe(2);
  expect((await verify('first --against nobody')).code).toBe(2);
});
