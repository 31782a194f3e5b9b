// What a report says of injected faults: times and lost jobs, from the ledger alone.
import { expect, test } from 'vitest';
import type { LedgerEntry } from '../../fabric/ledger.ts';
import type { RunFault } from '../../fabric/mission/run-spec.ts';
import { faultSections } from '../../reporting/fault-facts.ts';
import { reportPage } from '../../reporting/page.ts';
import type { RunRecords } from '../../reporting/records.ts';
import type { InjectedFault } from '../../reporting/reported-run.ts';
import { reportSchema } from '../../reporting/schema.ts';
import { verdictLines } from '../../reporting/verdict.ts';
import { built, outcome, sampleRun, START_MS } from './sample-run.ts';

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

test('who saw the outcome on disk knows better when work went on than the time in its entry', async () => {
  const { faults } = await faultsOf({ ...killOrchestrator(2), answeredAtMs: START_MS + 333 });
  expect(faults).toMatchObject([{ recoveredAfterMs: 331 }]);
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

test('of a lease whose finished part was kept, the rest counts as lost; of an ordinary one it does not', async () => {
  const rest = (no: number, back: number[], more: { lost?: true } = {}): LedgerEntry => {
    const event = outcome({ no, node: 'edge-b', completed: [10 * no, 10 * no + 2], back });
    return { ...event, ...more, seq: no, at: START_MS + 10 * no };
  };
  const entries: LedgerEntry[] = [
    // Handed back in order, at 10 ms.
    rest(1, [12, 20]),
    rest(2, [22, 25], { lost: true }),
    rest(3, [32, 34], { lost: true }),
  ];
  const records = {
    chains: () => Promise.resolve(['edge']),
    async *entries() {
      yield* entries;
    },
  } as unknown as RunRecords;
  const [section] = await faultSections([killNode('edge-b', 5)], records);
  expect(section).toMatchObject({ reexecutedJobs: 3 + 2 });
});

test('faults that never came due are named in the report, in the verdict and on the page', async () => {
  const faultsNotDone: RunFault[] = [
    { kind: 'stop-node', atMs: 7_200_000, atOutcomes: null, node: 'edge-b', forMs: 10 },
    { kind: 'kill-orchestrator', atMs: null, atOutcomes: 5_000 },
  ];
  const { run, ...files } = sampleRun();
  const { report } = await built({ run: { ...run, faultsNotDone }, ...files });
  expect(reportSchema.parse(report)).toEqual(report);
  expect(report).toMatchObject({
    passed: true,
    faults: [],
    faultsNotDone: [
      { kind: 'stop-node', target: 'edge-b', dueMs: 7_200_000, dueOutcomes: null },
      { kind: 'kill-orchestrator', target: 'orchestrator', dueMs: null, dueOutcomes: 5_000 },
    ],
  });
  expect(verdictLines(report, null)).toContain(
    '2 faults not done, as the run ended first: stop-node of edge-b (due 2 h after the start), kill-orchestrator of orchestrator (due after 5,000 outcomes).',
  );
  const page = reportPage(report, null, { json: 'r.json', csv: null });
  expect(page).toContain('<td>kill-orchestrator</td>');
  expect(page).toContain('href="#faults"');
});
