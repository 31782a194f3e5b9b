// A real comparison, small: whoever is installed has figures for both ways of submitting, and the others are
// listed with the command that installs them.
import { beforeAll, describe, expect, test } from 'vitest';
import { compare } from '../../bench/compare/comparison.ts';
import type { Contender } from '../../bench/compare/contender.ts';
import { PATHS } from '../../bench/compare/contender.ts';
import { CONTENDERS } from '../../bench/compare/contenders.ts';
import { comparisonPage } from '../../bench/compare/page.ts';
import { DEFAULT_OPTIONS } from '../../bench/compare/plan.ts';
import type { Comparison } from '../../bench/compare/result.ts';
import { comparisonLines } from '../../bench/compare/table.ts';

const JOBS = 200;
const SINGLE_JOBS = 20;
const WITHIN_MS = 300_000;

/** One that nobody can have. */
const ABSENT: Contender = {
  ...CONTENDERS[0]!,
  name: 'absent',
  presence: () => Promise.resolve({ state: 'missing', why: 'not there', install: 'get it' }),
};

let comparison: Comparison;
const told: string[] = [];

beforeAll(async () => {
  const options = {
    ...DEFAULT_OPTIONS,
    jobs: [JOBS],
    singleJobs: SINGLE_JOBS,
    handlerMs: [0],
    runs: 1,
    warmUp: false,
    latencySeconds: 0,
    kills: 0,
  };
  comparison = await compare([...CONTENDERS, ABSENT], options, (line) => told.push(line));
}, WITHIN_MS);

describe('a comparison', () => {
  test('has figures of every contender that is installed, for both paths', () => {
    for (const { name, notRun } of comparison.contenders) {
      const cells = comparison.cells.filter(({ contender }) => contender === name);
      if (notRun !== null) {
        expect(cells).toEqual([]);
        continue;
      }
      expect(cells.map(({ path }) => path)).toEqual(PATHS);
      for (const { path, jobs, runs, figures } of cells) {
        expect(runs, `${name}, ${path}`).toEqual([
          expect.objectContaining({ state: 'measured', figures: expect.anything() }),
        ]);
        expect(jobs).toBe(path === 'bulk' ? JOBS : SINGLE_JOBS);
        expect(figures?.jobsPerSecond.median).toBeGreaterThan(0);
        expect(figures?.diskBytesPerJob.median).toBeGreaterThan(0);
        if (process.platform === 'linux') {
          expect(figures?.cpuMsPerJob?.median).toBeGreaterThan(0);
          expect(figures?.peakRssBytes?.median).toBeGreaterThan(1_000_000);
        }
      }
    }
    const ran = comparison.contenders.filter(({ notRun }) => notRun === null);
    expect(ran.map(({ name }) => name)).toContain('fabric');
  });

  test('counts history where it is Temporal', () => {
    const bytesOf = (name: string) =>
      comparison.cells.find(({ contender, path }) => contender === name && path === 'bulk')?.figures
        ?.historyBytesPerJob?.median;
    expect(bytesOf('fabric')).toBeGreaterThan(0);
    expect(bytesOf('temporal')).toBeGreaterThan(bytesOf('fabric')!);
  });

  test('lists who is not there, with what would mend it', () => {
    const absent = comparison.contenders.find(({ name }) => name === 'absent');
    expect(absent?.notRun).toEqual({ why: 'not there', install: 'get it' });
    expect(told).toContain('absent: not run: not there; to install it: get it');
    expect(comparisonLines(comparison)).toContain('not run: absent: not there; get it');
  });

  test('is told in tables and on a page that needs no network, the two classes apart', () => {
    const lines = comparisonLines(comparison);
    const page = comparisonPage(comparison);
    for (const { name, title, lacks, notRun, durability } of comparison.contenders) {
      if (notRun !== null) continue;
      expect(lines.some((line) => line.startsWith(`${name} lacks: `))).toBe(true);
      expect(page).toContain(title);
      expect(page).toContain(lacks);
      expect(page).toContain(`<section id="${durability}">`);
    }
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/<script|https?:\/\//);
    expect(page).not.toMatch(/undefined|NaN|\[object/);
  });
});
