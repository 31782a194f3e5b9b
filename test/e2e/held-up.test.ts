/**
 * The process of the workflows is held up again and again, shorter and longer than its tasks may take, while
 * an owner looks at the status and gives commands: the fabric goes on each time, and every history
 * replays. What is asked here is what the command line asks; plain queries are the guard's matter.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, expect, it } from 'vitest';
import { connectEngine, plainEndpoint } from '../../engine/connect.ts';
import { accessOver, fetchStatus } from '../../scripts/fabric-access.ts';
import { lineTo, OwnerConsole } from '../../scripts/owner-console.ts';
import { bundleOptions } from '../../workers/workflow-bundle.ts';
import { LiveFabric, until } from './live-fabric.ts';

const FABRIC = 'planetary-fabric';
const SHARDS = ['earth', 'luna'];
/** The second is longer than the engine gives a task: the task is given out again. */
const HELD_MS = [250, 1_300, 250];
const ROUNDS = 3;
const LOOKS = 5;
const TEST_MS_MAX = 120_000;

const fabric = new LiveFabric();
afterAll(() => fabric.end(), TEST_MS_MAX);

it(
  'a process that is held up goes on, tells its status and takes commands, and leaves histories that replay',
  async () => {
    const mission = fabric.mission({
      scenario: 'held-up',
      mode: 'service',
      policy: { tickMs: 100, leaseTargetMs: 50 },
      shards: { earth: {}, luna: {} },
      nodes: SHARDS.map((shard) => ({ id: `${shard}-node`, shard })),
      feeds: SHARDS.map((shard) => ({
        id: `${shard}-stream`,
        shard,
        arrivals: { mode: 'rate' as const, perSecond: 7 },
        source: {
          type: 'synthetic' as const,
          blueprints: [{ kind: 'survey', count: 100_000, durationMs: 10 }],
        },
      })),
    });
    const running = fabric.start(['run', mission]);
    const { engine, runId, pids } = await fabric.untilUp(running);
    const { address, namespace } = engine!;
    const connected = await connectEngine(plainEndpoint(address, namespace));
    const access = accessOver(connected, { fabric: FABRIC, record: null, address, uiUrl: null });
    const owner = new OwnerConsole(lineTo(access));
    const completed = async (): Promise<number> =>
      (await fetchStatus(access)).status.totals.completed;
    const isDone = (jobs: number) => async (): Promise<boolean> =>
      (await completed().catch(() => 0)) > jobs;
    await until('jobs are done', isDone(5));
    for (const [at, heldMs] of Array.from({ length: ROUNDS }, () => HELD_MS)
      .flat()
      .entries()) {
      process.kill(pids['orchestrator']!, 'SIGSTOP');
      const heldUntil = Date.now() + heldMs;
      const looks = Array.from({ length: LOOKS }, () => completed().catch(() => 0));
      const command = owner.updateSpilloverLimit('luna', 500 + at);
      await until('the process was held up for long enough', () => Date.now() >= heldUntil);
      process.kill(pids['orchestrator']!, 'SIGCONT');
      expect(await command).toMatchObject({ outcome: 'applied' });
      await until('it goes on', isDone(Math.max(...(await Promise.all(looks)))));
    }
    await owner.close();
    expect(fabric.run(['down'], TEST_MS_MAX).status).toBe(0);
    expect(await running.ended, running.said()).toBe(0);
    await replayAll(fabric.histories(runId));
  },
  TEST_MS_MAX,
);

async function replayAll(folder: string): Promise<void> {
  const logger = new DefaultLogger('ERROR');
  Runtime.install({ logger });
  const workflowBundle = await bundleWorkflowCode({ ...bundleOptions, logger });
  const files = readdirSync(folder);
  expect(files.length).toBeGreaterThan(SHARDS.length);
  for (const file of files) {
    const history = historyFromJSON(
      JSON.parse(gunzipSync(readFileSync(join(folder, file))).toString()),
    );
    await Worker.runReplayHistory(
      { workflowBundle },
      history,
      file.replace(/\.\d+\.json\.gz$/, ''),
    );
  }
}
