/** The spillover planner: what it moves, how much of it, and why not more. */
import { describe, expect, it } from 'vitest';
import type { LoadReport } from '../../fabric/messages.ts';
import { depthKept, planSpillover, type PlanInput } from '../../fabric/orchestrator/plan.ts';
import { openShard } from '../../fabric/shard/state.ts';
import { loadReport } from '../../fabric/shard/report.ts';
import { nodeOf, specOf } from './small-world.ts';

const spec = specOf({ shards: [{ name: 'edge' }, { name: 'helios' }, { name: 'luna' }] });

function report(shard: string, more: Partial<LoadReport> = {}): LoadReport {
  const policy = { spilloverLimit: 100, spillTargets: [], latencyBudgetMs: 60_000 };
  const node = { skillSets: [['triage']], jobsPerSecond: 100 };
  return { ...loadReport(openShard(spec, shard, 0), 0, 1), policy, ...node, ...more };
}

/** Edge sheds to Helios, then to Luna. */
function edge(queued: number, more: Partial<LoadReport> = {}): LoadReport {
  return report('edge', {
    queued,
    demand: [{ skills: ['triage'], jobs: queued, stranded: false }],
    policy: { spilloverLimit: 100, spillTargets: ['helios', 'luna'], latencyBudgetMs: 60_000 },
    ...more,
  });
}

function plan(reports: readonly LoadReport[], more: Partial<PlanInput> = {}) {
  return planSpillover({
    shards: ['edge', 'helios', 'luna'],
    reports: Object.fromEntries(reports.map((each) => [each.shard, each])),
    linkMs: { edge: { helios: 80, luna: 10 }, helios: {}, luna: {} },
    openOrders: [],
    stranded: [],
    ...more,
  });
}

function moved(reports: readonly LoadReport[], more: Partial<PlanInput> = {}) {
  return plan(reports, more).moves.map(({ from, to, jobs }) => [from, to, jobs]);
}

function codes(reports: readonly LoadReport[]): string[] {
  return plan(reports).reasons.map(({ code }) => code);
}

describe('the spillover planner', () => {
  it('moves nothing at the limit and what is above it past the limit', () => {
    expect(moved([edge(100), report('helios')])).toEqual([]);
    expect(moved([edge(130), report('helios')])).toEqual([['edge', 'helios', 30]]);
  });

  it('fills the first target to four fifths of its limit before it turns to the next', () => {
    const reports = [edge(250), report('helios', { queued: 20 }), report('luna')];
    expect(moved(reports)).toEqual([
      ['edge', 'helios', 60],
      ['edge', 'luna', 80],
    ]);
    expect(codes(reports)).toContain('nowhere-to-go');
  });

  it('counts what is already on its way, on both sides', () => {
    const openOrders = [{ from: 'edge', to: 'helios', jobs: 50 }];
    const reports = [edge(180), report('helios')];
    expect(moved(reports, { openOrders })).toEqual([['edge', 'helios', 30]]);
    const outgoing = edge(180, { outgoing: { helios: 75 }, shedding: 0 });
    expect(moved([outgoing, report('helios')])).toEqual([['edge', 'helios', 5]]);
  });

  it('keeps to the latency budget of the origin: link and wait at the target together', () => {
    const policy = { spilloverLimit: 10, spillTargets: ['helios'], latencyBudgetMs: 280 };
    const hurried = edge(100, { policy, jobsPerSecond: 1_000 });
    // 200 ms are left after the link: 20 jobs at 100 a second.
    expect(moved([hurried, report('helios')])).toEqual([['edge', 'helios', 20]]);
    const late = edge(100, { policy: { ...policy, latencyBudgetMs: 79 }, jobsPerSecond: 10_000 });
    expect(moved([late, report('helios')])).toEqual([]);
    expect(codes([late, report('helios')])).toContain('target-over-budget');
  });

  it('sheds below the limit when the wait would break the budget', () => {
    const policy = { spilloverLimit: 1_000, spillTargets: ['helios'], latencyBudgetMs: 500 };
    const slow = edge(80, { policy });
    expect(depthKept(slow)).toBe(50);
    expect(moved([slow, report('helios')])).toEqual([['edge', 'helios', 30]]);
  });

  it.each([
    ['is paused', { paused: true }, 'target-paused'],
    ['has no node', { jobsPerSecond: 0 }, 'target-no-node'],
    ['sheds itself', { queued: 101 }, 'target-shedding'],
    ['is full', { queued: 80 }, 'target-full'],
  ] as const)('sends nothing to a target that %s', (_, more, code) => {
    const reports = [edge(150), report('helios', more)];
    expect(moved(reports)).toEqual([]);
    expect(codes(reports)).toContain(code);
  });

  it('moves only jobs that a node of the target can do', () => {
    const demand = [
      { skills: ['triage'], jobs: 10, stranded: false },
      { skills: ['forge'], jobs: 140, stranded: false },
    ];
    expect(moved([edge(150, { demand }), report('helios')])).toEqual([['edge', 'helios', 10]]);
  });

  it('sends jobs that nobody here can do where somebody can, past limit and budget but few at once', () => {
    const demand = [{ skills: ['triage'], jobs: 9, stranded: true }];
    const policy = { spilloverLimit: 100, spillTargets: ['helios'], latencyBudgetMs: 1 };
    const lost = edge(9, { demand, policy, skillSets: [], jobsPerSecond: 0 });
    const tight = { spilloverLimit: 0, spillTargets: [], latencyBudgetMs: 1 };
    const { adapter: _adapter, ...nodeSpec } = nodeOf({ id: 'n', shard: 'helios', slots: 4 });
    const node = {
      id: 'n',
      shard: 'helios',
      state: 'ready',
      incarnation: 1,
      slots: 4,
      leases: 0,
      completed: 0,
      failed: 0,
      leasesLost: 0,
      cost: 0,
      serviceMs: null,
      health: 1,
      lastHeartbeatAtMs: 0,
      spec: nodeSpec,
    } as const;
    const helios = report('helios', { policy: tight, nodes: [node] });
    expect(moved([lost, helios])).toEqual([]);
    expect(moved([lost, helios], { stranded: ['edge'] })).toEqual([['edge', 'helios', 4]]);
  });

  it('gives the same plan for the same input', () => {
    const reports = [edge(400), report('helios'), report('luna')];
    expect(plan(reports)).toEqual(plan(structuredClone(reports)));
  });
});
