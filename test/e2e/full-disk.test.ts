/**
 * The disk of the reports is full in the middle of a run: everybody who looks is told so in plain words,
 * nothing is leased, the owner's commands still work, and when there is room the run goes on by itself to
 * the end that it would have had.
 */
import { readdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { size } from '../../fabric/ordinals.ts';
import type { MissionInput } from '../../fabric/mission/schema.ts';
import type { FabricStatus } from '../../workflows/protocol.ts';
import { LiveFabric, until } from './live-fabric.ts';
import { smallDisk } from './small-disk.ts';

const JOBS = 500;
const SHARDS = ['earth', 'luna'];
const TEST_MS_MAX = 150_000;
const WHY = /The ledger can't be written \(no space left on the device\): nothing/;

const fabric = new LiveFabric();
const disk = smallDisk(join(fabric.folder, 'reports'));
const whole = new LiveFabric();
const wholeDisk = smallDisk(whole.folder, 48);
afterAll(async () => {
  disk.free();
  wholeDisk.free();
  await fabric.end(() => disk.end());
  await whole.end(() => wholeDisk.end());
}, TEST_MS_MAX);

const status = (): FabricStatus => {
  const { stdout } = fabric.run(['status', '--json']);
  return (JSON.parse(stdout) as { status: FabricStatus }).status;
};

async function ended(runId: string, of = fabric): Promise<number> {
  const chains = await Promise.all(SHARDS.map((shard) => of.ledger(runId, shard)));
  return chains
    .flat()
    .flatMap((entry) => (entry.type === 'outcome' ? entry.items : []))
    .reduce((sum, { completed, failed }) => sum + size(completed) + failed.length, 0);
}

const MISSION: MissionInput = {
  scenario: 'full-disk',
  seed: 11,
  timeScale: 1_000_000,
  policy: { tickMs: 200, leaseTargetMs: 200, leaseJobsMax: 20 },
  shards: Object.fromEntries(SHARDS.map((shard) => [shard, {}])),
  nodes: SHARDS.map((shard) => ({ id: `${shard}-node`, shard, slots: 2 })),
  blueprints: SHARDS.map((shard) => ({
    shard,
    kind: 'survey',
    count: JOBS / 2,
    durationMs: 40,
    failureRate: 0.05,
  })),
};

it(
  'a full disk stops a run with a clear word, and the run ends whole once there is room',
  async () => {
    const mission = fabric.mission(MISSION);
    const running = fabric.start(['run', mission], { env: disk.env });
    const { runId } = await fabric.untilUp(running);
    await until('some jobs have ended', async () => (await ended(runId)) > JOBS / 10);

    disk.fill();
    await until('both shards say why they have stopped', () =>
      Object.values(status().shards).every(({ problem }) => WHY.test(problem ?? '')),
    );
    const stopped = status();
    expect(fabric.run(['status']).stdout).toMatch(WHY);
    await until('the running command says it too', () => WHY.test(running.said()));
    const before = await ended(runId);
    expect(before).toBeLessThan(JOBS);
    const owner = fabric.run(['owner', 'set-spillover-limit', 'luna', '321']);
    expect(owner, owner.stdout + owner.stderr).toMatchObject({ status: 0 });
    await until('the orchestrator says it too', () => WHY.test(status().problem ?? ''));
    const live = fabric.run(['replay', runId, '--json']);
    expect(JSON.parse(live.stdout), live.stderr).toMatchObject({
      passed: true,
      histories: { from: 'engine', replayed: 3, failures: [] },
      outcomeDigest: { reported: null },
      problems: [],
    });
    const still = status();
    const leases = ({ shards }: FabricStatus) =>
      Object.values(shards).map(({ tally }) => tally.leasesGranted);
    expect(leases(still)).toEqual(leases(stopped));
    expect(await ended(runId)).toBe(before);

    disk.free();
    expect(await running.ended, running.said()).toBe(0);
    const report = fabric.report(runId);
    expect(report.problems).toEqual([]);
    expect(report.jobs).toMatchObject({ submitted: JOBS, accepted: JOBS, cancelled: 0, queued: 0 });
    expect(report.jobs.completed + report.jobs.failed).toBe(JOBS);
    const { commands } = report.governance;
    expect(commands.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
      'updateSpilloverLimit applied',
      'close applied',
    ]);
    for (const chain of fabric.chains(runId)) {
      const folder = join(fabric.folder, 'reports/planetary-fabric/ledger', runId, chain);
      expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
    }
    const replayed = fabric.run(['replay', runId]);
    expect(replayed, replayed.stdout + replayed.stderr).toMatchObject({ status: 0 });
    expect(replayed.stdout).toContain(`${report.outcomeDigest}; the report says the same.`);
    const audited = fabric.run(['audit', 'verify', runId]);
    expect(audited, audited.stdout + audited.stderr).toMatchObject({ status: 0 });
    // Not even a missing tail goes unseen.
    const earth = join(fabric.folder, 'reports/planetary-fabric/ledger', runId, 'earth');
    unlinkSync(join(earth, readdirSync(earth).sort().at(-1)!));
    const cut = fabric.run(['replay', runId]);
    expect(cut, cut.stderr).toMatchObject({ status: 1 });
    expect(cut.stdout).toContain('! earth: the ledger does not lead to sha256:');
    const simulated = fabric.run(['simulate', mission, '--json']);
    const { outcomeDigest } = JSON.parse(simulated.stdout) as { outcomeDigest: string };
    expect(report.outcomeDigest).toBe(outcomeDigest);
  },
  TEST_MS_MAX,
);

it(
  'where the server’s database is on it too, that is said as well, and the run ends whole all the same',
  async () => {
    const running = whole.start(['run', whole.mission(MISSION)], { env: wholeDisk.env });
    const { runId } = await whole.untilUp(running);
    await until('some jobs have ended', async () => (await ended(runId, whole)) > JOBS / 10);
    wholeDisk.fill();
    if (wholeDisk.isReal) {
      const full = /no space is left on the device of .*: nothing can be recorded/;
      await until('the running command says it', () => full.test(running.said()));
      expect(whole.run(['status'])).toMatchObject({
        status: 1,
        stdout: expect.stringMatching(full),
      });
    }
    expect(await ended(runId, whole)).toBeLessThan(JOBS);
    wholeDisk.free();
    expect(await running.ended, running.said()).toBe(0);
    const { problems, jobs } = whole.report(runId);
    expect(problems).toEqual([]);
    expect(jobs.completed + jobs.failed).toBe(JOBS);
    const audited = whole.run(['audit', 'verify', runId]);
    expect(audited, audited.stdout + audited.stderr).toMatchObject({ status: 0 });
  },
  TEST_MS_MAX,
);
