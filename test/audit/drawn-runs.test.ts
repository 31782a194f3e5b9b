/** The audit over drawn missions with everything that may happen to them: all of them hold. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { verifyRun } from '../../audit/verify-run.ts';
import { simulate } from '../../fabric/simulate/simulate.ts';
import { drawn } from '../fabric/mission-arbitrary.ts';
import { jobsOf, specOf } from '../fabric/small-world.ts';
import { recordRun } from './simulated-ledger.ts';

const MISSIONS = 1_000;
const SEED = Number(process.env['FABRIC_TEST_SEED'] ?? 20_180_206);

it(`${MISSIONS} drawn missions hold every check`, { timeout: 60_000 }, async () => {
  const counts = { entries: 0, idle: 0, late: 0 };
  for (const { mission, disorder, commands } of fc.sample(drawn, {
    numRuns: MISSIONS,
    seed: SEED,
  })) {
    const spec = specOf(mission);
    const order = { spec, jobs: jobsOf(spec), disorder, commands };
    const { run, records } = recordRun(simulate, order);
    const audit = await verifyRun(records, { mustBeClosed: true });
    const failed = audit.checks.filter(({ held }) => !held);
    const { completed, failed: lost } = run.status.totals;
    // Where nothing in reach could do a job, the run did nothing, and the audit says so.
    const idle = completed + lost === 0;
    expect(failed.map(({ name }) => name)).toEqual(idle ? ['work'] : []);
    expect(audit.closed).toBe(true);
    counts.entries += audit.entries;
    counts.idle += idle ? 1 : 0;
    counts.late += run.shards.reduce((sum, { tally }) => sum + tally.lateAnswers, 0);
  }
  expect(counts.idle).toBeLessThan(MISSIONS / 2);
  expect(counts.late).toBeGreaterThan(0);
  console.log(
    `${MISSIONS} missions, ${counts.entries} entries, ${counts.late} late answers: every check held (seed ${SEED})`,
  );
});
