// A run that lost, doubled or spoilt a job has no figure: shown on results that are not as they have to be.
import { describe, expect, test } from 'vitest';
import type { KeptResult } from '../../bench/compare/delivery.ts';
import { checkDelivery, deliveryProblem } from '../../bench/compare/delivery.ts';
import { answerOf, jobOf, PAYLOAD_BYTES } from '../../bench/compare/jobs.ts';
import type { Figures, Measured } from '../../bench/compare/trial.ts';
import { cellFigures } from '../../bench/compare/result.ts';

const SEED = 7;
const JOBS = 50;

const whole = (): KeptResult[] =>
  Array.from({ length: JOBS }, (_, i) => ({ id: `job-${i}`, result: answerOf(SEED, i) }));

async function problemOf(results: readonly KeptResult[]): Promise<string | null> {
  return deliveryProblem(await checkDelivery(results, SEED, JOBS));
}

describe('the check of a delivery', () => {
  test('passes one right result for each job, in any order', async () => {
    expect(await problemOf(whole().reverse())).toBeNull();
  });

  test('finds a lost job', async () => {
    expect(await problemOf(whole().slice(1))).toBe('1 lost');
  });

  test('finds a doubled job, though its two results are the same', async () => {
    expect(await problemOf([...whole(), whole()[3]!])).toBe('1 doubled');
  });

  test('finds a wrong result', async () => {
    const results = whole();
    results[3] = { id: 'job-3', result: answerOf(SEED, 4) };
    expect(await problemOf(results)).toBe('1 wrong');
  });

  test.each(['job-50', 'job-007', 'job--1', 'other'])(
    'finds the result of %s, which nobody submitted',
    async (id) => {
      expect(await problemOf([...whole(), { id, result: '' }])).toBe('1 extra');
    },
  );
});

describe('the jobs', () => {
  test('have the promised size and depend on seed and place alone', () => {
    expect(jobOf(1, 5).payload).toHaveLength(PAYLOAD_BYTES);
    expect(jobOf(1, 5)).toEqual(jobOf(1, 5));
    expect(jobOf(1, 5).payload).not.toBe(jobOf(1, 6).payload);
    expect(jobOf(1, 5).payload).not.toBe(jobOf(2, 5).payload);
    expect(answerOf(1, 5)).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('a contender', () => {
  const figures: Figures = {
    elapsedMs: 1_000,
    jobsPerSecond: JOBS,
    cpuSeconds: 0.5,
    peakRssBytes: 1_000_000,
    diskBytes: 5_000,
    historyBytes: null,
  };
  const good: Measured<Figures> = { state: 'measured', figures };

  test('has no figures when one of its runs lost a job', () => {
    const bad: Measured<Figures> = { state: 'no-figure', why: '1 lost' };
    expect(cellFigures([good, bad, good], JOBS)).toBeNull();
    expect(cellFigures([], JOBS)).toBeNull();
  });

  test('has the median of its runs, and costs by job', () => {
    const faster = { ...figures, jobsPerSecond: 70, historyBytes: 500 };
    const slower = { ...figures, jobsPerSecond: 10 };
    const all = [slower, faster, figures].map((each) => ({ ...good, figures: each }));
    const cell = cellFigures(all, JOBS);
    expect(cell?.jobsPerSecond).toEqual({ median: 50, least: 10, most: 70 });
    expect(cell?.cpuMsPerJob?.median).toBe(10);
    expect(cell?.diskBytesPerJob.median).toBe(100);
    expect(cell?.historyBytesPerJob?.median).toBe(10);
  });
});
