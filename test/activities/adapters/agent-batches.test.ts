// What batches must not change: jobs fail one by one, in their order, whatever becomes of the thread.
import { afterEach, describe, expect, test } from 'vitest';
import type { Adapter, AdapterJob, JobOutcome } from '../../../activities/adapters/adapter.ts';
import { agentAdapter } from '../../../activities/adapters/agent.ts';
import { RESULT_BYTES_MAX } from '../../../activities/results.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { jobs, runAdapter } from './run-adapter.ts';
import { compiledThread } from './thread-entry.ts';

const { entry, agent } = compiledThread();
const folder = temporaryFolder();
let opened: Adapter | null = null;

afterEach(async () => {
  await opened?.close();
  opened = null;
});

/** One job for each payload. */
const told = (...payloads: unknown[][]): AdapterJob[] =>
  payloads.map((payload, ordinal) => ({ ...jobs(1, payload)[0]!, ordinal }));

const echoes = (count: number): unknown[][] => Array.from({ length: count }, (_, i) => ['echo', i]);

const echoed = (value: number) => ({ status: 'completed', result: { value } });

/** An adapter that knows how short its jobs are, so that many go to a thread at once. */
async function warmAdapter(threads = 1, memoryMb = 256): Promise<Adapter> {
  opened = agentAdapter({ agent: 'obedient', module: agent, threads, memoryMb, entry });
  await opened.open();
  await runAdapter(opened, told(...echoes(1_000)));
  return opened;
}

async function inOrder(on: Adapter, ...payloads: unknown[][]): Promise<JobOutcome[]> {
  const outcomes = await runAdapter(on, told(...payloads));
  expect([...outcomes.keys()]).toEqual(payloads.map((_, at) => at));
  return [...outcomes.values()];
}

describe.each([
  ['exit', { code: 'agent-died' }],
  ['crash', { code: 'agent-died', message: 'its thread died: bang' }],
  ['eat', { code: 'memory' }],
] as const)('a thread that dies in mid-batch (%s)', (word, failure) => {
  test('fails the job it was at; answers before are kept, jobs after are done', async () => {
    const on = await warmAdapter(1, 32);
    const outcomes = await inOrder(on, ...echoes(40), [word, 'bang'], ...echoes(40));
    expect(outcomes.slice(0, 40)).toMatchObject(Array.from({ length: 40 }, (_, i) => echoed(i)));
    expect(outcomes[40]).toMatchObject({ status: 'failed', ...failure });
    expect(outcomes.slice(41)).toMatchObject(Array.from({ length: 40 }, (_, i) => echoed(i)));
  });
});

test('an overrun in mid-batch fails the job under way alone, and what was not begun is handed back', async () => {
  const on = await warmAdapter();
  let isOver = false;
  const outcomes = new Map<number, JobOutcome>();
  await on.run({
    jobs: told(...echoes(20), ['compute', 60_000], ...echoes(20)),
    mayStart: () => !isOver,
    endByMs: performance.now() + 300,
    abandoned: new AbortController().signal,
    onDone: (at, outcome) => {
      outcomes.set(at, outcome);
      isOver = outcome.status === 'failed';
    },
  });
  expect([...outcomes.keys()]).toEqual(Array.from({ length: 21 }, (_, at) => at));
  expect(outcomes.get(20)).toMatchObject({ status: 'failed', code: 'job-timeout' });
});

test('a run that is abandoned in mid-batch keeps its answers and says nothing of the job under way', async () => {
  const on = await warmAdapter();
  const leave = new AbortController();
  const list = told(...echoes(20), ['compute', 60_000], ...echoes(20));
  setTimeout(() => leave.abort(), 300);
  const outcomes = await runAdapter(on, list, { abandoned: leave.signal });
  expect([...outcomes.keys()]).toEqual(Array.from({ length: 20 }, (_, at) => at));
});

