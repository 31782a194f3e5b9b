import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { NodeSpec } from '../../fabric/policy.ts';
import { keepRegistered, nodeSpecOf } from '../../workers/node-registration.ts';

vi.mock('node:timers/promises', () => ({
  setTimeout: (waitMs: number, _: undefined, { signal }: { signal: AbortSignal }) =>
    new Promise<void>((resolve, reject) => {
      if (signal.aborted) return reject(new Error('aborted'));
      setTimeout(resolve, waitMs);
      signal.addEventListener('abort', () => reject(new Error('aborted')));
    }),
}));

const spec: NodeSpec = {
  id: 'n1',
  shard: 'earth',
  skills: ['triage'],
  slots: 2,
  pricePerJob: 0.5,
  image: 'i',
  runtime: 'r',
  tags: [],
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A node whose shard and presence are played by the test. */
function node() {
  const stopped = new AbortController();
  const played = { missingMs: 10_000, refusal: null as string | null };
  const sent: unknown[] = [];
  const troubles: string[] = [];
  const done = keepRegistered({
    spec,
    session: 's1',
    signal: (name, payload) => {
      sent.push([name, payload]);
      return played.refusal === null
        ? Promise.resolve()
        : Promise.reject(new Error(played.refusal));
    },
    missingMs: () => played.missingMs,
    stopped: stopped.signal,
    onTrouble: (message) => troubles.push(message),
  });
  return { played, sent, troubles, stop: () => (stopped.abort(), done) };
}

describe('a node', () => {
  test('registers at once, and not again while its presence is held', async () => {
    const { played, sent, stop } = node();
    expect(sent).toEqual([['registerNode', { node: spec, session: 's1' }]]);
    played.missingMs = 0;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(1);
    await stop();
  });

  test('tries again until its shard is there, and tells of the trouble once', async () => {
    const { played, sent, troubles, stop } = node();
    played.refusal = 'workflow not found';
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sent.length).toBeGreaterThan(2);
    const tries = sent.length;
    await vi.advanceTimersByTimeAsync(4_000);
    expect(sent.length - tries).toBeGreaterThanOrEqual(9);
    expect(troubles).toEqual(['workflow not found']);
    await stop();
  });

  test('asks ever less often where the shard takes the signal and nothing follows', async () => {
    const { sent, stop } = node();
    await vi.advanceTimersByTimeAsync(7_500);
    expect(sent).toHaveLength(4);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent).toHaveLength(6);
    await stop();
  });

  test('registers again once its presence is missing for more than a second', async () => {
    const { played, sent, stop } = node();
    played.missingMs = 0;
    await vi.advanceTimersByTimeAsync(2_000);
    played.missingMs = 900;
    await vi.advanceTimersByTimeAsync(500);
    expect(sent).toHaveLength(1);
    played.missingMs = 1_100;
    await vi.advanceTimersByTimeAsync(200);
    expect(sent).toHaveLength(2);
    await stop();
  });

  test('stops when it is told to', async () => {
    const { sent, stop } = node();
    await stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent).toHaveLength(1);
  });
});

test('a shard is told nothing of the adapter', () => {
  const hosted = { ...spec, adapter: { type: 'simulated', speed: 1 } };
  expect(nodeSpecOf(hosted)).toEqual(spec);
});
