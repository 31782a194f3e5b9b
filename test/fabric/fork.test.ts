/**
 * The engine and the ledger are both lost, and the fabric goes on from its newest checkpoint: over drawn
 * missions, whatever else happens to them, the forked chains hold by themselves.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { violations } from '../../fabric/invariants.ts';
import { simulate } from '../../fabric/simulate/simulate.ts';
import { problemsOf } from './ledger-of-run.ts';
import { drawn } from './mission-arbitrary.ts';
import { jobsOf, specOf } from './small-world.ts';

const MISSIONS = 500;
const SEED = Number(process.env['FABRIC_TEST_SEED'] ?? 20_180_206);
const DECISIONS_MAX = 5_000;
const LOST_AT_MS = 700;

it(
  `ends every one of ${MISSIONS} missions without their ledger, each job that was open with its one outcome`,
  { timeout: 120_000 },
  () => {
    let chains = 0;
    fc.assert(
      fc.property(drawn, fc.integer({ min: 1, max: 1_500 }), (each, apartMs) => {
        const { mission, commands } = each;
        const spec = specOf({ ...mission, policy: { ...mission.policy, checkpointEveryMs: 300 } });
        // The second time maybe before there is another checkpoint.
        const totalLosses = [LOST_AT_MS, LOST_AT_MS + apartMs];
        const broken: string[] = [];
        const run = simulate({
          spec,
          jobs: jobsOf(spec),
          disorder: { ...each.disorder, totalLosses },
          commands,
          decisionsMax: DECISIONS_MAX,
          watch: { fabric: (shards) => void broken.push(...violations(shards)) },
        });
        expect(broken).toEqual([]);
        expect(run.ended).toBe('closed');
        expect(problemsOf(run)).toEqual([]);
        expect(run.checkpointProblems).toEqual([]);
        chains += [...run.ledger.values()].filter(([first]) => first?.type === 'forked').length;
      }),
      { numRuns: MISSIONS, seed: SEED },
    );
    // Some end before they are lost.
    expect(chains).toBeGreaterThan(MISSIONS / 2);
  },
);
