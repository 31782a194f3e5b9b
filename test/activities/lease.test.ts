import { MockActivityEnvironment } from '@temporalio/testing';
import { ActivityCancellationDetails, CancelledFailure } from '@temporalio/common';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Adapter, AdapterRun, JobOutcome } from '../../activities/adapters/adapter.ts';
import { FeedReaders } from '../../activities/feed/index.ts';
import { ENDED_LEASES_MAX, LeaseDesk } from '../../activities/lease.ts';
import { readSegment } from '../../activities/results.ts';
import type { LeaseOrder } from '../../activities/contracts.ts';
import type { LeaseResult } from '../../fabric/messages.ts';
import type { FeedSpec } from '../../fabric/policy.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();

const FEED: FeedSpec = {
  id: 'f',
  shard: 'earth',
  arrivals: { mode: 'at-once' },
  source: {
    type: 'synthetic',
    seed: 1,
    blueprints: [
      {
        kind: 'k',
        count: 1_000,
        skills: [],
        priority: 5,
        value: 3,
        latencyBudgetMs: null,
        durationMs: 0,
        failureRate: 0,
      },
    ],
  },
  total: 1_000,
};

const EXECUTION = '00000000-0000-7000-8000-d2d2d2d2d2d2';

/** An adapter whose runs a test ends by hand, job by job. */
class HeldAdapter implements Adapter {
  readonly runs: { run: AdapterRun; next: (outcome?: JobOutcome) => void }[] = [];
  readonly #began: ((run: AdapterRun) => void)[] = [];
  open = (): Promise<void> => Promise.resolve();
  close = (): Promise<void> => Promise.resolve();

  async run(run: AdapterRun): Promise<void> {
    let next: (outcome?: JobOutcome) => void = () => undefined;
    const held = { run, next: (outcome?: JobOutcome) => next(outcome) };
    this.runs.push(held);
    this.#began.shift()?.(run);
    const left = new Promise<null>((resolve) =>
      run.abandoned.addEventListener('abort', () => resolve(null)),
    );
    for (const at of run.jobs.keys()) {
      if (!run.mayStart()) return;
      const outcome = await Promise.race([
        left,
        new Promise<JobOutcome>((resolve) => {
          next = (given) => resolve(given ?? { status: 'completed', result: at });
        }),
      ]);
      if (outcome === null) return;
      run.onDone(at, outcome, 1);
    }
  }

  /** Resolves when the next run begins. */
  begins(): Promise<AdapterRun> {
    return new Promise((resolve) => this.#began.push(resolve));
  }
}

let adapter: HeldAdapter;

beforeEach(() => {
  adapter = new HeldAdapter();
});

function desk(slots = 1): LeaseDesk {
  return new LeaseDesk({
    runId: 'run-1',
    node: 'n1',
    slots,
    session: 's1',
    adapter,
    feeds: new Map([[FEED.id, FEED]]),
    readers: new FeedReaders(),
    resultsFolder: folder.in('results'),
  });
}

function grant(lease: number, more: Partial<LeaseOrder> = {}, ordinals = [0, 1]): LeaseOrder {
  const item = {
    kind: 'k',
    skills: [],
    priority: 5,
    latencyBudgetMs: null,
    value: 3,
    estimateMs: null,
    feed: 'f',
    origin: 'earth',
    attempt: 2,
    hops: 0,
    avoidNode: null,
    arrivedAtMs: 0,
    page: null,
    ordinals,
  };
  const whose = { shard: 'earth', node: 'n1', session: 's1', execution: EXECUTION };
  return {
    ...whose,
    timeoutMs: 60_000,
    attachOnly: false,
    items: [item],
    lease,
    fence: `1.${lease}`,
    ...more,
  };
}

/** One call of the activity, with its own context. */
function call(on: LeaseDesk, what: LeaseOrder, scheduledMs = 1) {
  const environment = new MockActivityEnvironment({
    currentAttemptScheduledTimestampMs: scheduledMs,
  });
  const result = environment.run((each: LeaseOrder) => on.runLease(each), what);
  result.catch(() => undefined);
  return { result: result as Promise<LeaseResult>, environment };
}

const inLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a lease', () => {
  test('runs its jobs, and its result points at a segment that holds them', async () => {
    const on = desk();
    const begins = adapter.begins();
    const { result } = call(on, grant(4, {}, [3, 6]));
    const run = await begins;
    expect(
      run.jobs.map(({ ordinal, attempt, idempotencyKey }) => [ordinal, attempt, idempotencyKey]),
    ).toEqual([
      [3, 2, 'run-1/f/3'],
      [4, 2, 'run-1/f/4'],
      [5, 2, 'run-1/f/5'],
    ]);
    adapter.runs[0]!.next({ status: 'completed', result: { ok: true } });
    await inLoop();
    adapter.runs[0]!.next({ status: 'failed', code: 'E1', message: 'm'.repeat(900) });
    await inLoop();
    adapter.runs[0]!.next({ status: 'completed', result: 'x'.repeat(70_000) });
    const { items, segment, busyMs } = await result;
    const failed = [
      [4, 'E1'],
      [5, 'result-too-large'],
    ];
    expect(items).toEqual([{ completed: [3, 4], failed }]);
    expect(busyMs).toBeGreaterThan(0);
    expect(segment).toMatchObject({ name: 'earth.n1.1.4.s1.d2d2d2d2d2d2.ndjson', records: 3 });
    const records = await readSegment(folder.in('results'), segment!);
    expect(records[0]).toMatchObject({
      feed: 'f',
      ordinal: 3,
      id: 'f-3',
      kind: 'k',
      attempt: 2,
      value: 3,
      status: 'completed',
      result: { ok: true },
    });
    expect(records[1]).toMatchObject({ status: 'failed', code: 'E1' });
    expect(records[1]!.message).toHaveLength(200);
  });

