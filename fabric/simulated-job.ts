/**
 * What becomes of a simulated job. Everything is drawn from the job's own identity and attempt, so that
 * a node at work and a run in virtual time come to the same, and a lost lease changes nothing.
 */
import { z } from 'zod';
import { seededUnit } from './seeded.ts';

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

const simulatedPayload = z.object({
  durationMs: z.number().min(0).default(0),
  failureRate: z.number().min(0).max(1).default(0),
  seed: z.number().default(0),
});

/** Jobs of any other payload are done in no time and never fail. */
const NO_TIME: SimulatedPayload = { durationMs: 0, failureRate: 0, seed: 0 };

export function readSimulated(payload: unknown): SimulatedPayload {
  const parsed = simulatedPayload.safeParse(payload);
  return parsed.success ? parsed.data : NO_TIME;
}

export function drawAttempt(
  { durationMs, failureRate, seed }: SimulatedPayload,
  { feed, ordinal, attempt }: JobAttempt,
): DrawnAttempt {
  const service = durationMs === 0 ? 0 : seededUnit(seed, 'service', feed, ordinal, attempt);
  const serviceMs = durationMs * (0.5 + service);
  const drawn = seededUnit(seed, 'outcome', feed, ordinal, attempt);
  if (drawn >= failureRate) return { serviceMs, failed: null };
  const message = `drew ${drawn.toFixed(4)}, and ${failureRate} or more would have passed`;
  return { serviceMs, failed: { code: 'simulated-failure', message } };
}

/** The result of a simulated job: the same whichever attempt succeeded. */
export function drawAnswer(
  { seed }: SimulatedPayload,
  { feed, ordinal }: Omit<JobAttempt, 'attempt'>,
): { readonly answer: number } {
  return { answer: Math.floor(seededUnit(seed, 'answer', feed, ordinal) * 1_000_000) };
}
