import { expect, test } from 'vitest';
import { LEASE_JOBS, measure } from '../../bench/measure-core.ts';

test.each([
  ['inline jobs of mixed classes', true],
  ['ranges of a feed', false],
])('all of the %s are completed, in leases as large as may be', (_, isInline) => {
  const jobs = 4_000;
  const { completed, leases, decisions, jobsPerSecond } = measure(jobs, isInline);
  expect(completed).toBe(jobs);
  expect(leases).toBeGreaterThanOrEqual(jobs / LEASE_JOBS);
  expect(decisions).toBeGreaterThan(0);
  expect(jobsPerSecond).toBeGreaterThan(0);
});