test('a batch that turns out slow begins nothing more until it was asked whether it may', async () => {
  const on = await warmAdapter();
  let isOver = false;
  setTimeout(() => (isOver = true), 100);
  const slow = Array.from({ length: 40 }, () => ['compute', 60]);
  const outcomes = await runAdapter(on, told(...slow), { mayStart: () => !isOver });
  expect(outcomes.size).toBeGreaterThanOrEqual(1);
  expect(outcomes.size).toBeLessThanOrEqual(3);
});

test('a job that has waited for a thread does not begin if meanwhile it may no more', async () => {
  const on = await warmAdapter();
  let isOver = false;
  const first = runAdapter(on, told(['later', 50]));
  const second = runAdapter(on, told(['echo', 1]), { mayStart: () => !isOver });
  isOver = true;
  expect((await second).size).toBe(0);
  expect((await first).size).toBe(1);
});

test('answers that fill the shared memory many times over all arrive, and so do failures of any length', async () => {
  const on = await warmAdapter();
  const largest = RESULT_BYTES_MAX - 2;
  const long = '\u0001ü'.repeat(100_000);
  const all = Array.from({ length: 30 }, (_, i) => ['big', i % 3 === 0 ? largest : i]);
  const outcomes = await inOrder(on, ...all, ['fail', long], ['throw', long], ['echo', 1]);
  for (const [i, outcome] of outcomes.slice(0, 30).entries()) {
    expect(outcome).toMatchObject({ status: 'completed' });
    const { result } = outcome as { result: string };
    expect(result.length).toBe(i % 3 === 0 ? largest : i);
  }
  expect(outcomes.slice(30)).toMatchObject([
    { status: 'failed', message: 'as told' },
    { status: 'failed', code: 'agent-threw', message: long.slice(0, 200) },
    echoed(1),
  ]);
});

test('handlers that wait are answered one after the other, each with the time that it took', async () => {
  const on = await warmAdapter();
  const times: number[] = [];
  const waits = [30, 1, 40, 2, 3, 50];
  await on.run({
    jobs: told(...waits.map((ms) => ['later', ms])),
    mayStart: () => true,
    endByMs: performance.now() + 20_000,
    abandoned: new AbortController().signal,
    onDone: (at, outcome, ms) => {
      expect(outcome).toEqual({ status: 'completed', result: waits[at] });
      times[at] = ms;
    },
  });
  // Timers may fire a millisecond early.
  for (const [at, wait] of waits.entries()) expect(times[at]).toBeGreaterThanOrEqual(wait - 1.5);
});

test('as many leases as there are threads are worked on at once, however short their jobs were', async () => {
  const on = await warmAdapter(2);
  const [a, b] = [folder.in('a'), folder.in('b')];
  const outcomes = await Promise.all([
    runAdapter(on, told(...echoes(50), ['meet', [a, b]])),
    runAdapter(on, told(...echoes(50), ['meet', [b, a]])),
  ]);
  for (const each of outcomes) expect(each.get(50)).toEqual({ status: 'completed', result: 'met' });
});

test('payloads too heavy to be copied together all arrive', async () => {
  const on = await warmAdapter();
  const heavy = Array.from({ length: 20 }, (_, i) => ['echo', i, 'x'.repeat(200_000)]);
  expect(await inOrder(on, ...heavy)).toMatchObject(heavy.map((_, i) => echoed(i)));
});

test('what the receiver of outcomes throws comes out of the run, and the threads go on', async () => {
  const on = await warmAdapter();
  const failing = on.run({
    jobs: told(...echoes(20)),
    mayStart: () => true,
    endByMs: performance.now() + 20_000,
    abandoned: new AbortController().signal,
    onDone: () => {
      throw new Error('no room');
    },
  });
  await expect(failing).rejects.toThrow('no room');
  expect(await inOrder(on, ['echo', 7])).toMatchObject([echoed(7)]);
});
