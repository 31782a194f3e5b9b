/**
 * A disk that is full for a while: nothing new is taken in or leased until it is not, everybody can see
 * why, nothing is asked for in haste, and in the end every job has its one outcome.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { violations } from '../../fabric/invariants.ts';
import { isStuck } from '../../fabric/ledger.ts';
import { LIMITS } from '../../fabric/limits.ts';
import { describeFabric } from '../../fabric/orchestrator/status.ts';
import { describeShard, loadReport } from '../../fabric/shard/report.ts';
import type { ShardState } from '../../fabric/shard/state.ts';
import { simulate, type SimulationOrder } from '../../fabric/simulate/simulate.ts';
import { CALM, type Disorder } from '../../fabric/simulate/world.ts';
import { outcomesOf, problemsOf } from './ledger-of-run.ts';
import { jobsOf, specOf } from './small-world.ts';

const FULL = { fromMs: 400, toMs: 60_400 };
const SENTENCE =
  "The ledger can't be written (no space left on the device): nothing new is taken in or leased until it can.";

const spec = specOf({
  shards: [
    { name: 'earth', policy: { spilloverLimit: 60, spillTargets: ['luna'] } },
    { name: 'luna', policy: { spilloverLimit: 200 } },
  ],
  nodes: [
    { id: 'earth-a', shard: 'earth' },
    { id: 'luna-a', shard: 'luna' },
  ],
  feeds: [
    { shard: 'earth', count: 300, failureRate: 0.2 },
    { shard: 'luna', count: 60, perSecond: 5 },
  ],
});

const run = (disorder: Partial<Disorder>, watch: SimulationOrder['watch'] = {}) =>
  simulate({
    spec,
    jobs: jobsOf(spec),
    disorder: { ...CALM, ...disorder },
    decisionsMax: 50_000,
    watch,
  });

const calm = run({});

describe('while the disk is full', () => {
  it('nothing is pulled or leased, all the words say so, and it is tried every few seconds', () => {
    const asked = { append: 0, pull: 0, lease: 0 };
    const told = new Set<string | null>();
    const pages = new Set<boolean>();
    const isIn = (state: ShardState): boolean => isStuck(state.ledger);
    const full = run(
      { fullDisk: [FULL] },
      {
        shard: (before, after, effects) => {
          if (!isIn(before) || !isIn(after)) return;
          told.add(loadReport(after, 0, 0).problem);
          pages.add(describeShard(after, 0).includes(`**Problem** ${SENTENCE}`));
          for (const effect of effects) {
            if (effect.do in asked) asked[effect.do as keyof typeof asked] += 1;
          }
        },
        orchestrator: (before, after) => {
          if (isStuck(before.ledger) && isStuck(after.ledger))
            pages.add(describeFabric(after).includes(`**Problem** ${SENTENCE}`));
        },
      },
    );
    expect(asked).toMatchObject({ pull: 0, lease: 0 });
    // 60 s in steps of 0.5, 1, 2, 4 and then 5 s, twice.
    expect(asked.append).toBeGreaterThan(20);
    expect(asked.append).toBeLessThan(40);
    for (const problem of told) expect(problem).toContain(SENTENCE);
    expect(pages).toEqual(new Set([true]));
    expect(full.ended).toBe('closed');
    expect(full.virtualMs - FULL.toMs).toBeLessThan(calm.virtualMs + 10_000);
    expect(problemsOf(full)).toEqual([]);
    expect(outcomesOf(full)).toEqual(outcomesOf(calm));
    for (const shard of Object.values(full.status.shards)) expect(shard.problem).toBeNull();
  });

  it('a lease whose results could not be written comes back, and is no attempt and no lost lease', () => {
    // The ledger is full only when the first outcomes come in: leases are under way.
    const full = run({ fullDisk: [{ fromMs: 60, toMs: 20_000 }] });
    const back = [...full.ledger.values()].flat().filter((entry) => entry.type === 'requeue');
    expect(back.length).toBeGreaterThan(0);
    for (const { why } of back) {
      expect(why).toBe('its results could not be written: no space left on the device');
    }
    for (const { tally } of Object.values(full.status.shards)) expect(tally.leasesLost).toBe(0);
    expect(problemsOf(full)).toEqual([]);
    expect(outcomesOf(full)).toEqual(outcomesOf(calm));
  });

  it('at any time and as often as it likes, nothing is lost or doubled and all caps hold', () => {
    const times = fc.array(
      fc.record({ fromMs: fc.nat({ max: 3_000 }), forMs: fc.nat({ max: 30_000 }) }),
      { minLength: 1, maxLength: 4 },
    );
    const renewals = fc.constantFrom(0, 3, 20);
    fc.assert(
      fc.property(times, renewals, fc.nat({ max: 9_999 }), (drawn, renewEvery, seed) => {
        const fullDisk = drawn.map(({ fromMs, forMs }) => ({ fromMs, toMs: fromMs + forMs }));
        const wild = { seed, duplicated: 0.2, dropped: 0.2, delayMsMax: 50, untilMs: 3_000 };
        const broken: string[] = [];
        const full = run(
          { ...wild, fullDisk, renewEvery },
          {
            fabric: (shards) => broken.push(...violations(shards)),
            shard: (_, { ledger }) => {
              if (ledger.backlog.length > LIMITS.ledgerBacklogMax) broken.push('backlog');
            },
          },
        );
        expect(broken).toEqual([]);
        expect(full.ended).toBe('closed');
        expect(problemsOf(full)).toEqual([]);
        expect(outcomesOf(full)).toEqual(outcomesOf(calm));
      }),
      { numRuns: 100 },
    );
  });
});
