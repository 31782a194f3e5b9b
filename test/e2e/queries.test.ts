/**
 * Queries come at any moment, also while the process of the workflows is held up and timers fire: whatever
 * they meet, the workflows decide as if nobody had asked, and every history replays.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, expect, it } from 'vitest';
import { connectEngine, plainEndpoint } from '../../engine/connect.ts';
import { bundleOptions } from '../../workers/workflow-bundle.ts';
import { QUERY, orchestratorId, shardId } from '../../workflows/protocol.ts';
import type { FabricStatus } from '../../workflows/protocol.ts';
import { LiveFabric, until } from './live-fabric.ts';

const FABRIC = 'planetary-fabric';
const SHARDS = ['earth', 'luna'];
const HOLD_UPS = 8;
/** Longer than a sticky queue waits and a tick takes. */
const HELD_MS = 250;
const ASKED_MS = 2_000;
const TEST_MS_MAX = 120_000;

const fabric = new LiveFabric();
afterAll(() => fabric.end(), TEST_MS_MAX);

it(
  'a process held up while it is asked never leaves a history that does not replay',
  async () => {
    const mission = fabric.mission({
      scenario: 'asked',
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
    const { client, connection, close } = await connectEngine(
      plainEndpoint(engine!.address, engine!.namespace),
    );
    const asked = [
      [orchestratorId(FABRIC), QUERY.fabricStatus],
      ...SHARDS.map((shard) => [shardId(FABRIC, shard), QUERY.shardStatus]),
    ] as const;
    // A query that meets a workflow between two tasks is refused, or lost: its asker asks again.
    const within = <T>(request: () => Promise<T>): Promise<T | null> =>
      connection.withDeadline(Date.now() + ASKED_MS, request).catch(() => null);
    const ask = (): Promise<unknown> =>
      Promise.all(
        asked.map(([id, query]) => within(() => client.workflow.getHandle(id!).query(query!))),
      );
    const completed = async (): Promise<number> => {
      const orchestrator = client.workflow.getHandle(orchestratorId(FABRIC));
      const status = await within(() => orchestrator.query<FabricStatus>(QUERY.fabricStatus));
      return status?.totals.completed ?? 0;
    };
    await until('jobs are done', async () => (await completed()) > 5);
    for (let held = 0; held < HOLD_UPS; held++) {
      process.kill(pids['orchestrator']!, 'SIGSTOP');
      const questions = Array.from({ length: 5 }, ask);
      const heldUntil = Date.now() + HELD_MS;
      await until('the process was held up for long enough', () => Date.now() >= heldUntil);
      process.kill(pids['orchestrator']!, 'SIGCONT');
      const [, done] = await Promise.all([Promise.all(questions), completed()]);
      await until('it goes on', async () => (await completed()) > done);
    }
    await close();
    expect(fabric.run(['down'], TEST_MS_MAX).status).toBe(0);
    expect(await running.ended, running.said()).toBe(0);
    const logger = new DefaultLogger('ERROR');
    Runtime.install({ logger });
    const workflowBundle = await bundleWorkflowCode({ ...bundleOptions, logger });
    const folder = fabric.histories(runId);
    const files = readdirSync(folder);
    expect(files.length).toBeGreaterThanOrEqual(asked.length);
    for (const file of files) {
      const text = gunzipSync(readFileSync(join(folder, file))).toString();
      const workflowId = file.replace(/\.\d+\.json\.gz$/, '');
      await Worker.runReplayHistory(
        { workflowBundle },
        historyFromJSON(JSON.parse(text)),
        workflowId,
      );
    }
  },
  TEST_MS_MAX,
);
