/**
 * The adapter of simulated jobs: what becomes of each is drawn by the core, and the time that it takes
 * really passes.
 */
import { setImmediate, setTimeout } from 'node:timers/promises';
import { drawsOf, readSimulated, type SimulatedDraws } from '../../fabric/simulated-job.ts';
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
  const draw = drawing(speed);
  let nowMs = performance.now();
  let dueMs = nowMs;
  let turnEndsMs = nowMs + TURN_MS;
  for (let at = 0; at < jobs.length; at++) {
    if (abandoned.aborted || !mayStart()) return;
    const { serviceMs, outcome } = draw(jobs[at]!);
    const startsMs = Math.max(dueMs, nowMs - CATCH_UP_MS);
    const overruns = startsMs + serviceMs > endByMs;
    dueMs = overruns ? Math.max(endByMs, startsMs) : startsMs + serviceMs;
    const waitMs = dueMs - nowMs;
    if (waitMs > TIMER_MS) {
      const slept = setTimeout(waitMs, true, { signal: abandoned });
      if (!(await slept.catch(() => false))) return;
    }
    nowMs = performance.now();
    if (nowMs > turnEndsMs) {
      await setImmediate();
      nowMs = performance.now();
      turnEndsMs = nowMs + TURN_MS;
    }
    const tookMs = dueMs - startsMs;
    onDone(at, overruns ? timedOut(tookMs) : outcome, tookMs);
  }
}

/** Draws job after job; neighbours of one blueprint share their payload, and what follows from it. */
function drawing(speed: number): (job: AdapterJob) => { serviceMs: number; outcome: JobOutcome } {
  let drawn: unknown;
  let from = '';
  let draws: SimulatedDraws | null = null;
  return ({ feed, ordinal, attempt, body: { payload } }) => {
    if (draws === null || drawn !== payload || from !== feed) {
      draws = drawsOf(readSimulated(payload), feed);
      drawn = payload;
      from = feed;
    }
    const { serviceMs, failed } = draws.attempt(ordinal, attempt);
    const outcome: JobOutcome =
      failed === null
        ? { status: 'completed', result: draws.answer(ordinal) }
        : { status: 'failed', ...failed };
    return { serviceMs: serviceMs / speed, outcome };
  };
}
