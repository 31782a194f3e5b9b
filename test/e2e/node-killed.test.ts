/**
 * The host of all nodes is killed in the middle of long leases: what they had finished by their last
 * heartbeat is kept, only the rest is done again, and nothing is lost or counted twice.
 */
import { afterAll, expect, it } from 'vitest';
import { EXIT } from '../../scripts/exit-code.ts';
import { LiveFabric, until } from './live-fabric.ts';

const JOBS = 120;
const TEST_MS_MAX = 90_000;

const fabric = new LiveFabric();
afterAll(() => fabric.end(), TEST_MS_MAX);

it.each([
  ['is back before the engine has missed it', false],
  ['stays away until it is given up', true],
])(
  'keeps what a killed node had synced that %s, and does only the rest again',
  async (_, staysAway) => {
    const mission = fabric.mission({
      scenario: 'killed',
      seed: 3,
      policy: { tickMs: 200, leaseTargetMs: 5_000, leaseJobsMax: 60 },
      shards: { earth: {} },
      nodes: [{ id: 'earth-node', shard: 'earth', count: 2, slots: 1 }],
      blueprints: [{ shard: 'earth', kind: 'survey', count: JOBS, durationMs: 60 }],
      gates: { completionRatio: 1 },
    });
    const running = fabric.start(['run', mission]);
    const { runId } = await fabric.untilUp(running);
    const done = (): number => fabric.results(runId).length;
    await until('some jobs of running leases are on disk', () => done() >= 25);
    const { supervisor, pids } = fabric.record();
    if (staysAway) process.kill(supervisor.pid, 'SIGSTOP');
    process.kill(pids['node host']!, 'SIGKILL');
    const change = staysAway ? 'lost' : 'registered';
    await until('both nodes are given up, or are here again', async () => {
      const entries = await fabric.ledger(runId, 'earth');
      const changes = entries.filter((each) => each.type === 'node' && each.change === change);
      return changes.length === (staysAway ? 2 : 4);
    });
    process.kill(supervisor.pid, 'SIGCONT');
    expect(await running.ended, running.said()).toBe(EXIT.done);
    const report = fabric.report(runId);
    expect(report.problems).toEqual([]);
    expect(report.jobs).toMatchObject({ submitted: JOBS, completed: JOBS });
    const entries = await fabric.ledger(runId, 'earth');
    const kept = entries.flatMap((entry) =>
      entry.type === 'outcome' && entry.lost === true
        ? entry.items.flatMap(({ completed }) => completed)
        : [],
    );
    expect(kept.length).toBeGreaterThan(0);
    // A beat is sent every 0.4 s at the latest, and records are synced every 0.2 s.
    const again = fabric.results(runId).length - JOBS;
    console.log(`killed in mid-lease: ${again} of ${JOBS} jobs were done again`);
    expect(again).toBeLessThan(2 * 25);
  },
  TEST_MS_MAX,
);
