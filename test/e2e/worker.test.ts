/**
 * Processes of a fabric that are started by hand: a node that the mission does not name, and a second
 * orchestrator beside the fabric's own, either of which is killed while the other goes on.
 */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { connectEngine, plainEndpoint } from '../../engine/connect.ts';
import { accessOver, fetchStatus } from '../../scripts/fabric-access.ts';
import { LiveFabric, until, type Running } from './live-fabric.ts';

const FABRIC = 'planetary-fabric';
const TEST_MS_MAX = 90_000;
/**
 * A task in flight waits out its second, and so does a page or an append in flight. On a busy machine the
 * survivor's first tasks may time out as well, and from the second on the server waits two seconds more:
 * 5.6 s were seen. What it costs on a quiet one is for `bench:resume` to say.
 */
const KILL_COSTS_MS_MAX = 8_000;
const WENT_BACK = ['it was told to stop', 'it had not started'];

const fabric = new LiveFabric();
afterAll(() => fabric.end(), TEST_MS_MAX);

const says = (running: Running, text: string) =>
  until(`it says "${text}"`, () => {
    if (running.child.exitCode !== null) throw new Error(running.said());
    return running.said().includes(text);
  });

it(
  'nodes and orchestrators started by hand take part, and may be killed',
  async () => {
    writeFileSync(
      join(fabric.folder, 'digger.json'),
      JSON.stringify({ skills: ['dig'], pricePerJob: 2, adapter: { type: 'simulated' } }),
    );
    const stream = (shard: string, skills: string[]) => ({
      id: `${shard}-stream`,
      shard,
      arrivals: { mode: 'rate' as const, perSecond: 20 },
      source: {
        type: 'synthetic' as const,
        blueprints: [{ kind: 'survey', count: 100_000, skills, durationMs: 5 }],
      },
    });
    const mission = fabric.mission({
      scenario: 'by-hand',
      mode: 'service',
      policy: { tickMs: 100, leaseTargetMs: 50, unmatchedSkills: 'wait' },
      shards: { earth: {}, luna: {} },
      nodes: [{ id: 'earth-node', shard: 'earth' }],
      feeds: [stream('earth', []), stream('luna', ['dig'])],
    });
    const running = fabric.start(['run', mission]);
    const { engine, runId, supervisor } = await fabric.untilUp(running);
    const { address, namespace } = engine!;
    const connected = await connectEngine(plainEndpoint(address, namespace));
    const access = accessOver(connected, { fabric: FABRIC, record: null, address, uiUrl: null });
    const completed = async (shard: string): Promise<number> => {
      const { status } = await fetchStatus(access);
      return status.shards[shard]?.tally.completed ?? 0;
    };
    /** Waits for five more of each. */
    const goesOn = async (): Promise<void> => {
      for (const shard of ['earth', 'luna']) {
        const before = await completed(shard).catch(() => 0);
        await until(`${shard} goes on`, async () => {
          return (await completed(shard).catch(() => 0)) > before + 5;
        });
      }
    };

    const digger = ['worker', 'node', '--shard', 'luna', '--id', 'digger'];
    const node = fabric.start([...digger, '--adapter', 'digger.json']);
    await says(node, 'ready');
    await goesOn();
    const second = fabric.start(digger);

    // From elsewhere: it knows the server's address, and the server knows the run.
    const elsewhere = { folder: tmpdir(), env: { TEMPORAL_ADDRESS: address } };
    const beside = fabric.start(['worker', 'orchestrator'], elsewhere);
    await says(beside, 'ready');
    // Nobody starts the fabric's own again meanwhile.
    const own = fabric.record().pids['orchestrator']!;
    process.kill(supervisor.pid, 'SIGSTOP');
    const killedAtMs = Date.now();
    try {
      process.kill(own, 'SIGKILL');
      await goesOn();
    } finally {
      process.kill(supervisor.pid, 'SIGCONT');
    }
    await until('its own is back', () => fabric.record().pids['orchestrator'] !== own);
    expect(await second.ended).toBe(2);
    expect(second.said()).toContain('--id: found "digger", which a living node has');
    node.child.kill('SIGTERM');
    expect(await node.ended, node.said()).toBe(0);
    await until('its shard knows that it left', async () => {
      const { status } = await fetchStatus(access);
      return status.shards['luna']!.nodes[0]?.state === 'left';
    });

    const again = fabric.start([...digger, '--skills', 'dig']);
    await says(again, 'ready');
    await goesOn();
    await access.close();
    const down = fabric.run(['down'], TEST_MS_MAX);
    expect(down.status, `${down.stdout}${down.stderr}${running.said()}`).toBe(0);
    expect(await running.ended, running.said()).toBe(0);
    for (const each of [again, beside]) {
      expect(await each.ended, each.said()).toBe(0);
      expect(each.said()).toContain(`run ${runId} is over`);
    }
    for (const shard of ['earth', 'luna']) {
      const entries = await fabric.ledger(runId, shard);
      const atMs = entries.filter(({ type }) => type === 'outcome').map(({ at }) => at);
      const next = atMs.find((each) => each > killedAtMs)!;
      expect(next - killedAtMs, `${shard} after the kill`).toBeLessThan(KILL_COSTS_MS_MAX);
    }
    // What it had not begun went back when it left; nothing was lost on the way, and no try counted.
    for (const entry of await fabric.ledger(runId, 'luna')) {
      // Its own word that it stops, or the answer to its shard's call to give back: whichever came first.
      if (entry.type === 'requeue') expect(WENT_BACK).toContain(entry.why);
      if (entry.type === 'outcome')
        expect(entry.items.every(({ attempt }) => attempt === 1)).toBe(true);
    }
    const { nodes, jobs } = fabric.report(runId);
    expect(jobs.failed).toBe(0);
    const joined = nodes.find(({ id }) => id === 'digger');
    expect(joined).toMatchObject({ shard: 'luna', incarnation: 2, failed: 0 });
  },
  TEST_MS_MAX,
);
