import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import type { Adapter } from '../../../activities/adapters/adapter.ts';
import { agentAdapter } from '../../../activities/adapters/agent.ts';
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

async function adapter(threads = 1, module = agent, memoryMb = 256): Promise<Adapter> {
  opened = agentAdapter({ agent: 'obedient', module, threads, memoryMb, entry });
  await opened.open();
  return opened;
}

/** One job for each payload. */
const told = (...payloads: unknown[][]) =>
  payloads.map((payload, ordinal) => ({ ...jobs(1, payload)[0]!, ordinal }));

async function outcomes(on: Adapter, ...payloads: unknown[][]): Promise<unknown[]> {
  return [...(await runAdapter(on, told(...payloads))).values()];
}

describe('an agent in threads', () => {
  test('is loaded once and does jobs in order', async () => {
    expect(await outcomes(await adapter(), ['echo', 1], ['echo', 2], ['nothing'])).toEqual([
      { status: 'completed', result: { id: 'f-0', value: 1, loads: 1 } },
      { status: 'completed', result: { id: 'f-0', value: 2, loads: 1 } },
      { status: 'completed', result: null },
    ]);
  });

  test('may fail, throw and answer nonsense, and goes on', async () => {
    const on = await adapter();
    expect(
      await outcomes(on, ['fail', 'E7'], ['throw', 'oh'], ['neither'], ['function'], ['echo', 1]),
    ).toMatchObject([
      { status: 'failed', code: 'E7', message: 'as told' },
      { status: 'failed', code: 'agent-threw', message: 'oh' },
      { status: 'failed', code: 'bad-outcome' },
      { status: 'failed', code: 'agent-threw' },
      { status: 'completed' },
    ]);
  });

  test('that dies fails its one job, and the next runs in a new thread', async () => {
    const on = await adapter();
    expect(await outcomes(on, ['exit'], ['crash', 'bang'], ['echo', 1])).toMatchObject([
      { status: 'failed', code: 'agent-died' },
      { status: 'failed', code: 'agent-died', message: 'its thread died: bang' },
      { status: 'completed', result: { loads: 1 } },
    ]);
  });

  test('that overruns fails its one job, and its thread is replaced', async () => {
    const on = await adapter();
    const late = await runAdapter(on, told(['compute', 60_000]), { limitMs: 100 });
    expect(late.get(0)).toMatchObject({ status: 'failed', code: 'job-timeout' });
    expect(await outcomes(on, ['echo', 1])).toMatchObject([{ status: 'completed' }]);
  });

  test('may not return more than 64 KB', async () => {
    expect(await outcomes(await adapter(), ['big', 65_536], ['big', 65_000])).toMatchObject([
      { status: 'failed', code: 'result-too-large' },
      { status: 'completed' },
    ]);
  });

  test('is told its attempt and a key that is the same for every try', async () => {
    const on = await adapter();
    const again = jobs(2, ['job'], 2);
    expect([...(await runAdapter(on, again)).values()]).toMatchObject([
      { result: { attempt: 2, idempotencyKey: 'run/f/0' } },
      { result: { attempt: 2, idempotencyKey: 'run/f/1' } },
    ]);
  });

  test('that eats memory fails its one job, and the next runs in a new thread', async () => {
    const on = await adapter(1, agent, 32);
    expect(await outcomes(on, ['eat'], ['echo', 1])).toMatchObject([
      {
        status: 'failed',
        code: 'memory',
        message: 'its thread held more than 32 MB and was ended',
      },
      { status: 'completed', result: { loads: 1 } },
    ]);
  });

  test('that is abandoned says nothing of its job', async () => {
    const on = await adapter();
    const leave = new AbortController();
    const running = runAdapter(on, told(['compute', 60_000]), { abandoned: leave.signal });
    leave.abort();
    expect((await running).size).toBe(0);
  });

  test('hands back jobs for which no thread came free in time', async () => {
    const on = await adapter();
    const first = runAdapter(on, told(['compute', 300]));
    const second = await runAdapter(on, told(['echo', 1]), { limitMs: 20 });
    expect(second.size).toBe(0);
    expect((await first).get(0)).toMatchObject({ status: 'completed' });
  });

  test('leaves the main thread free while it computes', async () => {
    const on = await adapter();
    let turns = 0;
    const beats = setInterval(() => turns++, 10);
    await outcomes(on, ['compute', 500]);
    clearInterval(beats);
    expect(turns).toBeGreaterThan(15);
  });
});

test('an agent that can’t be loaded keeps the adapter from opening, with the reason', async () => {
  const module = folder.in('bad.mjs');
  writeFileSync(module, 'export default { name: "bad", load() { throw new Error("no data"); } };');
  const reason = 'its default export has no function "handle"';
  await expect(adapter(2, module)).rejects.toThrow(reason);
  writeFileSync(
    folder.in('worse.mjs'),
    'export default { handle() {}, load() { throw new Error("no data"); } };',
  );
  await expect(adapter(2, folder.in('worse.mjs'))).rejects.toThrow('no data');
});
