import { describe, expect, test } from 'vitest';
import type { LedgerEvent } from '../../fabric/ledger.ts';
import type { RunSpec } from '../../fabric/mission/run-spec.ts';
import { buildReport } from '../../reporting/build-report.ts';
import type { ProblemCode } from '../../reporting/problems.ts';
import { headline } from '../../reporting/verdict.ts';
import {
  built,
  command,
  failure,
  lease,
  memoryRecords,
  outcome,
  ref,
  result,
  sampleRun,
  traits,
  type SampleRun,
  restate,
} from './sample-run.ts';

/** Every contradiction that is planted, by the problem it has to be found as. */
const PLANTED: [string, ProblemCode, (sample: SampleRun) => void][] = [
  [
    'a job that ended twice',
    'two-outcomes',
    ({ chains }) =>
      chains['helios']!.push(
        lease(2, 'helios-a', [8, 9]),
        outcome({ no: 2, node: 'helios-a', completed: [8, 9], segment: 'edge-a-4.ndjson' }),
      ),
  ],
  [
    'an outcome of a job that was never accepted',
    'outcome-without-acceptance',
    ({ chains }) =>
      spoil(chains['edge']!, 'accept', { classes: [{ ...traits, ordinals: [1, 9] }] }),
  ],
  [
    'a job that was accepted twice',
    'entered-twice',
    ({ chains }) => chains['edge']!.splice(3, 0, accepted([0, 1])),
  ],
  [
    'a job that was accepted in two shards',
    'entered-twice',
    ({ chains }) => chains['helios']!.unshift(accepted([6, 7])),
  ],
  [
    'a job that was refused and then accepted',
    'entered-twice',
    ({ chains }) => chains['edge']!.splice(4, 0, accepted([9, 10])),
  ],
  [
    'an accepted job without an outcome',
    'no-outcome',
    ({ chains }) => chains['edge']!.splice(3, 0, { ...accepted([10, 11]) }),
  ],
  [
    'an attempt that skipped one',
    'attempts-mismatch',
    ({ chains }) => chains['edge']!.splice(6, 1, outcome({ no: 1, node: 'edge-a', completed: [0, 4], back: [4, 5] })), // prettier-ignore
  ],
  [
    'a transfer that its target never saw',
    'transfer-mismatch',
    ({ chains }) => drop(chains['helios']!, 'transfer-in'),
  ],
  [
    'a transfer that its origin never sent',
    'transfer-mismatch',
    ({ chains }) => drop(chains['edge']!, 'transfer-out'),
  ],
  [
    'a transfer that its origin never settled',
    'transfer-mismatch',
    ({ chains }) => drop(chains['edge']!, 'transfer-done'),
  ],
  [
    'a transfer whose sides name different jobs',
    'transfer-mismatch',
    ({ chains }) => spoil(chains['helios']!, 'transfer-in', { jobs: [ref([5, 7])] }),
  ],
  [
    'a transfer both taken and refused',
    'transfer-mismatch',
    ({ chains }) =>
      chains['helios']!.push({
        type: 'transfer-refused',
        peer: 'edge',
        no: 1,
        plan: 1,
        jobs: [ref([5, 8])],
      }),
  ],
  [
    'a lease that ended twice',
    'lease-mismatch',
    ({ chains }) =>
      chains['edge']!.push({
        type: 'requeue',
        lease: 4,
        fence: '1.4',
        node: 'edge-a',
        why: 'lost',
        jobs: [ref([8, 9])],
      }),
  ],
  ['a lease that never ended', 'lease-mismatch', ({ chains }) => drop(chains['edge']!, 'requeue')],
  [
    'a lease that ended with fewer jobs than it held',
    'lease-mismatch',
    ({ chains }) => spoil(chains['edge']!, 'lease', { jobs: [ref([0, 6])] }),
  ],
  [
    'a segment that is not there',
    'segment-broken',
    ({ segments }) => delete segments['helios-a-1.ndjson'],
  ],
  [
    'a segment without the record of a completed job',
    'no-result',
    ({ segments }) => segments['edge-a-4.ndjson']!.splice(0, 1, result(4, 9)),
  ],
  [
    'a result that says failed where the ledger says completed',
    'result-mismatch',
    ({ segments }) => segments['edge-a-4.ndjson']!.splice(0, 1, failure(8, 1, 'broken')),
  ],
  [
    'a result of another attempt',
    'result-mismatch',
    ({ segments }) => segments['edge-a-4.ndjson']!.splice(0, 1, result(8, 2)),
  ],
  [
    'a failure with another code',
    'result-mismatch',
    ({ segments }) => segments['edge-a-2.ndjson']!.splice(0, 1, failure(4, 2, 'other')),
  ],
  [
    'a completed job without a result',
    'result-mismatch',
    ({ segments }) =>
      segments['edge-a-4.ndjson']!.splice(0, 1, { ...result(8), result: undefined }),
  ],
  [
    'an ordinal out of range',
    'ordinal-out-of-range',
    ({ chains }) => chains['edge']!.push(accepted([0, 99_000_000])),
  ],
  [
    'a command that the ledger knows nothing of',
    'command-unrecorded',
    ({ chains }) => chains['orchestrator']!.splice(0, 1, command('c-9', 'pauseAll')),
  ],
  ['a total that differs', 'count-mismatch', (sample) => restate(sample, 'completed', 9)],
  ['a job that was never taken in', 'count-mismatch', (sample) => restate(sample, 'submitted', 11)],
];

