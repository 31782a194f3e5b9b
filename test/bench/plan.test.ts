// What is run and in which order, what is asked for, and how latencies are read.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readOptions } from '../../bench/compare.ts';
import { CONTENDERS } from '../../bench/compare/contenders.ts';
import { latencyFigures } from '../../bench/compare/histogram.ts';
import { cellsOf, DEFAULT_OPTIONS, shuffled } from '../../bench/compare/plan.ts';
import type { ComparedCell } from '../../bench/compare/result.ts';
import { scalingOf, spreadOf } from '../../bench/compare/result.ts';

describe('the order of runs', () => {
  test('has everybody once in each round, and is the same for the same seed', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(100), fc.nat(30), (seed, round, length) => {
        const list = Array.from({ length }, (_, i) => i);
        const drawn = shuffled(list, seed, round);
        expect(drawn.toSorted((a, b) => a - b)).toEqual(list);
        expect(shuffled(list, seed, round)).toEqual(drawn);
      }),
    );
  });

  test('is another in another round', () => {
    const list = Array.from({ length: 20 }, (_, i) => i);
    expect(shuffled(list, 1, 1)).not.toEqual(shuffled(list, 1, 2));
  });

  test('has both paths, and single submissions at no more than their own size', () => {
    const options = { ...DEFAULT_OPTIONS, jobs: [500, 2_000], singleJobs: 100, handlerMs: [0] };
    const own = cellsOf(CONTENDERS.slice(0, 1), options);
    expect(own.map(({ path, jobs }) => [path, jobs])).toEqual([
      ['default', 100],
      ['bulk', 500],
      ['bulk', 2_000],
    ]);
  });
});

describe('the command line', () => {
  test('reads what was asked for', () => {
    const args = ['--jobs', '10000,100000', '--runs', '3', '--only', 'fabric', '--no-warm-up'];
    const { options } = readOptions(args);
    expect(options).toEqual({
      ...DEFAULT_OPTIONS,
      jobs: [10_000, 100_000],
      runs: 3,
      only: ['fabric'],
      warmUp: false,
    });
  });

  test.each([
    [['--jobs', '10,x'], '--jobs: found "x"'],
    [['--runs', '0'], '--runs: found "0"'],
    [['--only', 'kafka'], '--only: found "kafka"'],
  ])('refuses %j', (args, complaint) => {
    expect(() => readOptions(args)).toThrow(complaint);
  });
});

describe('figures', () => {
  test('have the middle of an even number of runs between the two', () => {
    expect(spreadOf([4, 1, 3, 2])).toEqual({ median: 2.5, least: 1, most: 4 });
  });

  test('of latencies are those of all runs together, to three digits', () => {
    const slow = Array.from({ length: 10 }, () => 1_000);
    const { count, p50Ms, p99Ms, p999Ms, maxMs } = latencyFigures([
      Array.from({ length: 990 }, (_, i) => i / 100),
      slow,
    ]);
    expect(count).toBe(1_000);
    expect(p50Ms).toBeCloseTo(5, 1);
    expect(p99Ms).toBeCloseTo(9.9, 1);
    expect(Math.abs(p999Ms - 1_000)).toBeLessThan(2);
    expect(Math.abs(maxMs - 1_000)).toBeLessThan(2);
  });

  test('of a million jobs against ten thousand are 1 where time is linear', () => {
    const cell = (jobs: number, ms: number): ComparedCell => {
      const spread = spreadOf([ms]);
      const figures = {
        jobsPerSecond: spread,
        elapsedMs: spread,
        cpuMsPerJob: null,
        peakRssBytes: null,
        diskBytesPerJob: spread,
        historyBytesPerJob: null,
      };
      return { contender: 'fabric', path: 'bulk', handlerMs: 0, jobs, runs: [], figures };
    };
    const cells = [cell(10_000, 500), cell(1_000_000, 60_000)];
    expect(scalingOf(cells)).toEqual([{ contender: 'fabric', handlerMs: 0, ratio: 1.2 }]);
    expect(scalingOf(cells.slice(0, 1))).toEqual([]);
  });
});
