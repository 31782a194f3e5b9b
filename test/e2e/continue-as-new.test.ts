/**
 * Continue-as-new forced every few events under load: leases attach again to the next run of their
 * workflow, no job's code runs twice, and the outcomes are those of a run that never continued.
 */
import { afterAll, expect, it } from 'vitest';
import type { MissionInput } from '../../fabric/mission/schema.ts';
import { EXIT } from '../../scripts/exit-code.ts';
import { readHistories } from '../../scripts/histories.ts';
import { orchestratorId, SHOWN } from '../../workflows/protocol.ts';
import type { Report } from '../../reporting/schema.ts';
import { LiveFabric } from './live-fabric.ts';

const JOBS = 800;
const SHARDS = ['earth', 'luna'];
const WORKFLOWS = SHARDS.length + 1;
const TEST_MS_MAX = 240_000;

const mission = (policy: MissionInput['policy']): MissionInput => ({
  scenario: 'continued',
  seed: 23,
  timeScale: 1_000_000,
  policy: { tickMs: 200, leaseTargetMs: 400, leaseJobsMax: 10, ...policy },
  shards: { earth: { spilloverLimit: 100, spillTargets: ['luna'] }, luna: {} },
  nodes: SHARDS.map((shard) => ({ id: `${shard}-node`, shard, count: 2, slots: 1 })),
  blueprints: [
    { shard: 'earth', kind: 'survey', count: 600, durationMs: 40, failureRate: 0.05 },
    { shard: 'luna', kind: 'probe', count: 200, durationMs: 40, failureRate: 0.05 },
  ],
});

const often = new LiveFabric();
const never = new LiveFabric();

afterAll(async () => {
  await often.end();
  await never.end();
}, TEST_MS_MAX);

function runToEnd(fabric: LiveFabric, policy: MissionInput['policy']) {
  const ended = fabric.run(['run', fabric.mission(mission(policy))], TEST_MS_MAX / 2);
  expect(ended, ended.stderr).toMatchObject({ status: EXIT.done });
  return fabric.report(fabric.runId());
}

/** What each run of the orchestrator but the first started with, by name. */
async function memosOfLaterRuns({ fabric, runId }: Report): Promise<string[][]> {
  const memos: string[][] = [];
  for await (const run of readHistories(often.histories(runId))) {
    if (run.workflowId !== orchestratorId(fabric) || run.n === 1) continue;
    if (!('history' in run)) throw new Error(run.unreadable);
    const started = run.history.events?.[0]?.workflowExecutionStartedEventAttributes;
    memos.push(Object.keys(started?.memo?.fields ?? {}));
  }
  return memos;
}

it(
  'many continue-as-news with leases in flight run no job twice and change no outcome',
  async () => {
    const report = runToEnd(often, { historyEventsMax: 50 });
    expect(report.history.runs).toBeGreaterThan(5 * WORKFLOWS);
    expect(report.problems).toEqual([]);
    expect(report.jobs).toMatchObject({ submitted: JOBS, accepted: JOBS });
    expect(report.jobs.completed + report.jobs.failed).toBe(JOBS);

    // Otherwise nobody would see the end when a run is left right after it.
    const later = await memosOfLaterRuns(report);
    expect(later.length).toBeGreaterThan(2);
    for (const memo of later) expect(memo).toContain(SHOWN);

    for (const shard of SHARDS) {
      const entries = await often.ledger(report.runId, shard);
      const lost = entries.filter(({ type }) => type === 'late' || type === 'requeue');
      expect(lost).toEqual([]);
    }
    // Segments that no outcome points at count as well: a second run of a job would show there.
    const attempts = often
      .results(report.runId)
      .map(({ feed, ordinal, attempt }) => `${feed} ${ordinal} ${attempt}`);
    expect(attempts.length).toBeGreaterThanOrEqual(JOBS);
    expect(new Set(attempts).size).toBe(attempts.length);

    const undisturbed = runToEnd(never, { historyEventsMax: 2_000 });
    expect(undisturbed.history.runs).toBe(WORKFLOWS);
    expect(report.outcomeDigest).toBe(undisturbed.outcomeDigest);
  },
  TEST_MS_MAX,
);