test('a sound run has no problem', async () => {
  const { report } = await built(sampleRun());
  expect(report.problemCounts).toEqual({});
});

describe('planted contradictions', () => {
  test.each(PLANTED)('%s is found as %s and fails the run', async (_, code, plant) => {
    const sample = sampleRun();
    plant(sample);
    const { report } = await built(sample);
    expect(report.problemCounts[code]).toBeGreaterThan(0);
    expect(report.passed).toBe(false);
    expect(report.gates.at(-1)).toMatchObject({ name: 'problems', passed: false });
  });
});

test('a chain that breaks off is a problem, and what was read of it counts', async () => {
  const sample = sampleRun();
  const records = memoryRecords(sample);
  const broken: typeof records = {
    ...records,
    async *entries(chain) {
      for await (const entry of records.entries(chain)) {
        if (chain === 'helios' && entry.seq === 2) throw new Error('group 2 was changed');
        yield entry;
      }
      return '';
    },
  };
  const { report } = await buildReport(sample.run, broken);
  expect(report.jobs.completed).toBe(5);
  expect(report.problems[0]).toMatchObject({ code: 'ledger-broken' });
  expect(report.problems[0]!.what).toContain('helios: group 2 was changed');
});

test('a closed shard whose last groups are missing on disk is found by the head it told', async () => {
  const sample = sampleRun();
  const head = `sha256:${'1'.repeat(64)}`;
  Object.assign(sample.run.result.status.shards['helios']!, { ledger: { entries: 99, head } });
  const { report } = await built(sample);
  expect(report.problems).toMatchObject([{ code: 'ledger-broken' }]);
  expect(report.problems[0]!.what).toContain(`helios: the shard wrote 99 entries up to ${head}`);
});

test('a million contradictions of one sort are counted and the first are named', async () => {
  const sample = sampleRun();
  sample.chains['edge']!.splice(3, 0, accepted([100, 1_000_100]));
  const { report } = await built(sample);
  expect(report.problemCounts['no-outcome']).toBe(1_000_000);
  expect(report.problems.filter(({ code }) => code === 'no-outcome')).toHaveLength(20);
});

test('what is still open is no problem while the fabric says that it is open', async () => {
  const sample = sampleRun();
  drop(sample.chains['edge']!, 'transfer-done');
  sample.chains['edge']!.splice(3, 0, accepted([10, 12]));
  restate(sample, 'queued', 2);
  restate(sample, 'inTransit', 3);
  restate(sample, 'accepted', 11);
  const { shards } = sample.run.result.status;
  Object.assign(shards['edge']!, { spillovers: {} });
  const { report } = await built(sample);
  expect(report.problems).toEqual([]);
});

test('jobs that had not arrived when the fabric was closed are no problem', async () => {
  const sample = sampleRun();
  restate(sample, 'submitted', 1_000);
  // Its queues are empty: a feed with a rate has nothing waiting between two arrivals.
  Object.assign(sample.run.result.status.shards['edge']!, { idle: false });
  const { report } = await built(sample);
  expect(report.problems).toEqual([]);
  expect(headline(report)).toBe(
    '8 of 1,000 jobs completed, 1 failed, 1 refused, 990 not arrived, in 2 s.',
  );
});

test('jobs of a shard that never reported are no problem', async () => {
  const sample = sampleRun();
  restate(sample, 'submitted', 20);
  const shard = (name: string) => ({ name }) as RunSpec['shards'][number];
  const shards = ['edge', 'helios', 'luna'].map(shard);
  sample.run = { ...sample.run, spec: { ...sample.run.spec, shards, gates: [] } };
  const { report } = await built(sample);
  expect(report.problems).toEqual([]);
});

test('submitted jobs that are refused have no ordinal and are counted all the same', async () => {
  const sample = sampleRun();
  const reason = { code: 'inbox-full', data: {} } as const;
  const refused: LedgerEvent = {
    type: 'refuse',
    feed: 'inbox.edge',
    ordinals: [],
    jobs: 2,
    value: 3,
    reason,
  };
  sample.chains['edge']!.push(refused);
  restate(sample, 'refused', 3);
  restate(sample, 'submitted', 12);
  const { report } = await built(sample);
  expect(report.problems).toEqual([]);
  expect(report.jobs.refused).toBe(3);
  expect(report.value.refused).toBe(5.5);
});

function accepted(ordinals: number[]): LedgerEvent {
  return { type: 'accept', feed: 'boxes', classes: [{ ...traits, ordinals }] };
}

function drop(chain: LedgerEvent[], type: LedgerEvent['type']): void {
  chain.splice(
    chain.findIndex((event) => event.type === type),
    1,
  );
}

function spoil(chain: LedgerEvent[], type: LedgerEvent['type'], change: object): void {
  Object.assign(
    chain.find((event) => event.type === type)!,
    change,
  );
}
