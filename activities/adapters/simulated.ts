/**
 * The adapter of simulated jobs. Service time and outcome are drawn from the job's own identity and
 * attempt, so that neither the node nor a lost lease changes what becomes of a job.
 */
import { setImmediate, setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { seededUnit } from '../../fabric/seeded.ts';
import type { Adapter, AdapterJob, AdapterRun, JobOutcome } from './adapter.ts';
import { timedOut } from './adapter.ts';

/** Timers are no finer than this; shorter jobs are waited for together. */
const TIMER_MS = 1;
/** How long jobs of no duration may keep the thread before presence gets its turn. */
const TURN_MS = 10;
/** How far a run that was held up may catch up. */
const CATCH_UP_MS = 50;

/** Other payloads are done in no time and never fail. */
const simulatedPayload = z.object({
  durationMs: z.number().min(0).default(0),
  failureRate: z.number().min(0).max(1).default(0),
  seed: z.number().default(0),
});

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

function draw(
  { feed, ordinal, attempt, body }: AdapterJob,
  speed: number,
): { serviceMs: number; outcome: JobOutcome } {
  const parsed = simulatedPayload.safeParse(body.payload);
  const { durationMs, failureRate, seed } = parsed.success
    ? parsed.data
    : { durationMs: 0, failureRate: 0, seed: 0 };
  const service = durationMs === 0 ? 0 : seededUnit(seed, 'service', feed, ordinal, attempt);
  // Half to one and a half times the mean.
  const serviceMs = (durationMs * (0.5 + service)) / speed;
  const drawn = seededUnit(seed, 'outcome', feed, ordinal, attempt);
  if (drawn < failureRate) {
    const message = `drew ${drawn.toFixed(4)}, and ${failureRate} or more would have passed`;
    return { serviceMs, outcome: { status: 'failed', code: 'simulated-failure', message } };
  }
  const answer = Math.floor(seededUnit(seed, 'answer', feed, ordinal) * 1_000_000);
  return { serviceMs, outcome: { status: 'completed', result: { answer } } };
}
