import { expect, test } from 'vitest';
import { simulatedAdapter } from '../../../activities/adapters/simulated.ts';
import { jobs, runAdapter } from './run-adapter.ts';

test('the same jobs end the same way on a node of any speed', async () => {
  const list = jobs(300, { durationMs: 0.05, failureRate: 0.3, seed: 4 });
  const slow = await runAdapter(simulatedAdapter(1), list);
  const fast = await runAdapter(simulatedAdapter(50), list);
  expect(fast).toEqual(slow);
  const failed = [...slow.values()].filter(({ status }) => status === 'failed');
  expect(failed.length).toBeGreaterThan(60);
  expect(failed.length).toBeLessThan(120);
});

test('another attempt is drawn anew, and the answer does not depend on it', async () => {
  const payload = { durationMs: 0, failureRate: 0.5, seed: 4 };
  const first = await runAdapter(simulatedAdapter(1), jobs(200, payload, 1));
  const second = await runAdapter(simulatedAdapter(1), jobs(200, payload, 2));
  const statuses = (outcomes: typeof first) => [...outcomes.values()].map(({ status }) => status);
  expect(statuses(second)).not.toEqual(statuses(first));
  for (const [at, outcome] of first) {
    const again = second.get(at)!;
    if (outcome.status === again.status && again.status === 'completed') {
      expect(again).toEqual(outcome);
    }
  }
});

test('a thousand jobs of no duration cost no timers', async () => {
  await runAdapter(simulatedAdapter(1), jobs(1_000, { durationMs: 0, failureRate: 0, seed: 1 }));
  const startedMs = performance.now();
  const outcomes = await runAdapter(
    simulatedAdapter(1),
    jobs(1_000, { durationMs: 0, failureRate: 0, seed: 1 }),
  );
  expect(outcomes.size).toBe(1_000);
  expect(performance.now() - startedMs).toBeLessThan(100);
});

test('service times add up to about their mean, shared out over short jobs', async () => {
  const startedMs = performance.now();
  await runAdapter(simulatedAdapter(2), jobs(400, { durationMs: 1, failureRate: 0, seed: 1 }));
  const tookMs = performance.now() - startedMs;
  expect(tookMs).toBeGreaterThan(150);
  expect(tookMs).toBeLessThan(600);
});

test('no job is begun once none may start, and one that overruns fails', async () => {
  let started = 0;
  const some = await runAdapter(simulatedAdapter(1), jobs(10), { mayStart: () => started++ < 4 });
  expect([...some.keys()]).toEqual([0, 1, 2, 3]);
  const long = jobs(1, { durationMs: 60_000, failureRate: 0, seed: 1 });
  const late = await runAdapter(simulatedAdapter(1), long, { limitMs: 20 });
  expect(late.get(0)).toMatchObject({ status: 'failed', code: 'job-timeout' });
});

test('an abandoned job has no outcome', async () => {
  const leave = new AbortController();
  const long = jobs(2, { durationMs: 60_000, failureRate: 0, seed: 1 });
  const running = runAdapter(simulatedAdapter(1), long, {
    limitMs: 100_000,
    abandoned: leave.signal,
  });
  leave.abort();
  expect((await running).size).toBe(0);
});

test('a payload that is not of a simulation is done in no time', async () => {
  const outcomes = await runAdapter(simulatedAdapter(1), jobs(1, 'anything'));
  expect(outcomes.get(0)).toMatchObject({ status: 'completed' });
});