  test('lives through a result that is nested too deep to be written', async () => {
    const on = desk();
    const begins = adapter.begins();
    const { result } = call(on, grant(1));
    await begins;
    const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`) as unknown;
    adapter.runs[0]!.next({ status: 'completed', result: deep });
    expect((await result).items).toEqual([{ completed: [], failed: [[0, 'bad-result']] }]);
  });

  test('uses the bodies that came along, and fails jobs whose feed is not to be had', async () => {
    const on = desk();
    const [item] = grant(1).items;
    const inline = { ...item!, feed: 'inbox', bodies: [{ id: 'mine', kind: 'k', payload: 1 }] };
    const unknown = { ...item!, feed: 'nowhere', ordinals: [7, 9] };
    const begins = adapter.begins();
    const { result } = call(on, grant(1, { items: [inline, unknown] }));
    expect((await begins).jobs).toMatchObject([{ feed: 'inbox', body: { id: 'mine' } }]);
    adapter.runs[0]!.next();
    expect((await result).items).toEqual([
      { completed: [0, 1], failed: [] },
      {
        completed: [],
        failed: [
          [7, 'feed-unreadable'],
          [8, 'feed-unreadable'],
        ],
      },
    ]);
  });

  test('that has used up half its time begins no job and goes back', async () => {
    const { result } = call(desk(), grant(1, { timeoutMs: 0 }));
    expect(await result).toMatchObject({ items: [{ completed: [], failed: [] }], segment: null });
    expect(() => readdirSync(folder.in('results'))).toThrow('ENOENT');
  });

  test.each([
    ['another session', { session: 's0' }, 'StaleSession'],
    ['another node', { node: 'n2' }, 'WrongNode'],
  ])('for %s is refused', async (_, more, type) => {
    await expect(call(desk(), grant(1, more)).result).rejects.toMatchObject({
      type,
      nonRetryable: true,
    });
    expect(adapter.runs).toHaveLength(0);
  });
});

describe('asked for again under the same fence', () => {
  test('a lease that runs is attached to, and the earlier call is let go', async () => {
    const on = desk();
    const begins = adapter.begins();
    const first = call(on, grant(1), 10);
    await begins;
    const second = call(on, grant(1), 20);
    await expect(first.result).rejects.toMatchObject({ type: 'Superseded' });
    adapter.runs[0]!.next();
    expect((await second.result).items[0]!.completed).toEqual([0, 1]);
    expect(adapter.runs).toHaveLength(1);
  });

  test('an older call that comes late does not take the lease from a newer one', async () => {
    const on = desk();
    const begins = adapter.begins();
    const newer = call(on, grant(1), 20);
    await begins;
    await expect(call(on, grant(1), 10).result).rejects.toMatchObject({ type: 'Superseded' });
    adapter.runs[0]!.next();
    expect((await newer.result).items[0]!.completed).toEqual([0, 1]);
  });

  test('a lease that has ended gives its result again, as long as it is remembered', async () => {
    const on = desk();
    const quick = async (lease: number) => {
      const before = adapter.runs.length;
      const begins = adapter.begins();
      const { result } = call(on, grant(lease));
      await begins;
      adapter.runs[before]!.next();
      return result;
    };
    const first = await quick(0);
    expect(await call(on, grant(0)).result).toEqual(first);
    for (let lease = 1; lease < ENDED_LEASES_MAX; lease++) await quick(lease);
    expect(await call(on, grant(0)).result).toEqual(first);
    expect(adapter.runs).toHaveLength(ENDED_LEASES_MAX);
    await quick(ENDED_LEASES_MAX);
    await quick(0);
    expect(adapter.runs).toHaveLength(ENDED_LEASES_MAX + 2);
  });

  test('a lease that was called back is attached to only if it has begun', async () => {
    const on = desk();
    const begins = adapter.begins();
    const running = call(on, grant(1), 1);
    await begins;
    const waiting = call(on, grant(2), 1);
    const back = { attachOnly: true };
    const refusal = { type: 'NotStarted', nonRetryable: true };
    await expect(call(on, grant(3, back)).result).rejects.toMatchObject(refusal);
    await expect(call(on, grant(2, back), 2).result).rejects.toMatchObject(refusal);
    await expect(waiting.result).rejects.toMatchObject(refusal);
    const attached = call(on, grant(1, back), 2);
    await expect(running.result).rejects.toMatchObject({ type: 'Superseded' });
    adapter.runs[0]!.next();
    expect((await attached.result).items[0]!.completed).toEqual([0, 1]);
    expect(adapter.runs).toHaveLength(1);
  });

  test('under a rebuilt fabric it is another lease, though number and fence are the same', async () => {
    const on = desk();
    const execution = '00000000-0000-7000-8000-e3e3e3e3e3e3';
    const begins = adapter.begins();
    const before = call(on, grant(1));
    await begins;
    adapter.runs[0]!.next();
    expect((await before.result).items[0]!.completed).toEqual([0, 1]);
    const again = adapter.begins();
    const after = call(on, grant(1, { execution }, [7, 8]));
    await again;
    expect(on.progress(EXECUTION)).toHaveLength(1);
    expect(on.progress(execution)).toEqual([]);
    adapter.runs[1]!.next();
    const { items, segment } = await after.result;
    expect(items[0]!.completed).toEqual([7, 8]);
    for (const each of [(await before.result).segment!, segment!]) {
      expect(await readSegment(folder.in('results'), each)).toHaveLength(1);
    }
  });

  test('another fence is another lease', async () => {
    const on = desk(2);
    const begins = [adapter.begins(), adapter.begins()];
    call(on, grant(1));
    call(on, grant(1, { fence: '2.1' }));
    await Promise.all(begins);
    expect(adapter.runs).toHaveLength(2);
  });
});

describe('slots', () => {
  test('hold so many leases at a time; the next waits, beats, and follows', async () => {
    const on = desk();
    const begins = adapter.begins();
    const first = call(on, grant(1));
    await begins;
    const second = call(on, grant(2));
    await new Promise((resolve) => second.environment.once('heartbeat', resolve));
    expect(adapter.runs).toHaveLength(1);
    const next = adapter.begins();
    adapter.runs[0]!.next();
    await first.result;
    await next;
    adapter.runs[1]!.next();
    expect((await second.result).items[0]!.completed).toEqual([0, 1]);
  });

  test('are as many as the newest lease says, be it more or fewer', async () => {
    const on = desk();
    const both = [adapter.begins(), call(on, grant(1))] as const;
    await both[0];
    const second = adapter.begins();
    const more = call(on, grant(2, { slots: 2 }));
    await second;
    const waiting = call(on, grant(3, { slots: 1 }));
    adapter.runs[0]!.next();
    await both[1].result;
    await new Promise((resolve) => waiting.environment.once('heartbeat', resolve));
    expect(adapter.runs).toHaveLength(2);
    const third = adapter.begins();
    adapter.runs[1]!.next();
    await more.result;
    await third;
    adapter.runs[2]!.next();
    expect((await waiting.result).items[0]!.completed).toEqual([0, 1]);
  });

  test('a cancel ends a lease that waits, unstarted, and leaves one that runs to finish', async () => {
    const on = desk();
    const begins = adapter.begins();
    const running = call(on, grant(1));
    await begins;
    const waiting = call(on, grant(2));
    running.environment.cancel();
    waiting.environment.cancel();
    await expect(waiting.result).rejects.toBeInstanceOf(CancelledFailure);
    adapter.runs[0]!.next();
    expect((await running.result).items[0]!.completed).toEqual([0, 1]);
    await on.drain(0);
    expect(adapter.runs).toHaveLength(1);
  });

  test('a call whose workflow is gone is detached: its lease goes on and is attached to', async () => {
    const on = desk();
    const begins = adapter.begins();
    const running = call(on, grant(1), 1);
    await begins;
    const waiting = call(on, grant(2), 1);
    const gone = new ActivityCancellationDetails({ notFound: true });
    for (const { environment } of [running, waiting]) environment.cancel('NOT_FOUND', gone);
    await expect(running.result).rejects.toBeInstanceOf(CancelledFailure);
    await expect(waiting.result).rejects.toBeInstanceOf(CancelledFailure);
    const again = [call(on, grant(1), 2), call(on, grant(2), 2)];
    const next = adapter.begins();
    adapter.runs[0]!.next();
    await next;
    adapter.runs[1]!.next();
    for (const { result } of again) expect((await result).items[0]!.completed).toEqual([0, 1]);
    expect(adapter.runs).toHaveLength(2);
  });
});

describe('draining', () => {
  test('hands back what waits and the rest of what runs, after its job under way', async () => {
    const on = desk();
    const begins = adapter.begins();
    const running = call(on, grant(1, {}, [0, 5]));
    await begins;
    const waiting = call(on, grant(2));
    const drained = on.drain(60_000);
    expect((await waiting.result).items).toEqual([{ completed: [], failed: [] }]);
    adapter.runs[0]!.next();
    expect((await running.result).items).toEqual([{ completed: [0, 1], failed: [] }]);
    await drained;
    expect((await call(on, grant(3)).result).segment).toBeNull();
  });

  test('after its grace the job under way is abandoned, and counts as not begun', async () => {
    const on = desk();
    const begins = adapter.begins();
    const running = call(on, grant(1, {}, [0, 5]));
    await begins;
    adapter.runs[0]!.next();
    await inLoop();
    await on.drain(10);
    expect((await running.result).items).toEqual([{ completed: [0, 1], failed: [] }]);
  });
});

test('results that can’t be written fail the lease, and no job begins before they can', async () => {
  const wall = folder.in('in-the-way');
  writeFileSync(wall, '');
  const on = new LeaseDesk({
    runId: 'run-1',
    node: 'n1',
    slots: 1,
    session: 's1',
    adapter,
    feeds: new Map([[FEED.id, FEED]]),
    readers: new FeedReaders(),
    resultsFolder: join(wall, 'results'),
  });
  const begins = adapter.begins();
  const { result } = call(on, grant(1));
  await begins;
  adapter.runs[0]!.next();
  const refusal = {
    type: 'ResultsUnwritable',
    message: 'a file stands where a folder should',
    nonRetryable: true,
  };
  await expect(result).rejects.toMatchObject(refusal);
  await expect(call(on, grant(3)).result).rejects.toMatchObject(refusal);
  expect(adapter.runs).toHaveLength(1);
  rmSync(wall);
  const next = adapter.begins();
  const second = call(on, grant(2));
  await next;
  adapter.runs[1]!.next();
  expect((await second.result).segment).toMatchObject({ records: 1 });
  expect(readdirSync(join(wall, 'results'))).toHaveLength(1);
});
