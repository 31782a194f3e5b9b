/**
 * The audit of a run that is not over. Each chain trails its workflow by some entries, another number for
 * each, as after a kill: whatever is on disk by then holds, and what is missing is not taken for a fault.
 */
import { expect, it } from 'vitest';
import { verifyRun } from '../../audit/verify-run.ts';
import { seededUnit } from '../../fabric/seeded.ts';
import { simulate } from '../../fabric/simulate/simulate.ts';
import type { RunRecords } from '../../reporting/records.ts';
import { CALM } from '../../fabric/simulate/world.ts';
import { jobsOf, specOf } from '../fabric/small-world.ts';
import { drawMissions, roughOrder } from './planted/worlds.ts';
import { recordRun } from './simulated-ledger.ts';

const MISSIONS = 300;
const SEED = Number(process.env['FABRIC_TEST_SEED'] ?? 20_180_206);

/**
 * The chains without a part of their end. The orchestrator's lacks its close at least, which is written when
 * all others are on disk; what may come behind that is a late command to be refused.
 */
function cut(records: RunRecords, lengths: ReadonlyMap<string, number>, no: number): RunRecords {
  return {
    ...records,
    async *entries(chain) {
      const length = lengths.get(chain) ?? 0;
      const kept = Math.floor(seededUnit(SEED, chain, no) * length);
      let at = 0;
      for await (const entry of records.entries(chain)) if (at++ < kept) yield entry;
      return '';
    },
  };
}

it(`${MISSIONS} missions cut off at any entry hold as far as they go`, async () => {
  let entries = 0;
  for (const [no, mission] of drawMissions(SEED, MISSIONS).entries()) {
    const { run, records } = recordRun(simulate, roughOrder(mission));
    const lengths = new Map(
      [...run.ledger].map(([chain, all]) => {
        const close = all.findIndex(({ type }) => type === 'close');
        return [chain, chain === 'orchestrator' && close >= 0 ? close : all.length];
      }),
    );
    const audit = await verifyRun(cut(records, lengths, no));
    const failed = audit.checks.filter(({ held, name }) => !held && name !== 'work');
    expect(failed, `mission ${no}`).toEqual([]);
    expect(audit.closed).toBe(false);
    entries += audit.entries;
  }
  console.log(`${MISSIONS} missions cut off, ${entries} entries: no check failed`);
});

it('a closed run of which a whole chain is missing does not hold, though nothing else refers to it', async () => {
  const spec = specOf({
    shards: [{ name: 'earth' }, { name: 'luna' }],
    feeds: [
      { shard: 'earth', count: 5 },
      { shard: 'luna', count: 5 },
    ],
    nodes: [
      { id: 'e', shard: 'earth' },
      { id: 'l', shard: 'luna' },
    ],
  });
  const order = { spec, jobs: jobsOf(spec), disorder: CALM };
  const { records } = recordRun(simulate, order);
  const chains = async (): Promise<readonly string[]> =>
    (await records.chains()).filter((chain) => chain !== 'luna');
  expect(await heldBy(records)).toEqual([]);
  expect(await heldBy({ ...records, chains })).toContain(
    "luna has no chain, and the orchestrator's names it",
  );
});

async function heldBy(records: RunRecords): Promise<string[]> {
  const { checks } = await verifyRun(records);
  return checks.flatMap(({ shown }) => shown.map(({ what }) => what));
}
