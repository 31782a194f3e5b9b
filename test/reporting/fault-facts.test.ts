// What a report says of injected faults: times and lost jobs, from the ledger alone.
import { expect, test } from 'vitest';
import type { InjectedFault } from '../../reporting/reported-run.ts';
import { reportSchema } from '../../reporting/schema.ts';
import { verdictLines } from '../../reporting/verdict.ts';
import { built, sampleRun, START_MS } from './sample-run.ts';

// In the sample, entry n of each chain is recorded n ms after the start; lease 3 is lost with edge-b.
const sample = sampleRun();
const edge = sample.chains['edge']!;
const lostAt = edge.findIndex(({ type }) => type === 'requeue');
const answers = Object.values(sample.chains).map((chain) =>
  chain.flatMap(({ type }, at) => (type === 'outcome' ? [at] : [])),
);
const nextAfter = (ms: number) => Math.min(...answers.flat().filter((at) => at > ms));

async function faultsOf(...faults: InjectedFault[]) {
  const spoilt = sampleRun();
  const { report } = await built({ ...spoilt, run: { ...spoilt.run, faults } });
  expect(reportSchema.parse(report)).toEqual(report);
  return report;
}

const killNode = (node: string, ms: number): InjectedFault => ({
  kind: 'kill-node',
  target: node,
  nodes: [node],
  atMs: START_MS + ms,
});
const killOrchestrator = (ms: number): InjectedFault => ({
  kind: 'kill-orchestrator',
  target: 'orchestrator',
  nodes: [],
  atMs: START_MS + ms,
});

test('after a kill of the orchestrator the next outcome of any shard tells that work goes on', async () => {
  const { faults } = await faultsOf({ ...killOrchestrator(2), backAtMs: START_MS + 702 });
  expect(faults).toEqual([
    {
      kind: 'kill-orchestrator',
      target: 'orchestrator',
      at: new Date(START_MS + 2).toISOString(),
      backAfterMs: 700,
      recoveredAfterMs: nextAfter(2) - 2,
      reexecutedJobs: 1,
    },
  ]);
});

test('after a kill of a node an outcome of a job that it held does', async () => {
  const { faults } = await faultsOf(killNode('edge-b', lostAt - 1));
  // Job 8 was lost with edge-b, and done by another node later in the chain.
  const doneAt = edge.findIndex((entry, at) => at > lostAt && entry.type === 'outcome');
  expect(faults).toMatchObject([{ recoveredAfterMs: doneAt - lostAt + 1, reexecutedJobs: 1 }]);
});

test('a lost lease counts with the latest fault that may have cost it', async () => {
  const { faults } = await faultsOf(
    killOrchestrator(0),
    killNode('edge-b', lostAt - 1),
    killNode('edge-a', lostAt - 1),
    killNode('edge-b', lostAt + 1),
  );
  expect(faults.map(({ reexecutedJobs }) => reexecutedJobs)).toEqual([0, 1, 0, 0]);
});

test('a fault after which no outcome came says so, and so does the verdict', async () => {
  const report = await faultsOf(killOrchestrator(1), killOrchestrator(1_000));
  expect(report.faults.map(({ recoveredAfterMs }) => recoveredAfterMs)).toEqual([
    nextAfter(1) - 1,
    null,
  ]);
  expect(verdictLines(report, null)).toContain(
    `2 faults injected: the next outcome after ${nextAfter(1) - 1} ms at most, none after 1 of them; 1 job at most ran again.`,
  );
});
