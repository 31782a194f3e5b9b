/**
 * What planted bugs are tried on: drawn missions with everything that may happen to them, a little rougher
 * than for the core's own tests. Every owner command comes twice under one id, and submitted jobs fail at
 * times too. In the tight world the caps are so low that they are reached.
 */
import fc from 'fast-check';
import type { SimulationOrder } from '../../../fabric/simulate/simulate.ts';
import { CALM } from '../../../fabric/simulate/world.ts';
import { seededUnit } from '../../../fabric/seeded.ts';
import { drawn, type Drawn } from '../../fabric/mission-arbitrary.ts';
import { jobsOf, specOf } from '../../fabric/small-world.ts';
import type { Edit } from './core-copy.ts';

/** Far more than any of them needs; a run that gets there is stuck. */
const DECISIONS_MAX = 5_000;
const REPEATED_AFTER_MS = 150;
const INBOX_FAILURES = 0.4;

/** Caps and a deadline of the tight world, as edits: both the core as it is and the one with the bug have them. */
export const TIGHT: readonly Edit[] = [
  ['fabric/limits.ts', 'classesMax: 512', 'classesMax: 5'],
  ['fabric/limits.ts', 'transferJobsMax: 5_000', 'transferJobsMax: 4'],
  ['fabric/limits.ts', 'ledgerBacklogMax: 512', 'ledgerBacklogMax: 6'],
  ['fabric/limits.ts', 'ledgerGroupMax: 256', 'ledgerGroupMax: 4'],
  ['fabric/limits.ts', 'inboxJobsMax: 2_000', 'inboxJobsMax: 6'],
  ['fabric/orchestrator/relays.ts', 'const DEADLINE_MS = 10_000;', 'const DEADLINE_MS = 300;'],
].map(([file, find, replace]) => ({ file: file!, find: find!, replace: replace! }));

/** Where a bug is tried, unless it is in the missions as they are drawn. */
export type World = 'tight' | 'files' | 'forked' | 'rebuilt';

/** Short leases, for much to be under way at any time. */
const LEASE_TARGET_MS = 20;

/** In the tight world leases end before all of their jobs were begun. */
const LEASE_TIMEOUT_MS = 400;

/**
 * Lost with its ledger twice, the second time maybe before there is another checkpoint; and so many messages
 * are lost that there is something on its way at any time.
 */
const TOTAL_LOSSES = { totalLosses: [700, 950], dropped: 0.4 };

/** Rebuilt from checkpoint and ledger again and again, so that one of the times meets what is just on its way. */
const LOSSES = { engineLosses: Array.from({ length: 25 }, (_, i) => 150 + 97 * i) };

/** The same missions for the same seed. */
export function drawMissions(seed: number, count: number): readonly Drawn[] {
  return fc.sample(drawn, { numRuns: count, seed });
}

/** The mission as it is run. */
export function roughOrder({ mission, disorder, commands }: Drawn, world?: World): SimulationOrder {
  const limits = world === 'tight' ? { leaseTimeoutMs: LEASE_TIMEOUT_MS } : {};
  const often = world === 'forked' || world === 'rebuilt' ? { checkpointEveryMs: 300 } : {};
  const losses = world === 'forked' ? TOTAL_LOSSES : world === 'rebuilt' ? LOSSES : {};
  const spec = specOf({
    ...mission,
    policy: { ...mission.policy, leaseTargetMs: LEASE_TARGET_MS, ...limits, ...often },
  });
  const jobs = jobsOf(spec);
  return {
    spec,
    disorder: { ...disorder, ...losses },
    commands: commands.flatMap(({ atMs, name, input }, i) => {
      const isPlain = typeof input === 'object' && input !== null && !Array.isArray(input);
      const sent = isPlain ? { commandId: `drawn-${i}`, ...input } : input;
      const again = atMs + REPEATED_AFTER_MS;
      return [
        { atMs, name, input: sent },
        ...(isPlain ? [{ atMs: again, name, input: sent }] : []),
      ];
    }),
    jobs: {
      page: (feed, from, count) => jobs.page(feed, from, count),
      attempt: (job) => {
        const { feed, ordinal, attempt } = job;
        if (!feed.startsWith('inbox.')) return jobs.attempt(job);
        const failed = seededUnit(spec.seed, 'inbox', feed, ordinal, attempt) < INBOX_FAILURES;
        return { serviceMs: 5, code: failed ? 'drawn' : null };
      },
    },
    decisionsMax: DECISIONS_MAX,
  };
}

/** The same mission undisturbed, for the digest that it must come to whatever happens. */
export function calmOrder(each: Drawn): SimulationOrder {
  return { ...roughOrder({ ...each, commands: [] }), disorder: CALM };
}
