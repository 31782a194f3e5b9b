/**
 * The loss of the engine itself: everything is killed and the server's database deleted. What is left is a
 * checkpoint and the ledger; the run goes on from them to the outcomes that it would have had. Without the
 * ledger it goes on from the checkpoint alone, and says what that means.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { MissionInput } from '../../fabric/mission/schema.ts';
import { EXIT } from '../../scripts/exit-code.ts';
import { isAlive, LiveFabric, until } from './live-fabric.ts';

const JOBS = 700;
const TEST_MS_MAX = 180_000;

const mission: MissionInput = {
  scenario: 'rebuilt',
  seed: 29,
  timeScale: 1_000_000,
  policy: { tickMs: 200, leaseTargetMs: 200, leaseJobsMax: 10, checkpointEveryMs: 500 },
  shards: { earth: { spilloverLimit: 100, spillTargets: ['luna'] }, luna: {} },
  nodes: ['earth', 'luna'].map((shard) => ({ id: `${shard}-node`, shard, count: 2, slots: 1 })),
  blueprints: [
    { shard: 'earth', kind: 'survey', count: 500, durationMs: 25, failureRate: 0.05 },
    { shard: 'luna', kind: 'probe', count: 200, durationMs: 25, failureRate: 0.05 },
  ],
};

const lost = new LiveFabric();
const calm = new LiveFabric();
const bereft = new LiveFabric();

afterAll(async () => {
  await lost.end();
  await calm.end();
  await bereft.end();
}, TEST_MS_MAX);

function reportsOf(fabric: LiveFabric): string {
  return join(fabric.folder, 'reports', 'planetary-fabric');
}

/** Checkpoints on disk, oldest first. */
function checkpointsOf(fabric: LiveFabric): string[] {
  const folder = join(reportsOf(fabric), 'checkpoints');
  if (!existsSync(folder)) return [];
  const [runId = ''] = readdirSync(folder);
  const names = readdirSync(join(folder, runId)).filter((name) => !name.startsWith('.'));
  return names.sort().map((name) => join(folder, runId, name));
}

async function loseEverything(fabric: LiveFabric): Promise<string> {
  const running = fabric.start(['run', fabric.mission(mission)]);
  await fabric.untilUp(running);
  const { runId } = fabric.record();
  // The ledger is to know of outcomes that the checkpoint knows nothing of.
  await until('outcomes stand in the ledger beyond a checkpoint', async () => {
    const newest = checkpointsOf(fabric).at(-1);
    if (newest === undefined) return false;
    const { body } = JSON.parse(readFileSync(newest, 'utf8')) as {
      body: { counts: { completed: number } };
    };
    const entries = [
      ...(await fabric.ledger(runId, 'earth')),
      ...(await fabric.ledger(runId, 'luna')),
    ];
    const completed = entries.flatMap((entry) => (entry.type === 'outcome' ? entry.items : []));
    const ended = completed.reduce((sum, item) => sum + item.completed.length, 0);
    return body.counts.completed > 0 && ended > 0 && checkpointsOf(fabric).length > 1;
  });
  const folder = join(fabric.folder, '.planetary-fabric', 'runs', runId);
  const server = JSON.parse(readFileSync(join(folder, 'engine.json'), 'utf8')) as { pid: number };
  const pids = [running.child.pid!, ...Object.values(fabric.record().pids), server.pid];
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await until('all of it is gone', () => pids.every((pid) => !isAlive(pid)));
  for (const name of readdirSync(folder)) {
    if (name.startsWith('temporal.db')) rmSync(join(folder, name));
  }
  return runId;
}

it(
  'a run whose server lost everything is rebuilt, runs nothing twice that has an outcome, and ends alike',
  async () => {
    const runId = await loseEverything(lost);
    const newest = checkpointsOf(lost).at(-1)!;

    const text = readFileSync(newest, 'utf8');
    const damaged = join(lost.folder, 'damaged.json');
    writeFileSync(damaged, text.replace('"completed":', '"completed":1'));
    expect(lost.run(['resume', damaged])).toMatchObject({
      status: EXIT.usage,
      stderr: expect.stringContaining('was changed after it was written') as string,
    });

    const ended = lost.run(['resume', newest], TEST_MS_MAX / 2);
    expect(ended, ended.stderr).toMatchObject({ status: EXIT.done });
    expect(ended.stdout).toMatch(/rebuilt from .*checkpoints.* of the ledger beyond it/);
    const report = lost.report(runId);
    expect(report.problems).toEqual([]);
    expect(report.jobs).toMatchObject({ submitted: JOBS, accepted: JOBS });
    expect(report.checkpoints.length).toBeGreaterThan(2);

    const undisturbed = calm.run(['run', calm.mission(mission)], TEST_MS_MAX / 2);
    expect(undisturbed, undisturbed.stderr).toMatchObject({ status: EXIT.done });
    expect(report.outcomeDigest).toBe(calm.report(calm.runId()).outcomeDigest);
    const audit = lost.run(['audit', 'verify', runId]);
    expect(audit, audit.stdout).toMatchObject({ status: EXIT.done });
  },
  TEST_MS_MAX,
);

it(
  'a run that lost its ledger too goes on from its checkpoint once that is named, and says what that means',
  async () => {
    const runId = await loseEverything(bereft);
    const newest = checkpointsOf(bereft).at(-1)!;
    const ledger = join(reportsOf(bereft), 'ledger', runId);
    rmSync(join(ledger, 'luna'), { recursive: true });
    const damaged = bereft.run(['resume', newest]);
    expect(damaged, damaged.stderr).toMatchObject({ status: EXIT.usage });
    expect(damaged.stderr).toMatch(/luna.* does not lead through .*Put back what is missing in/s);
    rmSync(ledger, { recursive: true });

    const unnamed = bereft.run(['resume', runId]);
    expect(unnamed).toMatchObject({ status: EXIT.usage });
    expect(unnamed.stderr).toMatch(
      /The ledger of run .* is not in .*that were open then run again/s,
    );
    expect(unnamed.stderr).toContain(`resume ${newest}`);

    const ended = bereft.run(['resume', newest], TEST_MS_MAX / 2);
    expect(ended, ended.stderr).toMatchObject({ status: EXIT.done });
    expect(ended.stdout).toMatch(
      /no ledger: going on from .* as a forked chain\n {2}\d+ jobs that were open/,
    );
    const report = bereft.report(runId);
    expect(report.problems).toEqual([]);
    const { counts } = (
      JSON.parse(readFileSync(newest, 'utf8')) as {
        body: { counts: Record<'completed' | 'failed' | 'cancelled', number> };
      }
    ).body;
    const endedBefore = counts.completed + counts.failed + counts.cancelled;
    expect(report.forkedFrom).toMatchObject({ endedBefore });
    expect(report.jobs).toMatchObject({ submitted: JOBS, accepted: JOBS });
    expect(report.jobs.completed + report.jobs.failed).toBe(JOBS);
    expect(ended.stdout).toContain('The ledger was lost');
    const audit = bereft.run(['audit', 'verify', runId]);
    expect(audit, audit.stdout).toMatchObject({ status: EXIT.done });
    // The next checkpoint took the place of none.
    expect(report.checkpoints.every(({ path }) => path > newest)).toBe(true);
  },
  TEST_MS_MAX,
);
