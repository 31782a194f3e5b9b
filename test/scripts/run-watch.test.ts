// A run that is watched ends when its workflows do, also when one of them ends before its time: nothing
// may wait for ever for a shard that is gone. Server and orchestrator are fakes, and time is virtual.
import { WorkflowFailedError } from '@temporalio/client';
import {
  ActivityFailure,
  ApplicationFailure,
  TerminatedFailure,
  WorkflowNotFoundError,
} from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RunFailedError } from '../../scripts/exit-code.ts';
import type { FabricAccess } from '../../scripts/fabric-access.ts';
import type { StatusView } from '../../scripts/live-view.ts';
import { InterruptedError } from '../../scripts/interruption.ts';
import type { WatchOrder, Watched } from '../../scripts/run-watch.ts';
import { watchRun } from '../../scripts/run-watch.ts';
import type { RunWorkflows } from '../../scripts/start-workflows.ts';
import { SHOWN, type FabricStatus } from '../../workflows/protocol.ts';
import { sampleStatus } from './sample-status.ts';

const ORCHESTRATOR = 'planetary-fabric.orchestrator';
const LUNA = 'planetary-fabric.shard.luna';
const MARS = 'planetary-fabric.shard.mars';

/** A server with one orchestrator and two shards; a test changes what it says of them. */
class FakeServer {
  readonly states: Record<string, string> = {
    [ORCHESTRATOR]: 'RUNNING',
    [LUNA]: 'RUNNING',
    [MARS]: 'RUNNING',
  };
  readonly failures: Record<string, Error> = {};
  readonly looks: Record<string, number> = {};
  status: FabricStatus | null = sampleStatus();
  /** What the orchestrator turns to when it is told to close. */
  onClose = (): void => this.closeInOrder();
  readonly workflows: RunWorkflows;

  constructor() {
    const all = new Map(Object.keys(this.states).map((id) => [id, this.handle(id)]));
    this.workflows = { orchestrator: all.get(ORCHESTRATOR)!, all };
  }

  closeInOrder(): void {
    for (const id of Object.keys(this.states)) this.states[id] = 'COMPLETED';
    this.status = sampleStatus({ state: 'closed' });
  }

  handle(workflowId: string): RunWorkflows['orchestrator'] {
    const handle = {
      describe: () => {
        this.looks[workflowId] = (this.looks[workflowId] ?? 0) + 1;
        const name = this.states[workflowId]!;
        if (name === 'DELETED') {
          return Promise.reject(new WorkflowNotFoundError('not found', workflowId, undefined));
        }
        if (name === 'MUTE') return Promise.reject(new Error('deadline exceeded'));
        const shown = workflowId === ORCHESTRATOR ? this.status : null;
        return Promise.resolve({
          status: { name },
          runId: `run of ${workflowId}`,
          raw: {},
          memo: shown === null ? {} : { [SHOWN]: { atMs: Date.now(), status: shown } },
        });
      },
      signal: () => Promise.resolve(this.onClose()),
      result: () => {
        const failure = this.failures[workflowId];
        return failure === undefined
          ? Promise.resolve({ of: workflowId })
          : Promise.reject(failure);
      },
    };
    return handle as unknown as RunWorkflows['orchestrator'];
  }
}

let server: FakeServer;
let leaving: AbortController;
let shown: StatusView[];
let whyMute: string | null;

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  shown = [];
  whyMute = null;
  leaving = new AbortController();
});

afterEach(() => {
  leaving.abort();
  vi.useRealTimers();
});

function watch(whenFinished: WatchOrder['whenFinished'] = 'close'): Promise<Watched> {
  const abandoned = new Promise<never>((_, reject) =>
    leaving.signal.addEventListener('abort', () => reject(new InterruptedError())),
  );
  const access = {
    fabric: 'planetary-fabric',
    uiUrl: null,
    call: (request: () => Promise<unknown>) => request(),
    follow: (requests: () => Promise<unknown>) => requests(),
    client: { workflow: { getHandle: (id: string) => server.handle(id) } },
  } as unknown as FabricAccess;
  const watched = watchRun({
    access,
    workflows: server.workflows,
    display: { show: (view) => shown.push(view), line: () => undefined, end: () => undefined },
    interruption: {
      signal: leaving.signal,
      race: (work) => Promise.race([work, abandoned]),
      end: () => undefined,
    },
    whenFinished,
    note: () => null,
    whyMute: () => Promise.resolve(whyMute),
    lost: new Promise<never>(() => undefined),
  });
  watched.catch(() => undefined);
  return watched;
}

test('an orchestrator that does not answer is told of, with the reason where there is one', async () => {
  const watched = watch();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(shown.at(-1)?.note).toBeNull();
  server.states[ORCHESTRATOR] = 'MUTE';
  await vi.advanceTimersByTimeAsync(4_000);
  expect(shown.at(-1)?.note).toBe('the orchestrator has not answered for a while');
  whyMute = 'no space left';
  await vi.advanceTimersByTimeAsync(1_000);
  expect(shown.at(-1)?.note).toBe('no space left');
  server.states[ORCHESTRATOR] = 'RUNNING';
  server.closeInOrder();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await watched).toMatchObject({ state: 'closed' });
});

