/**
 * How many jobs a second the shard's core decides in one thread. Once with jobs that came inline, of 8
 * mixed classes; once with ranges of a feed.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { KINDS, LEASE_JOBS, measure, type Measured } from './measure-core.ts';

/** What the contract of the core promises, in jobs a second. */
const FLOOR_PER_SECOND = 300_000;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function printed(name: string, runs: readonly Measured[]): number {
  const middle = median(runs.map((run) => run.jobsPerSecond));
  const each = runs.map((run) => Math.round(run.jobsPerSecond).toLocaleString('en')).join(', ');
  const { leases, decisions } = runs[0]!;
  console.log(
    `${name}: ${Math.round(middle).toLocaleString('en')} jobs/s (median of ${runs.length}: ${each}; ${leases} leases in ${decisions} decisions)`,
  );
  return middle;
}

const { values } = parseArgs({ options: { jobs: { type: 'string', default: '200000' } } });
const jobs = Number(values.jobs);
const runs = 5;
measure(jobs / 4, true);
measure(jobs / 4, false);
console.log(`${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}, one thread`);
const inline = Array.from({ length: runs }, () => measure(jobs, true));
const ranges = Array.from({ length: runs }, () => measure(jobs * 5, false));
const reached = printed(
  `inline jobs of ${KINDS.length} classes in leases of ${LEASE_JOBS}`,
  inline,
);
printed(`ranges of a feed in leases of ${LEASE_JOBS}`, ranges);
if (reached < FLOOR_PER_SECOND) {
  console.log(`below the floor of ${FLOOR_PER_SECOND.toLocaleString('en')} jobs/s`);
  process.exitCode = 1;
}
