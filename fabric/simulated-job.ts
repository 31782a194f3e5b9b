/**
 * What becomes of a simulated job. Everything is drawn from the job's own identity and attempt, so that
 * a node at work and a run in virtual time come to the same, and a lost lease changes nothing.
 */
import { seededBy } from './seeded.ts';

/** What a simulated job goes by. */
export interface SimulatedPayload {
  /** Mean service time. */
  readonly durationMs: number;
  /** Share of attempts that fail, from 0 to 1. */
  readonly failureRate: number;
  readonly seed: number;
}

/** A job, as its fate is drawn. `attempt` counts from 1. */
export interface JobAttempt {
  readonly feed: string;
  readonly ordinal: number;
  readonly attempt: number;
}

export interface DrawnAttempt {
  /** On a node of speed 1: half to one and a half times the mean. */
  readonly serviceMs: number;
  /** Why it failed, or null when it succeeded. */
  readonly failed: { readonly code: string; readonly message: string } | null;
}

/** Jobs of any other payload are done in no time and never fail. */
const NO_TIME: SimulatedPayload = { durationMs: 0, failureRate: 0, seed: 0 };

export function readSimulated(payload: unknown): SimulatedPayload {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return NO_TIME;
  const { durationMs = 0, failureRate = 0, seed = 0 } = payload as Partial<SimulatedPayload>;
  const isOne = [durationMs, failureRate, seed].every((each) => Number.isFinite(each));
  if (!isOne || durationMs < 0 || failureRate < 0 || failureRate > 1) return NO_TIME;
  return { durationMs, failureRate, seed };
}

/** Draws for jobs of one feed and payload. */
export interface SimulatedDraws {
  attempt(ordinal: number, attempt: number): DrawnAttempt;
  /** The result of a job: the same whichever attempt succeeded. */
  answer(ordinal: number): { readonly answer: number };
}

export function drawsOf(
  { durationMs, failureRate, seed }: SimulatedPayload,
  feed: string,
): SimulatedDraws {
  const service = seededBy(seed, 'service', feed);
  const outcome = seededBy(seed, 'outcome', feed);
  const answer = seededBy(seed, 'answer', feed);
  return {
    attempt: (ordinal, attempt) => {
      const serviceMs = durationMs === 0 ? 0 : durationMs * (0.5 + service(ordinal, attempt));
      const drawn = outcome(ordinal, attempt);
      if (drawn >= failureRate) return { serviceMs, failed: null };
      const message = `drew ${drawn.toFixed(4)}, and ${failureRate} or more would have passed`;
      return { serviceMs, failed: { code: 'simulated-failure', message } };
    },
    answer: (ordinal) => ({ answer: Math.floor(answer(ordinal) * 1_000_000) }),
  };
}
