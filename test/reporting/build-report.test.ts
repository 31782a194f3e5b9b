import { expect, test } from 'vitest';
import { reportSchema } from '../../reporting/schema.ts';
import { built, restate, sampleRun, traits } from './sample-run.ts';

test('the report of a sound run has no problem, passes, and fits its schema', async () => {
  const { report } = await built(sampleRun());
  expect(report.problems).toEqual([]);
  expect(report.passed).toBe(true);
  expect(reportSchema.parse(report)).toEqual(report);
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});

test('jobs, value and cost are added up from the ledger', async () => {
  const { report } = await built(sampleRun());
  expect(report.jobs).toEqual({
    submitted: 10,
    accepted: 9,
    refused: 1,
    completed: 8,
    failed: 1,
    cancelled: 0,
    queued: 0,
    leased: 0,
    inTransit: 0,
  });
  expect(report.completionRatio).toBe(0.8);
  expect(report.failureRate).toBeCloseTo(1 / 9, 5);
  expect(report.value).toMatchObject({ submitted: 25, completed: 20, failed: 2.5, refused: 2.5 });
  expect(report.cost).toEqual({ total: 1.2, byNode: { 'edge-a': 0.9, 'helios-a': 0.3 } });
  expect(report.ledger).toEqual({
    path: '/fabric/ledger',
    entries: 20,
    heads: {
      edge: 'sha256:head-of-edge',
      helios: 'sha256:head-of-helios',
      orchestrator: 'sha256:head-of-orchestrator',
    },
  });
});

test('shards, nodes, governance, timings and history are told', async () => {
  const { report } = await built(sampleRun());
  expect(Object.keys(report.shards)).toEqual(['edge', 'helios']);
  expect(report.shards['edge']).toMatchObject({
    jobs: { accepted: 9, completed: 5, failed: 1, retried: 1 },
    spilledOut: 3,
    spillovers: { helios: 3 },
    latencyMs: { budget: 300_000, p95: 200 },
    queueDepth: { now: 0, max: 9, series: [[0, 9], [1_000, 2]] }, // prettier-ignore
  });
  expect(report.nodes.map(({ id }) => id)).toEqual(['edge-a', 'edge-b', 'helios-a']);
  expect(report.governance.commands[0]).toMatchObject({
    commandId: 'c-1',
    receivedAt: '2026-01-31T12:00:00.500Z',
    appliedAt: '2026-01-31T12:00:00.520Z',
  });
  expect(report.timings).toEqual({
    startedAt: '2026-01-31T12:00:00.000Z',
    finishedAt: '2026-01-31T12:00:02.000Z',
    durationMs: 2_000,
    jobsPerSecond: 4.5,
  });
  expect(report.history.eventsPerJob).toBeCloseTo(400 / 9, 5);
});

test('a run that did not end takes its end from the last entry of its ledger', async () => {
  const sample = sampleRun();
  const { result } = sample.run;
  sample.run = {
    ...sample.run,
    result: { ...result, status: { ...result.status, finishedAtMs: null } },
  };
  const { report } = await built(sample);
  expect(report.timings.finishedAt).toBe('2026-01-31T12:00:00.014Z');
});

test('a gate that is missed fails the report, whatever else is right', async () => {
  const sample = sampleRun();
  const gates = [
    { name: 'failureRate', limit: 0.01 },
    { name: 'completionRatio', limit: 0.9 },
    { name: 'overBudgetRatio', limit: 0 },
    { name: 'durationMs', limit: 1_999 },
  ] as const;
  sample.run = { ...sample.run, spec: { ...sample.run.spec, gates } };
  const { report } = await built(sample);
  expect(report.gates.map(({ name, passed }) => [name, passed])).toEqual([
    ['failureRate', false],
    ['completionRatio', false],
    ['overBudgetRatio', true],
    ['durationMs', false],
    ['undone', true],
    ['problems', true],
  ]);
  expect(report.passed).toBe(false);
});

test('a mission that was closed with jobs still queued has left them undone, and fails by that', async () => {
  const sample = sampleRun();
  const edge = sample.chains['edge']!;
  edge.push({ type: 'accept', feed: 'late', classes: [{ ...traits, ordinals: [0, 3] }] });
  const jobs = [{ feed: 'late', origin: 'edge', attempt: 1, ordinals: [0, 3] }];
  edge.push({ type: 'cancel', why: 'closed', jobs });
  for (const count of ['accepted', 'cancelled'] as const) {
    restate(sample, count, sample.run.result.status.totals[count] + 3);
  }
  restate(sample, 'submitted', 13);
  const { report } = await built(sample);
  expect(report.problems).toEqual([]);
  expect(report.jobs.cancelled).toBe(3);
  expect(report.gates.filter(({ passed }) => !passed)).toMatchObject([
    { name: 'undone', value: 3 },
  ]);
  const service = { ...sample.run.spec, mode: 'service' as const };
  const served = await built({ ...sample, run: { ...sample.run, spec: service } });
  expect(served.report.passed).toBe(true);
});
