/**
 * Nodes of a running fabric from the command line: one is brought in and does what no other could, what it offers is
 * changed, and it is there again when the fabric was killed and is continued.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { connectEngine, plainEndpoint } from '../../engine/connect.ts';
import type { NodeReport } from '../../fabric/messages.ts';
import { accessOver, fetchStatus } from '../../scripts/fabric-access.ts';
import { isAlive, LiveFabric, until } from './live-fabric.ts';

const TEST_MS_MAX = 120_000;
const fabric = new LiveFabric();
afterAll(() => fabric.end(), TEST_MS_MAX);

const nodes = (verb: string, file: string, content: object) => {
  writeFileSync(join(fabric.folder, file), JSON.stringify(content));
  return fabric.run(['nodes', verb, file, '--reason', `${verb} ${file}`]);
};

it(
  'a node is added, changed, refused with the reason, and there again after a kill of all',
  async () => {
    const mission = fabric.mission({
      scenario: 'nodes',
      mode: 'service',
      policy: { tickMs: 100, leaseTargetMs: 50, unmatchedSkills: 'wait' },
      shards: { luna: {} },
      nodes: [{ id: 'plain', shard: 'luna' }],
      feeds: [
        {
          id: 'holes',
          shard: 'luna',
          arrivals: { mode: 'rate', perSecond: 20 },
          source: {
            type: 'synthetic',
            blueprints: [{ kind: 'hole', count: 100_000, skills: ['dig'], durationMs: 5 }],
          },
        },
      ],
    });
    const running = fabric.start(['run', mission]);
    const { engine, runId } = await fabric.untilUp(running);
    const seen = async (id: string): Promise<NodeReport | undefined> => {
      const { address, namespace } = fabric.record().engine ?? engine!;
      const connected = await connectEngine(plainEndpoint(address, namespace));
      const about = { fabric: 'planetary-fabric', record: null, address, uiUrl: null };
      const access = accessOver(connected, about);
      try {
        const { status } = await fetchStatus(access);
        return status.shards['luna']?.nodes.find((node) => node.id === id);
      } catch {
        // Not while its processes are being started.
        return undefined;
      } finally {
        await access.close();
      }
    };
    const works = (from: number) =>
      until('the digger works', async () => {
        return ((await seen('digger'))?.completed ?? 0) > from + 5;
      });

    const digger = { id: 'digger', shard: 'luna', skills: ['dig'], pricePerJob: 2 };
    const added = nodes('add', 'digger.json', digger);
    expect(added, added.stderr).toMatchObject({ status: 0, stderr: '' });
    expect(added.stdout).toMatch(/applied registerNode .*digger is expected/);
    expect(added.stdout).toContain('digger is there, in a process of its own.');
    await works(0);

    const updated = nodes('update', 'change.json', { id: 'digger', slots: 5, pricePerJob: 9 });
    expect(updated.stdout).toContain('digger: slots 2 → 5, price per job 2 → 9.');
    const asOrdered = { slots: 5, spec: { pricePerJob: 9 } };
    await until('it shows', async () => (await seen('digger'))?.slots === asOrdered.slots);
    expect(await seen('digger')).toMatchObject(asOrdered);

    const twice = nodes('add', 'digger.json', digger);
    expect(twice).toMatchObject({ status: 1 });
    expect(twice.stdout).toMatch(/refused registerNode .*"digger" on luna already; it is ready/);
    const slips = [
      nodes('add', 'bad.json', { ...digger, slots: 0, colour: 'red' }),
      nodes('add', 'nowhere.json', { ...digger, id: 'lost', shard: 'pluto' }),
      nodes('add', 'nameless.json', { skills: ['dig'] }),
      nodes('update', 'nothing.json', { id: 'digger' }),
      nodes('update', 'process.json', { id: 'digger', adapter: { type: 'simulated' } }),
    ];
    expect(slips.map(({ status }) => status)).toEqual([2, 2, 2, 2, 2]);
    expect(slips.map(({ stderr }) => stderr)).toEqual([
      expect.stringMatching(
        /bad\.json: slots: found 0; .*\nbad\.json: colour: found an unknown key/,
      ),
      expect.stringContaining('shard: found "pluto"; expected one of luna'),
      expect.stringMatching(/nameless\.json: id: found nothing.*\nnameless\.json: shard: found/),
      expect.stringContaining('nothing.json: found an object; expected at least one of skills'),
      expect.stringContaining('process.json: adapter: found an unknown key'),
    ]);

    // Everything is killed at once, its supervisor too; one command continues.
    const pids = fabric.recordedPids();
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await until('all of it is gone', () => !pids.some(isAlive));
    await running.ended;
    const again = fabric.start(['resume', runId]);
    await fabric.untilUp(again);
    await until('it has registered again', async () => {
      return ((await seen('digger'))?.incarnation ?? 0) > 1;
    });
    const back = (await seen('digger'))?.completed ?? 0;
    await works(back);
    expect(await seen('digger')).toMatchObject(asOrdered);

    const down = fabric.run(['down'], TEST_MS_MAX);
    expect(down.status, `${down.stdout}${down.stderr}${again.said()}`).toBe(0);
    expect(await again.ended, again.said()).toBe(0);
    const audit = fabric.run(['audit', 'verify', runId]);
    expect(audit.status, audit.stdout).toBe(0);
    const ordered = (await fabric.ledger(runId, 'luna')).flatMap((entry) =>
      entry.type === 'command' ? [[entry.name, entry.outcome, entry.args] as const] : [],
    );
    expect(ordered).toMatchObject([
      ['registerNode', 'applied', { node: 'digger', skills: ['dig'], slots: 2 }],
      ['updateNode', 'applied', { node: 'digger', slots: 5, pricePerJob: 9 }],
      ['registerNode', 'refused', { node: 'digger' }],
    ]);
  },
  TEST_MS_MAX,
);
