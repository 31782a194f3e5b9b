/**
 * Faults that a mission has done to its own fabric: which process is killed, stopped or cut off, and
 * when. They stand in the file like the owner's commands, so that a drill is repeated from its seed.
 */
import { z } from 'zod';
import { seededUnit } from '../seeded.ts';
import { LIMITS } from '../limits.ts';
import { name, number, object, RANGES, whole } from './fields.ts';
import type { RunFault, RunNode } from './run-spec.ts';
import { AT_MS_MAX, at, timeInMs } from './timeline.ts';

const share = (): z.ZodNumber => number({ min: 0, max: 1 });

const when = {
  at: at.optional(),
  outcomes: whole({ min: 1, max: RANGES.jobsPerFeed.max })
    .optional()
    .describe('When: once so many jobs of the whole run have ended.'),
  share: share().optional().describe('When: once this share of the jobs of all feeds has ended.'),
  random: object({
    times: whole({ min: 1, max: LIMITS.faultsMax })
      .default(1)
      .describe('How many such faults. Default 1.'),
    from: share().default(0.1).describe('The earliest, as a share of all jobs. Default 0.1.'),
    to: share().default(0.9).describe('The latest. Default 0.9.'),
  })
    .optional()
    .describe('When: once a share of the jobs has ended that is drawn from the seed.'),
};

const node = name()
  .optional()
  .describe('The id of the node; of several equal ones with its number. Left out: drawn.');

const forMs = whole({ min: 1, max: 3_600_000 }).describe('For how long, in ms.');

/** Slowed by this the longest halt of a process is 300 ms, far from the second that a beat may be missing. */
export const SLOW_TIMES_MAX = 16;

function fault<Kind extends string, Shape extends z.core.$ZodLooseShape>(
  kind: Kind,
  shape: Shape,
  says: string,
) {
  return object({ ...when, ...shape, kind: z.literal(kind).describe(says) });
}

/** One entry of `faults`, told apart by `kind`. Exactly one of at, outcomes, share and random is given. */
export const missionFault = z
  .discriminatedUnion('kind', [
    fault(
      'kill-orchestrator',
      {},
      'Ends the orchestrator process with SIGKILL. With --resume it is brought back.',
    ),
    fault(
      'kill-server',
      {},
      'Ends the embedded Temporal server with SIGKILL; it is started again on its database.',
    ),
    fault('kill-node', { node }, "Ends a node's process with SIGKILL; it is started again."),
    fault(
      'stop-node',
      { node, forMs },
      "Halts a node's process with SIGSTOP, and lets it go on with SIGCONT.",
    ),
    fault(
      'slow-node',
      {
        node,
        forMs: forMs.default(10_000).describe('For how long, in ms. Default 10,000.'),
        times: whole({ min: 2, max: SLOW_TIMES_MAX })
          .default(10)
          .describe('How many times as long computing takes there. Default 10.'),
      },
      "Gives a node's process one part in so many of its time, by SIGSTOP and SIGCONT in turns.",
    ),
    fault(
      'cut-network',
      {
        node,
        target: z
          .enum(['node', 'orchestrator'])
          .default('node')
          .describe(
            "Whose way to the server is cut: a node's or the orchestrator's. Default node.",
          ),
        forMs: forMs.default(3_000).describe('For how long, in ms. Default 3,000.'),
        how: z
          .enum(['stalled', 'closed'])
          .default('stalled')
          .describe(
            'stalled: connections stay open and nothing gets through. closed: they are torn down, and none is made. Default stalled.',
          ),
      },
      'Cuts a process off the Temporal server; the process itself is left alone.',
    ),
  ])
  .describe('One fault. Give one of `at`, `outcomes`, `share` and `random`.');

export type MissionFault = z.output<typeof missionFault>;

/** What says when a fault is due. */
export const FAULT_TIMES = ['at', 'outcomes', 'share', 'random'] as const;

/** False for a time written with a unit that passes what a number may be. */
export function faultInRange({ at: due }: MissionFault): boolean {
  return due === undefined || timeInMs(due) <= AT_MS_MAX;
}

/**
 * Every fault by itself, with its time and its target fixed: what is drawn comes from the seed and from
 * its place in the mission. `jobs` is how many jobs all feeds hold.
 */
export function runFaults(
  faults: readonly MissionFault[],
  { seed, nodes, jobs }: { seed: number; nodes: readonly RunNode[]; jobs: number },
): RunFault[] {
  const ids = nodes.map(({ id }) => id).sort();
  return faults.flatMap((entry, place) =>
    Array.from({ length: entry.random?.times ?? 1 }, (_, i): RunFault => {
      const draw = (what: string): number => seededUnit('fault', what, seed, place, i);
      const due = dueOf(entry, jobs, draw('when'));
      if (entry.kind === 'kill-orchestrator' || entry.kind === 'kill-server')
        return { ...due, kind: entry.kind };
      if (entry.kind === 'cut-network' && entry.target === 'orchestrator') {
        const { kind, how, forMs } = entry;
        return { ...due, kind, node: null, how, forMs };
      }
      const node = entry.node ?? ids[Math.floor(draw('node') * ids.length)];
      if (node === undefined) throw new Error('a fault of a node in a mission without nodes');
      switch (entry.kind) {
        case 'kill-node':
          return { ...due, kind: entry.kind, node };
        case 'stop-node':
          return { ...due, kind: entry.kind, node, forMs: entry.forMs };
        case 'slow-node':
          return { ...due, kind: entry.kind, node, times: entry.times, forMs: entry.forMs };
        case 'cut-network':
          return { ...due, kind: entry.kind, node, how: entry.how, forMs: entry.forMs };
      }
    }),
  );
}

/** The report's word for what a fault is done to. */
export function faultTarget(fault: RunFault): string {
  if (fault.kind === 'kill-server') return 'server';
  return 'node' in fault && fault.node !== null ? fault.node : 'orchestrator';
}

function dueOf(
  entry: MissionFault,
  jobs: number,
  drawn: number,
): Pick<RunFault, 'atMs' | 'atOutcomes'> {
  if (entry.at !== undefined) return { atMs: timeInMs(entry.at), atOutcomes: null };
  if (entry.outcomes !== undefined) return { atMs: null, atOutcomes: entry.outcomes };
  const { from, to } = entry.random ?? { from: entry.share ?? 0, to: entry.share ?? 0 };
  const part = from + (to - from) * drawn;
  return { atMs: null, atOutcomes: Math.max(1, Math.round(part * jobs)) };
}
