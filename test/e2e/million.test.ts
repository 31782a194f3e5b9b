/**
 * A million jobs in one run: every one with its outcome and its result, no workflow near a limit of the
 * engine, and little history a job.
 */
import { afterAll, expect, test } from 'vitest';
import { EXIT } from '../../scripts/exit-code.ts';
import { SHARE_MAX } from '../../reporting/history-limits.ts';
import { LiveFabric } from './live-fabric.ts';

const JOBS = 1_000_000;
const RUN_MS_MAX = 240_000;

const fabrics: LiveFabric[] = [];

afterAll(async () => {
  for (const fabric of fabrics) await fabric.end();
}, RUN_MS_MAX);

test(
  'a million jobs end, stay below 80% of every limit of the engine, and can all be found again',
  async () => {
    const fabric = new LiveFabric();
    fabrics.push(fabric);
    const args = ['k2-benchmark', '--jobs', String(JOBS), '--quiet'];
    const ended = fabric.run(args, RUN_MS_MAX);
    expect(ended, `${ended.stdout}\n${ended.stderr}`).toMatchObject({ status: EXIT.done });
    const { jobs, history, timings, failureRate } = fabric.report(fabric.runId());
    expect(jobs.completed + jobs.failed).toBe(JOBS);
    expect(failureRate).toBeLessThan(0.02);
    for (const { name, share } of history.limits) {
      // Nobody sent an update.
      if (name !== 'updates') expect(share, name).toBeGreaterThan(0);
      expect(share, name).toBeLessThan(SHARE_MAX);
    }
    expect(history.eventsPerJob).toBeLessThanOrEqual(0.01);
    expect(history.bytesPerJob).toBeLessThanOrEqual(30);
    console.log(
      `${JOBS} jobs in ${(timings.durationMs / 1_000).toFixed(1)} s, ${history.eventsPerJob} events and ${history.bytesPerJob} bytes of history a job`,
    );
    const audit = fabric.run(['audit', 'verify'], RUN_MS_MAX);
    expect(audit.stdout).toContain('All 12 checks hold.');
    console.log(audit.stdout.trim().split('\n').at(-1));
  },
  2 * RUN_MS_MAX,
);
