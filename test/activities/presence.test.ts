import { MockActivityEnvironment } from '@temporalio/testing';
import { CancelledFailure } from '@temporalio/common';
import { afterEach, expect, test } from 'vitest';
import type { Adapter } from '../../activities/adapters/adapter.ts';
import { agentAdapter } from '../../activities/adapters/agent.ts';
import { Presence } from '../../activities/presence.ts';
import { jobs, runAdapter } from './adapters/run-adapter.ts';
import { compiledThread } from './adapters/thread-entry.ts';

const { entry, agent } = compiledThread();
let opened: Adapter | null = null;

afterEach(() => opened?.close());

const input = { shard: 'earth', node: 'n1', session: 's1', incarnation: 1, execution: 'x' };

function hold(presence: Presence, more: object = {}) {
  const environment = new MockActivityEnvironment();
  const beatsMs: number[] = [];
  environment.on('heartbeat', () => beatsMs.push(performance.now()));
  const held = environment.run((each: typeof input) => presence.hold(each), { ...input, ...more });
  held.catch(() => undefined);
  return { environment, beatsMs, held };
}

test('it beats at once, until the node is told to stop', async () => {
  const presence = new Presence('n1', 's1');
  const { environment, beatsMs, held } = hold(presence);
  expect(presence.missingMs).toBe(0);
  await new Promise((resolve) => environment.once('heartbeat', resolve));
  expect(beatsMs.length).toBeGreaterThanOrEqual(2);
  presence.leave();
  expect(await held).toBe('left');
});

test('it ends when it is cancelled, and is then missing', async () => {
  const presence = new Presence('n1', 's1');
  const { environment, held } = hold(presence);
  const second = hold(presence);
  environment.cancel();
  await expect(held).rejects.toBeInstanceOf(CancelledFailure);
  expect(presence.missingMs).toBe(0);
  second.environment.cancel();
  await expect(second.held).rejects.toBeInstanceOf(CancelledFailure);
  await new Promise((resolve) => setImmediate(resolve));
  expect(presence.missingMs).toBeGreaterThan(0);
});

test('it is refused for another session', async () => {
  const { held } = hold(new Presence('n1', 's1'), { session: 's0' });
  await expect(held).rejects.toMatchObject({ type: 'StaleSession', nonRetryable: true });
});

test('it goes on beating while a handler computes for three seconds', async () => {
  opened = agentAdapter({ agent: 'obedient', module: agent, threads: 2, memoryMb: 256, entry });
  await opened.open();
  const presence = new Presence('n1', 's1');
  const { beatsMs, held } = hold(presence);
  const computing = jobs(1, ['compute', 3_000]);
  await Promise.all([runAdapter(opened, computing), runAdapter(opened, computing)]);
  presence.leave();
  await held;
  const gaps = beatsMs.slice(1).map((at, i) => at - beatsMs[i]!);
  expect(beatsMs.length).toBeGreaterThanOrEqual(10);
  expect(Math.max(...gaps)).toBeLessThan(800);
});
