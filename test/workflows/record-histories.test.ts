/**
 * Makes the recordings that `replay.test.ts` replays: `npm run record:histories`, after a change of what
 * the workflows ask for, when the old recordings may go. A small fabric with failures, spillover,
 * continue-as-new, owner commands by signal and update, some to refuse, nodes that are killed and come back,
 * and jobs still queued at its end.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { connectEngine, plainEndpoint } from '../../engine/connect.ts';
import { QUERY, orchestratorId, shardId } from '../../workflows/protocol.ts';
import type { FabricStatus } from '../../workflows/protocol.ts';
import { LiveFabric, until, update } from '../e2e/live-fabric.ts';

const FABRIC = 'planetary-fabric';
const SHARDS = ['earth', 'luna'];
const folder = fileURLToPath(new URL('../histories', import.meta.url));

it('records a run of both workflows', { timeout: 120_000 }, async () => {
  const fabric = new LiveFabric();
  try {
    const mission = fabric.mission({
      scenario: 'recorded',
      mode: 'service',
      seed: 11,
      timeScale: 1_000_000,
      policy: { tickMs: 100, leaseTargetMs: 1_500, leaseJobsMax: 40, historyEventsMax: 100 },
      shards: { earth: { spilloverLimit: 40, spillTargets: ['luna'] }, luna: {} },
      nodes: SHARDS.map((shard) => ({ id: `${shard}-node`, shard, slots: 1 })),
      blueprints: [
        { shard: 'earth', kind: 'survey', count: 400, durationMs: 40, failureRate: 0.2 },
        { shard: 'luna', kind: 'probe', count: 50, durationMs: 20, failureRate: 0.05 },
      ],
    });
    const running = fabric.start(['run', mission]);
    const { engine, runId } = await fabric.untilUp(running);
    const { client, close } = await connectEngine(
      plainEndpoint(engine!.address, engine!.namespace),
    );
    const orchestrator = client.workflow.getHandle(orchestratorId(FABRIC));
    const luna = client.workflow.getHandle(shardId(FABRIC, 'luna'));
    const outcomes = async (): Promise<number> =>
      (await orchestrator.query<FabricStatus>(QUERY.fabricStatus)).totals.completed;
    await until('jobs are done', async () => (await outcomes()) > 20);
    await luna.signal('pause', { by: 'crew', reason: 'by hand' });
    await luna.signal('explode', {});
    const change = { shard: 'earth', limit: 30, by: 'ada' };
    await update(orchestrator, 'updateSpilloverLimit', change);
    await orchestrator.signal('updateSpilloverLimit', { shard: 'pluto', limit: -1 });
    await orchestrator.signal('explode', { loud: true });
    await orchestrator.signal('setTickInterval', { seconds: 0.2, reason: 'calmer' });
    await luna.signal('resume', {});
    const jobs = [{ id: 'by-hand', kind: 'probe', shard: 'luna', payload: { at: 'Ina' } }];
    await update(orchestrator, 'submitJobs', { jobs });
    await update(orchestrator, 'pauseAll', { reason: 'all hands' });
    await update(orchestrator, 'resumeAll', {});
    await until('more jobs are done', async () => (await outcomes()) > 80);
    const onDisk = fabric.results(runId).length;
    await until(
      'a heartbeat has told of some jobs',
      () => fabric.results(runId).length > onDisk + 25,
    );
    process.kill(fabric.record().pids['node host']!, 'SIGKILL');
    await until('the nodes are here again, and what they had finished is known', async () => {
      const chains = await Promise.all(SHARDS.map((shard) => fabric.ledger(runId, shard)));
      return chains.flat().some((each) => each.type === 'outcome' && each.lost === true);
    });
    await close();
    expect(fabric.run(['down']).status).toBe(0);
    expect(await running.ended, running.said()).toBe(0);
    keep(fabric.histories(runId));
  } finally {
    await fabric.end();
  }
});

/** Replaces the recordings, with the names of worker processes blanked. */
function keep(from: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const name of readdirSync(from)) {
    const text = gunzipSync(readFileSync(join(from, name))).toString();
    const blanked = text.replaceAll(/("(?:identity|hostname)": ")[^"]*"/g, '$1worker"');
    writeFileSync(join(folder, name), gzipSync(blanked));
  }
}
