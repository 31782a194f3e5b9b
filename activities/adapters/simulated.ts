/**
 * The adapter of simulated jobs: what becomes of each is drawn by the core, and the time that it takes
 * really passes.
 */
import { setImmediate, setTimeout } from 'node:timers/promises';
import { drawAnswer, drawAttempt, readSimulated } from '../../fabric/simulated-job.ts';
import type { Adapter, AdapterJob, AdapterRun, JobOutcome } from './adapter.ts';
import { timedOut } from './adapter.ts';

/** Timers are no finer than this; shorter jobs are waited for together. */
const TIMER_MS = 1;
/** How long jobs of no duration may keep the thread before presence gets its turn. */
const TURN_MS = 10;
/** How far a run that was held up may catch up. */
const CATCH_UP_MS = 50;

/** Simulates jobs; `speed` divides their service time. */
export function simulatedAdapter(speed: number): Adapter {
  return {
    open: () => Promise.resolve(),
    run: (run) => runSimulated(run, speed),
    close: () => Promise.resolve(),
  };
}

async function runSimulated(run: AdapterRun, speed: number): Promise<void> {
  const { jobs, mayStart, endByMs, abandoned, onDone } = run;
  let dueMs = performance.now();
  let turnEndsMs = dueMs + TURN_MS;
  for (const [at, job] of jobs.entries()) {
    if (abandoned.aborted || !mayStart()) return;
    const { serviceMs, outcome } = draw(job, speed);
    const startsMs = Math.max(dueMs, performance.now() - CATCH_UP_MS);
    const overruns = startsMs + serviceMs > endByMs;
    dueMs = overruns ? Math.max(endByMs, startsMs) : startsMs + serviceMs;
    const waitMs = dueMs - performance.now();
    if (waitMs > TIMER_MS) {
      const slept = setTimeout(waitMs, true, { signal: abandoned });
      if (!(await slept.catch(() => false))) return;
    }
    if (performance.now() > turnEndsMs) {
      await setImmediate();
      turnEndsMs = performance.now() + TURN_MS;
    }
    const tookMs = dueMs - startsMs;
    onDone(at, overruns ? timedOut(tookMs) : outcome, tookMs);
  }
}

function draw(job: AdapterJob, speed: number): { serviceMs: number; outcome: JobOutcome } {
  const payload = readSimulated(job.body.payload);
  const { serviceMs, failed } = drawAttempt(payload, job);
  const outcome: JobOutcome =
    failed === null
      ? { status: 'completed', result: drawAnswer(payload, job) }
      : { status: 'failed', ...failed };
  return { serviceMs: serviceMs / speed, outcome };
}