/** The error that the watch has ended with after so long; null when it still watches. */
async function errorWithin(watched: Promise<Watched>, ms: number): Promise<Error | null> {
  const ended = watched.then(
    () => null,
    (error: Error) => error,
  );
  await vi.advanceTimersByTimeAsync(ms);
  return await Promise.race([ended, Promise.resolve(null)]);
}

const terminated = (why: string): Error =>
  new WorkflowFailedError('terminated', new TerminatedFailure(why), 'NON_RETRYABLE_FAILURE');

function failedOver(message: string): Error {
  const cause = ApplicationFailure.nonRetryable(message, 'IntegrityError');
  const activity = new ActivityFailure(
    'Activity task failed',
    'append',
    '1',
    'TIMEOUT',
    'w',
    cause,
  );
  return new WorkflowFailedError('Workflow execution failed', activity, 'NON_RETRYABLE_FAILURE');
}

describe('a shard that ends before the run is closed', () => {
  test.each([
    ['FAILED', failedOver('group 7 was changed'), 'failed: group 7 was changed'],
    ['TERMINATED', terminated('by hand'), 'was terminated: by hand'],
    ['TIMED_OUT', terminated('too long'), 'timed out: too long'],
    ['CANCELLED', terminated('cancelled'), 'was cancelled: cancelled'],
    ['DELETED', terminated(''), 'is gone: the server does not know it any more'],
    ['FAILED', new Error('deadline exceeded'), 'failed: its cause could not be fetched'],
  ])('as %s is told with its name and the deepest cause', async (state, failure, says) => {
    const watched = watch();
    await vi.advanceTimersByTimeAsync(10_000);
    server.states[LUNA] = state;
    server.failures[LUNA] = failure;
    const error = await errorWithin(watched, 2_500);
    expect(error).toBeInstanceOf(RunFailedError);
    expect(error).toMatchObject({ exitCode: 1, message: `The workflow ${LUNA} ${says}` });
  });

  test('is noticed too while the orchestrator does not answer', async () => {
    server.status = null;
    const watched = watch('wait');
    server.states[MARS] = 'TERMINATED';
    server.failures[MARS] = terminated('by hand');
    const error = await errorWithin(watched, 2_500);
    expect(error?.message).toBe(`The workflow ${MARS} was terminated: by hand`);
  });

  test('counts though it ended in order, once a second look finds the run still open', async () => {
    const watched = watch();
    server.states[LUNA] = 'COMPLETED';
    expect(await errorWithin(watched, 2_400)).toBeNull();
    const error = await errorWithin(watched, 2_000);
    expect(error?.message).toBe(`The workflow ${LUNA} ended: the run was not closed`);
  });
});

test.each(['MUTE', 'RUNNING', 'CONTINUED_AS_NEW'])(
  'a shard that the server finds %s is waited for',
  async (state) => {
    const watched = watch();
    server.states[LUNA] = state;
    expect(await errorWithin(watched, 60_000)).toBeNull();
  },
);

test('every shard is looked up about every 2 s, and not more often', async () => {
  const watched = watch();
  expect(await errorWithin(watched, 20_000)).toBeNull();
  for (const id of [LUNA, MARS]) {
    expect(server.looks[id], id).toBeGreaterThanOrEqual(8);
    expect(server.looks[id], id).toBeLessThanOrEqual(10);
  }
});

test('while the run closes, shards that have ended are as they should be', async () => {
  const watched = watch('wait');
  await vi.advanceTimersByTimeAsync(1_000);
  server.status = sampleStatus({ state: 'closing' });
  server.states[LUNA] = 'COMPLETED';
  expect(await errorWithin(watched, 10_000)).toBeNull();
  server.closeInOrder();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await watched).toEqual({ state: 'closed', result: { of: ORCHESTRATOR } });
});

test('a shard that was given up over the close is told at the end, with its cause', async () => {
  const watched = watch();
  server.onClose = () => {
    server.closeInOrder();
    server.states[LUNA] = 'TERMINATED';
    server.failures[LUNA] = terminated('by hand');
  };
  server.status = sampleStatus({ state: 'finished' });
  const error = await errorWithin(watched, 2_000);
  expect(error).toBeInstanceOf(RunFailedError);
  expect(error?.message).toBe(`The workflow ${LUNA} did not end in order: by hand`);
});

test('a mission whose jobs have ended is closed, and hands over what the orchestrator left', async () => {
  const watched = watch();
  server.status = sampleStatus({ state: 'finished' });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await watched).toEqual({ state: 'closed', result: { of: ORCHESTRATOR } });
});
