/** What the figures were measured on, so that those of another machine are not held against them. */
import { availableParallelism, cpus, totalmem } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly node: string;
  /** ms that a fixed loop takes here: how fast one core is just now, in a number that compares. */
  readonly fixedLoopMs: number;
}

const LOOP_STEPS = 200_000_000;
const LOOP_TRIES = 3;

/** Looks at the machine; takes about a second. */
export function machineFacts(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    fixedLoopMs: Math.min(...Array.from({ length: LOOP_TRIES }, fixedLoop)),
  };
}

/** A linear congruential generator, 200 million steps: integers only, no memory. */
function fixedLoop(): number {
  const startMs = performance.now();
  let x = 1;
  for (let i = 0; i < LOOP_STEPS; i += 1) x = (Math.imul(x, 1_664_525) + 1_013_904_223) | 0;
  const ms = performance.now() - startMs;
  // The loop must have a result that is used, or the compiler may leave it out.
  return x === 0.5 ? 0 : Math.round(ms);
}
