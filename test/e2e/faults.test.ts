/**
 * What a mission does to its own processes, with real signals: the drill that stops at half and is
 * continued by its token, the node that is killed, and the zombie whose late answer nobody takes.
 */
import { existsSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import type { MissionInput } from '../../fabric/mission/schema.ts';
import type { Report } from '../../reporting/schema.ts';
import { EXIT } from '../../scripts/exit-code.ts';
import { LiveFabric } from './live-fabric.ts';

const TEST_MS_MAX = 240_000;
const RUN_MS_MAX = TEST_MS_MAX / 3;
const fabrics: LiveFabric[] = [];
let undisturbedReport: Report | undefined;

afterAll(async () => {
  for (const fabric of fabrics) await fabric.end();
}, TEST_MS_MAX);

function freshFabric(): LiveFabric {
  const fabric = new LiveFabric();
  fabrics.push(fabric);
  return fabric;
}

/** Two shards, 20 ms a job, one job in ten failed at every try. */
function mission(faults: MissionInput['faults']): MissionInput {
  const shards = ['earth', 'luna'];
  return {
    scenario: 'faults',
    seed: 3,
    policy: { tickMs: 200, leaseTargetMs: 200, leaseJobsMax: 10 },
    shards: { earth: { spilloverLimit: 150, spillTargets: ['luna'] }, luna: {} },
    nodes: shards.map((shard) => ({ id: `${shard}-node`, shard, count: 2, slots: 1 })),
    blueprints: shards.map((shard) => ({
      shard,
      kind: 'survey',
      count: 250,
      durationMs: 20,
      failureRate: 0.1,
    })),
    timeScale: 1_000_000,
    ...(faults === undefined ? {} : { faults }),
  };
}

/** Runs a mission to its end and returns its report. */
function reportOf(faults: MissionInput['faults']) {
  const fabric = freshFabric();
  const ended = fabric.run(['run', fabric.mission(mission(faults)), '--resume'], RUN_MS_MAX);
  expect(ended, ended.stdout + ended.stderr).toMatchObject({ status: EXIT.done });
  expect(fabric.processes()).toEqual([]);
  return { fabric, report: fabric.report(fabric.runId()), said: ended.stdout };
}

/** The report of the same jobs without a fault; one run of them is enough. */
function undisturbed() {
  undisturbedReport ??= reportOf(undefined).report;
  return undisturbedReport;
}

it(
  'the drill without --resume stops at half, and its token ends it as if nothing had been killed',
  () => {
    const drill = freshFabric();
    const stopped = drill.run(['resilience-drill', '--jobs', '2000'], RUN_MS_MAX);
    expect(stopped, stopped.stderr).toMatchObject({ status: EXIT.interrupted });
    expect(drill.processes()).toEqual([]);
    const runId = drill.runId();
    const folders = [...stopped.stdout.matchAll(/^ {2}(?:run and database|ledger) +(.+)$/gm)];
    expect(folders.map(([, folder]) => existsSync(folder!))).toEqual([true, true]);
    const [, checkpoint = ''] = /^ {2}checkpoint +(.+)$/m.exec(stopped.stdout) ?? [];
    expect(checkpoint === 'none was written yet' || existsSync(checkpoint)).toBe(true);
    const count = Number(/after ([\d,]+) outcomes/.exec(stopped.stdout)![1]!.replace(',', ''));
    expect(count).toBeGreaterThanOrEqual(1_000);
    expect(count).toBeLessThan(2_000);

    const token = /resume (pf1\.\S+)/.exec(stopped.stdout)![1]!;
    const resumed = drill.run(['resume', token], RUN_MS_MAX);
    expect(resumed, resumed.stdout + resumed.stderr).toMatchObject({ status: EXIT.done });
    const report = drill.report(runId);
    expect(report).toMatchObject({ passed: true, problems: [], jobs: { accepted: 2_000 } });
    expect(report.faults).toMatchObject([{ kind: 'kill-orchestrator', target: 'orchestrator' }]);

    const plain = freshFabric();
    const args = ['resilience-drill', '--jobs', '2000', '--no-faults'];
    expect(plain.run(args, RUN_MS_MAX)).toMatchObject({ status: EXIT.done });
    const unkilled = plain.report(plain.runId());
    expect(unkilled.faults).toEqual([]);
    expect(report.outcomeDigest).toBe(unkilled.outcomeDigest);
  },
  TEST_MS_MAX,
);

it(
  'killed orchestrator and nodes cost no job, and the report tells each return',
  () => {
    const { report } = reportOf([
      { kind: 'kill-orchestrator', share: 0.25 },
      { kind: 'kill-node', node: 'earth-node-1', share: 0.4 },
      { kind: 'kill-node', node: 'luna-node-2', share: 0.6 },
    ]);
    expect(report).toMatchObject({ problems: [], jobs: { submitted: 500, accepted: 500 } });
    expect(report.faults.map(({ target }) => target)).toEqual([
      'orchestrator',
      'earth-node-1',
      'luna-node-2',
    ]);
    for (const { recoveredAfterMs } of report.faults) expect(recoveredAfterMs).toBeGreaterThan(0);
    const incarnations = new Map(report.nodes.map(({ id, incarnation }) => [id, incarnation]));
    expect(incarnations.get('earth-node-1')).toBeGreaterThan(1);
    expect(incarnations.get('earth-node-2')).toBe(1);
    console.log(
      report.faults
        .map(({ target, recoveredAfterMs }) => `${target}: ${recoveredAfterMs} ms`)
        .join(', '),
    );
    expect(report.outcomeDigest).toBe(undisturbed().outcomeDigest);
  },
  TEST_MS_MAX,
);

it(
  'the killed server comes back on its database and its ports, and everything goes on by itself',
  () => {
    const { report } = reportOf([
      { kind: 'kill-server', share: 0.3 },
      { kind: 'kill-server', share: 0.7 },
    ]);
    expect(report).toMatchObject({ problems: [], jobs: { submitted: 500, accepted: 500 } });
    expect(report.faults.map(({ target }) => target)).toEqual(['server', 'server']);
    for (const { recoveredAfterMs } of report.faults) expect(recoveredAfterMs).toBeGreaterThan(0);
    expect(report.outcomeDigest).toBe(undisturbed().outcomeDigest);
  },
  TEST_MS_MAX,
);

it(
  'a node that is halted past its lease and goes on is not believed: its late answer is refused and counted',
  async () => {
    const { fabric, report } = reportOf([
      { kind: 'stop-node', node: 'earth-node-1', share: 0.2, forMs: 2_500 },
    ]);
    expect(report).toMatchObject({ problems: [], jobs: { submitted: 500, accepted: 500 } });
    expect(report.faults).toMatchObject([{ kind: 'stop-node', target: 'earth-node-1' }]);
    const { lost, lateAnswers } = report.shards['earth']!.leases;
    expect([lost, lateAnswers]).toEqual([expect.any(Number), expect.any(Number)]);
    expect(Math.min(lost, lateAnswers)).toBeGreaterThan(0);
    const chain = await fabric.ledger(report.runId, 'earth');
    expect(chain.filter(({ type }) => type === 'late')).toHaveLength(lateAnswers);
  },
  TEST_MS_MAX,
);
