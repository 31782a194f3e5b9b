/**
 * Nodes that are slow, and processes whose way to the server is cut: they live, hear nothing, and say what
 * they have to say too late. Real signals and a real proxy, over a real server.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import type { LedgerEntry } from '../../fabric/ledger.ts';
import type { MissionInput } from '../../fabric/mission/schema.ts';
import { size } from '../../fabric/ordinals.ts';
import { EXIT } from '../../scripts/exit-code.ts';
import { LiveFabric } from './live-fabric.ts';

const TEST_MS_MAX = 240_000;
const RUN_MS_MAX = TEST_MS_MAX / 3;
const example = new URL('../../examples/faults/mission.json', import.meta.url);
/**
 * An answer is late for the workflow run that gave its lease up; the next run of the chain never hears of it.
 * So runs are as long as they may be where late answers are asked for.
 */
const longRuns = { historyEventsMax: 2_000 };
const fabrics: LiveFabric[] = [];

afterAll(async () => {
  for (const fabric of fabrics) await fabric.end();
}, TEST_MS_MAX);

/** Two shards, two nodes each, 400 jobs each of 20 ms, one job in ten failed at every try. */
function mission(faults: MissionInput['faults']): MissionInput {
  const shards = ['earth', 'luna'];
  return {
    scenario: 'cuts',
    seed: 3,
    policy: { tickMs: 200, leaseTargetMs: 200, leaseJobsMax: 10, ...longRuns },
    shards: { earth: { spilloverLimit: 150, spillTargets: ['luna'] }, luna: {} },
    nodes: shards.map((shard) => ({ id: `${shard}-node`, shard, count: 2, slots: 1 })),
    blueprints: shards.map((shard) => ({
      shard,
      kind: 'survey',
      count: 400,
      durationMs: 20,
      failureRate: 0.1,
    })),
    timeScale: 1_000_000,
    ...(faults === undefined ? {} : { faults }),
  };
}

/** The example, its agent found from any folder, in long runs. */
function exampleMission(): MissionInput {
  const text = readFileSync(example, 'utf8');
  const agent = fileURLToPath(new URL('agent.mjs', example));
  const mission = JSON.parse(text.replace('agent.mjs', agent)) as MissionInput;
  return { ...mission, policy: { ...mission.policy, ...longRuns } };
}

/** Runs a mission file to its end. */
function run(fabric: LiveFabric, file: string) {
  fabrics.push(fabric);
  const ended = fabric.run(['run', file, '--resume'], RUN_MS_MAX);
  expect(ended, ended.stdout + ended.stderr).toMatchObject({ status: EXIT.done });
  expect(fabric.processes()).toEqual([]);
  const report = fabric.report(fabric.runId());
  for (const { kind, target, recoveredAfterMs, reexecutedJobs } of report.faults)
    console.log(`${kind} of ${target}: ${recoveredAfterMs} ms, ${reexecutedJobs} jobs again`);
  return { report, said: ended.stdout };
}

function of<T extends LedgerEntry['type']>(chain: readonly LedgerEntry[], node: string, type: T) {
  return chain.filter(
    (entry): entry is Extract<LedgerEntry, { type: T }> =>
      entry.type === type && 'node' in entry && entry.node === node,
  );
}

const changes = (chain: readonly LedgerEntry[], node: string): string[] =>
  of(chain, node, 'node').map(({ change }) => change);

it(
  'the example: a slow node gets smaller leases, then none, and is never lost; one that is cut off is',
  async () => {
    const fabric = new LiveFabric();
    const { report } = run(fabric, fabric.mission(exampleMission()));
    expect(report).toMatchObject({ problems: [], jobs: { accepted: 1_200, completed: 1_200 } });
    expect(report.faults).toMatchObject([
      { kind: 'slow-node', target: 'earth-node-1', reexecutedJobs: 0 },
      { kind: 'cut-network', target: 'earth-node-2' },
    ]);
    const chain = await fabric.ledger(report.runId, 'earth');

    expect(changes(chain, 'earth-node-1').slice(0, 2)).toEqual(['registered', 'ejected']);
    const slow = report.nodes.find(({ id }) => id === 'earth-node-1');
    expect(slow).toMatchObject({ incarnation: 1, leasesLost: 0 });
    const struckMs = Date.parse(report.faults[0]!.at);
    const leases = of(chain, 'earth-node-1', 'lease');
    const jobsOf = (isBefore: boolean): number[] =>
      leases
        .filter(({ at }) => at < struckMs === isBefore)
        .map(({ jobs }) => jobs.reduce((sum, { ordinals }) => sum + size(ordinals), 0));
    // The last one may be the first after its time out is over, when nothing is known of it any more.
    expect(Math.min(...jobsOf(false)) * 2).toBeLessThan(Math.max(...jobsOf(true)));

    expect(changes(chain, 'earth-node-2').slice(0, 3)).toEqual(['registered', 'suspect', 'lost']);
    const { lost, lateAnswers } = report.shards['earth']!.leases;
    expect(lateAnswers).toBeGreaterThan(0);
    expect(lateAnswers).toBeLessThanOrEqual(lost);
    expect(chain.filter(({ type }) => type === 'late')).toHaveLength(lateAnswers);
  },
  TEST_MS_MAX,
);

it(
  'nodes and orchestrator cut off, stalled or closed, come back, and the outcomes are the same',
  async () => {
    const fabric = new LiveFabric();
    const faults: MissionInput['faults'] = [
      { kind: 'cut-network', node: 'earth-node-1', share: 0.1, forMs: 1_800 },
      { kind: 'cut-network', node: 'luna-node-2', how: 'closed', share: 0.15, forMs: 1_800 },
      { kind: 'cut-network', target: 'orchestrator', share: 0.6, forMs: 1_200 },
      { kind: 'cut-network', target: 'orchestrator', how: 'closed', share: 0.8, forMs: 1_200 },
      { kind: 'kill-server', at: '1h' },
    ];
    const { report, said } = run(fabric, fabric.mission(mission(faults)));
    expect(report).toMatchObject({ problems: [], jobs: { accepted: 800 } });
    expect(report.faults.map(({ target }) => target)).toEqual([
      'earth-node-1',
      'luna-node-2',
      'orchestrator',
      'orchestrator',
    ]);
    for (const { recoveredAfterMs } of report.faults) expect(recoveredAfterMs).toBeGreaterThan(0);
    for (const [shard, node] of [
      ['earth', 'earth-node-1'],
      ['luna', 'luna-node-2'],
    ] as const) {
      const chain = await fabric.ledger(report.runId, shard);
      const expected = ['registered', 'suspect', 'lost', 'registered'];
      expect(changes(chain, node).slice(0, 4), node).toEqual(expected);
    }
    expect(report.shards['earth']!.leases.lateAnswers).toBeGreaterThan(0);
    expect(report.faultsNotDone).toMatchObject([{ kind: 'kill-server', dueMs: 3_600_000 }]);
    expect(said).toContain('1 fault not done, as the run ended first: kill-server of server');

    const undisturbed = new LiveFabric();
    const plain = run(undisturbed, undisturbed.mission(mission(undefined)));
    expect(report.outcomeDigest).toBe(plain.report.outcomeDigest);
  },
  TEST_MS_MAX,
);
