/**
 * Ctrl-C in the middle of a run: nothing is left running, the run is kept, and its token continues it
 * on the same database to the end that an uninterrupted run has.
 */
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { checkpointFiles, readCheckpoint } from '../../activities/checkpoint.ts';
import { size } from '../../fabric/ordinals.ts';
import { EXIT } from '../../scripts/exit-code.ts';
import { readResumeToken } from '../../reporting/resume-token.ts';
import { isAlive, LiveFabric, until } from './live-fabric.ts';

const JOBS = 600;
const SHARDS = ['earth', 'luna'];
const TEST_MS_MAX = 240_000;
const MISSION = {
  scenario: 'interrupted',
  seed: 11,
  policy: { tickMs: 200, leaseTargetMs: 200, leaseJobsMax: 20, checkpointEveryMs: 500 },
  shards: { earth: { spilloverLimit: 150, spillTargets: ['luna'] }, luna: {} },
  nodes: SHARDS.map((shard) => ({ id: `${shard}-node`, shard, count: 2, slots: 1 })),
  blueprints: [
    { shard: 'earth', kind: 'survey', count: 400, durationMs: 25, failureRate: 0.05 },
    { shard: 'luna', kind: 'probe', count: 200, durationMs: 25, failureRate: 0.05 },
  ],
  timeScale: 1_000_000,
};

const interrupted = new LiveFabric();
const undisturbed = new LiveFabric();

afterAll(async () => {
  await interrupted.end();
  await undisturbed.end();
}, TEST_MS_MAX);

/** Jobs that have ended, by the chains on disk. */
async function ended(runId: string): Promise<number> {
  const chains = await Promise.all(SHARDS.map((shard) => interrupted.ledger(runId, shard)));
  return chains
    .flat()
    .flatMap((entry) => (entry.type === 'outcome' ? entry.items : []))
    .reduce((sum, { completed, failed }) => sum + size(completed) + failed.length, 0);
}

it(
  'Ctrl-C keeps the run, and its token ends it with the outcomes of an undisturbed one',
  async () => {
    const running = interrupted.start(['run', interrupted.mission(MISSION)], { ownGroup: true });
    const { runId } = await interrupted.untilUp(running);
    await until('a quarter of the jobs have ended', async () => (await ended(runId)) > JOBS / 4);
    const checkpoints = join(interrupted.folder, 'reports/planetary-fabric/checkpoints', runId);
    await until(
      'a checkpoint is there',
      async () => (await checkpointFiles(checkpoints)).length > 0,
    );
    const pids = interrupted.recordedPids();
    expect(pids.filter(isAlive)).toEqual(pids);

    // A terminal sends it to the whole foreground group.
    process.kill(-running.child.pid!, 'SIGINT');
    expect(await running.ended, running.said()).toBe(EXIT.interrupted);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(interrupted.processes()).toEqual([]);
    expect(() => process.kill(-running.child.pid!, 0)).toThrow(/ESRCH/);
    const atInterruption = await ended(runId);
    expect(atInterruption).toBeLessThan(JOBS);

    const token = /resume (pf1\.\S+)/.exec(running.said())![1]!;
    const newest = (await checkpointFiles(checkpoints)).at(-1)!;
    const { checkpoint, sha256 } = await readCheckpoint(newest);
    const { epoch, orchestrator, shards } = checkpoint;
    const positions = [orchestrator, ...shards].map(({ workflowId, events }) => [
      workflowId,
      events,
    ]);
    expect(readResumeToken(token)).toEqual({
      fabric: 'planetary-fabric',
      runId,
      checkpoint: { epoch, sha256, positions: Object.fromEntries(positions) as object },
    });
    const openEntries = (await interrupted.ledger(runId, 'earth')).filter(
      ({ type }) => type === 'open',
    );
    const resumed = interrupted.run(['resume', token], TEST_MS_MAX / 2);
    expect(resumed, resumed.stderr).toMatchObject({ status: EXIT.done });
    expect(interrupted.processes()).toEqual([]);

    // The same workflows went on: they opened once, and their chains were only added to.
    const chain = await interrupted.ledger(runId, 'earth');
    expect(chain.filter(({ type }) => type === 'open')).toEqual(openEntries);
    const plain = undisturbed.run(['run', undisturbed.mission(MISSION)], TEST_MS_MAX / 2);
    expect(plain, plain.stderr).toMatchObject({ status: EXIT.done });
    const [one, other] = [interrupted.report(runId), undisturbed.report(undisturbed.runId())];
    expect(one.problems).toEqual([]);
    expect(one.jobs).toEqual(other.jobs);
    expect(one.jobs).toMatchObject({ submitted: JOBS, accepted: JOBS });
    expect(one.outcomeDigest).toBe(other.outcomeDigest);
  },
  TEST_MS_MAX,
);
