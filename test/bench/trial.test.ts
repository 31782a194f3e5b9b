// One run of a contender whose process does wrong by one job: it has no figure, and says why.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Contender } from '../../bench/compare/contender.ts';
import { writeJobs } from '../../bench/compare/jobs.ts';
import type { Trial } from '../../bench/compare/trial.ts';
import { openLoopTrial, resumeTrial, runTrial } from '../../bench/compare/trial.ts';

const JOBS = 40;
const SEED = 3;

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trial-'));
  await writeJobs(join(folder, 'jobs.ndjson'), SEED, JOBS);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function trialOf(fault: string, over: Partial<Trial> = {}): Trial {
  const contender: Contender = {
    name: 'faulty',
    title: 'Faulty',
    durability: 'process-kill',
    lacks: 'everything',
    keeps: 'nothing',
    paths: { default: 'one by one', bulk: 'at once' },
    settings: { fault },
    module: '../../test/bench/faulty-peer.mjs',
    presence: () => Promise.resolve({ state: 'installed', version: '1.0' }),
    openStore: null,
  };
  return {
    contender,
    path: 'bulk',
    handlerMs: 0,
    jobsFile: join(folder, 'jobs.ndjson'),
    jobs: JOBS,
    seed: SEED,
    limitMs: 10_000,
    ...over,
  };
}

describe('a run', () => {
  test.each(['default', 'bulk'] as const)('has figures when it is whole, path %s', async (path) => {
    const run = await runTrial(trialOf('none', { path }));
    expect(run).toMatchObject({ state: 'measured', figures: { historyBytes: null } });
  });

  test.each([
    ['loses', '1 lost'],
    ['doubles', '1 doubled'],
    ['spoils', '1 wrong'],
    ['confirms twice', '1 doubled'],
  ])('has none when the contender %s a job', async (fault, why) => {
    expect(await runTrial(trialOf(fault))).toEqual({ state: 'no-figure', why });
  });

  test('has none when the process dies', async () => {
    const run = await runTrial(trialOf('dies'));
    expect(run).toMatchObject({ why: expect.stringContaining('its process ended') });
  });

  test('has none when it is not done in time', async () => {
    const run = await runTrial(trialOf('hangs', { limitMs: 1_500 }));
    expect(run).toEqual({ state: 'no-figure', why: 'not done within 2 s' });
  });
});

describe('an open loop', () => {
  test('has a latency for each job, from when it was due', async () => {
    const run = await openLoopTrial(trialOf('none', { path: 'default', handlerMs: 5 }), 200);
    if (run.state !== 'measured') throw new Error(run.why);
    expect(run.figures).toHaveLength(JOBS);
    for (const ms of run.figures) expect(ms).toBeGreaterThanOrEqual(4);
  });

  test('has none when a job was lost', async () => {
    const run = await openLoopTrial(trialOf('loses', { path: 'default' }), 200);
    expect(run).toEqual({ state: 'no-figure', why: '1 lost' });
  });
});

test('work that nobody goes on with after a kill has no figure either', async () => {
  const run = await resumeTrial(trialOf('none', { resumeMs: 500 }), 0);
  expect(run).toEqual({ state: 'no-figure', why: 'not done within 1 s' });
});
