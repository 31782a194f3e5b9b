/**
 * SIGKILL of everything in the middle of a run: the command line, its processes, the server and the
 * server's watchdog. Nobody had time to print a token; `status` gives one, and `resume` alone goes on to the
 * end that an undisturbed run has.
 */
import { afterAll, expect, it } from 'vitest';
import { EXIT } from '../../scripts/exit-code.ts';
import { resumeToken } from '../../reporting/resume-token.ts';
import { isAlive, LiveFabric, until } from './live-fabric.ts';

const JOBS = 600;
const SHARDS = ['earth', 'luna'];
const TEST_MS_MAX = 240_000;
const MISSION = {
  scenario: 'all-killed',
  seed: 12,
  policy: { tickMs: 200, leaseTargetMs: 200, leaseJobsMax: 20, leaseTimeoutMs: 30_000 },
  shards: { earth: { spilloverLimit: 150, spillTargets: ['luna'] }, luna: {} },
  nodes: SHARDS.map((shard) => ({ id: `${shard}-node`, shard, count: 2, slots: 1 })),
  blueprints: [
    { shard: 'earth', kind: 'survey', count: 400, durationMs: 25, failureRate: 0.05 },
    { shard: 'luna', kind: 'probe', count: 200, durationMs: 25, failureRate: 0.05 },
  ],
  timeScale: 1_000_000,
};

const killed = new LiveFabric();
const undisturbed = new LiveFabric();

afterAll(async () => {
  await killed.end();
  await undisturbed.end();
}, TEST_MS_MAX);

it(
  'every process of a run is killed at once, and one command ends it as if nothing had been',
  async () => {
    const running = killed.start(['run', killed.mission(MISSION)]);
    const { runId, fabric } = await killed.untilUp(running);
    const outcomes = async (): Promise<number> => {
      const chains = await Promise.all(SHARDS.map((shard) => killed.ledger(runId, shard)));
      return chains.flat().filter(({ type }) => type === 'outcome').length;
    };
    await until('leases have ended', async () => (await outcomes()) > 8);

    const pids = killed.recordedPids();
    expect(pids.filter(isAlive)).toEqual(pids);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await running.ended;
    await until('all are gone', () => pids.filter(isAlive).length === 0);
    expect(killed.processes()).toEqual([]);
    expect(running.said()).not.toContain('resume');
    const endedBefore = await outcomes();

    const status = killed.run(['status']);
    expect(status.status).toBe(EXIT.noEngine);
    expect(status.stderr).toContain(`Its run ${runId} was interrupted; continue it with:`);
    expect(status.stderr).toContain(` resume ${resumeToken({ fabric, runId })}`);

    const resumed = killed.run(['resume'], TEST_MS_MAX / 2);
    expect(resumed, resumed.stderr).toMatchObject({ status: EXIT.done });
    expect(killed.processes()).toEqual([]);
    expect(await outcomes()).toBeGreaterThan(endedBefore);

    const plain = undisturbed.run(['run', undisturbed.mission(MISSION)], TEST_MS_MAX / 2);
    expect(plain, plain.stderr).toMatchObject({ status: EXIT.done });
    const [one, other] = [killed.report(runId), undisturbed.report(undisturbed.runId())];
    expect(one.problems).toEqual([]);
    expect(one.jobs).toEqual(other.jobs);
    expect(one.jobs).toMatchObject({ submitted: JOBS, accepted: JOBS });
    expect(one.outcomeDigest).toBe(other.outcomeDigest);
  },
  TEST_MS_MAX,
);
