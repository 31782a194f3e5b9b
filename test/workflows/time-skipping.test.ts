/**
 * What the orchestrator does as hours and days go by, on the time-skipping test server: ticks, deadlines,
 * back-off, the timeline, graces, and all of it over continue-as-new. Instants are read from the ledger and
 * the histories, never from when a test happened to look. A node's presence is an activity that never ends,
 * and the server skips no time while one is under way: what a shard with a node would report is made here.
 */
import { describe, expect, it } from 'vitest';
import type { LoadReport } from '../../fabric/messages.ts';
import { decide } from '../../fabric/shard/decide.ts';
import { loadReport } from '../../fabric/shard/report.ts';
import { openShard } from '../../fabric/shard/state.ts';
import type { OrchestratorResult } from '../../workflows/orchestrator.ts';
import { until } from '../e2e/live-fabric.ts';
import {
  gapsInSeconds,
  HOUR_MS,
  inSeconds,
  inSkippedTime,
  LUNA_NODE,
  MINUTE_MS,
  SECOND_MS,
} from './in-skipped-time.ts';
import type { TimeSkippingFabric } from './time-skipping-fabric.ts';

inSkippedTime((open) => {
  describe('the planner', () => {
    it('moves what a target had no room for at the next tick, an hour later', async () => {
      const fabric = await openOverloaded();
      await fabric.skip(1.1 * HOUR_MS);
      await fabric.recorded('earth', 'transfer-done', ({ no }) => no === 4);
      expect(plansByMinute(fabric)).toEqual([
        [0, 2],
        [60, 2],
      ]);
      const { queued, spillovers } = await fabric.shardStatus('earth');
      expect({ queued, spillovers }).toEqual({ queued: 6, spillovers: { luna: 4 } });
      expect((await fabric.shardStatus('luna')).tally.spilledIn).toBe(4);
    });

    it('keeps to a new tick interval from the moment it is set, and stops at the limit', async () => {
      const fabric = await openOverloaded();
      await fabric.skip(5 * MINUTE_MS);
      await fabric.command('setTickInterval', { commandId: 'faster', seconds: 600 });
      await fabric.outcome('faster', 'applied');
      await fabric.skip(50 * MINUTE_MS);
      expect(plansByMinute(fabric)).toEqual([
        [0, 2],
        [15, 2],
        [25, 2],
      ]);
      expect((await fabric.status()).tickMs).toBe(600 * SECOND_MS);
      expect((await fabric.shardStatus('earth')).queued).toBe(4);
    });

    /**
     * Earth with ten jobs and a limit of four, and a luna that never takes more than two at a time. Earth
     * is paused and pulls nothing by itself: jobs that it holds and none of its nodes can do would go past
     * all limits.
     */
    async function openOverloaded(): Promise<TimeSkippingFabric> {
      const fabric = await open({
        policy: { tickMs: HOUR_MS, pageJobs: 1 },
        shards: [
          { name: 'earth', policy: { spilloverLimit: 4, spillTargets: ['luna'] } },
          { name: 'luna', policy: { spilloverLimit: 3 } },
        ],
        feeds: [{ shard: 'earth', count: 10 }],
      });
      await fabric.startOrchestrator();
      await fabric.startShard('luna');
      await fabric.tell(null, { kind: 'load', body: await lunaAtWork(fabric) });
      await until('the orchestrator knows of luna', async () => {
        return ((await fabric.status()).shards['luna']?.jobsPerSecond ?? 0) > 0;
      });
      await fabric.startShard('earth', { paused: true });
      await fabric.recorded('earth', 'transfer-done', ({ no }) => no === 2);
      return fabric;
    }

    /** What luna would report with its node there; of a higher number than all that it reports itself. */
    async function lunaAtWork(fabric: TimeSkippingFabric): Promise<LoadReport> {
      const nowMs = await fabric.nowMs();
      const registered = { on: 'nodeRegistered', node: LUNA_NODE, session: 'a session' } as const;
      const { state } = decide(openShard(fabric.spec, 'luna', nowMs), [registered], nowMs);
      return loadReport(state, nowMs, 1_000_000);
    }

    /** `[minutes since the start, jobs to be moved]` of every plan. */
    function plansByMinute(fabric: TimeSkippingFabric): [number, number][] {
      const [opened] = fabric.entries('orchestrator', 'open');
      return fabric.entries('orchestrator', 'plan').map(({ at, moves }) => {
        const jobs = (moves as { jobs: number }[]).reduce((sum, move) => sum + move.jobs, 0);
        return [Math.round((at - opened!.at) / MINUTE_MS), jobs];
      });
    }
  });

  describe('a command', () => {
    it('that a shard does not answer in ten seconds is unconfirmed and names that shard', async () => {
      const fabric = await open();
      await fabric.startOrchestrator();
      await fabric.startShard('earth');
      await fabric.command('pauseAll', { commandId: 'halt' });
      const received = await fabric.outcome('halt', 'received');
      await fabric.skip(MINUTE_MS);
      const unconfirmed = await fabric.outcome('halt', 'unconfirmed');
      expect(inSeconds(unconfirmed.at - received.at)).toBe(10);
      expect(await fabric.commandRecord('halt')).toMatchObject({
        effect: 'luna did not answer within 10000 ms.',
        answers: [{ shard: 'earth', outcome: 'applied' }],
      });
    });

    it('is sent ever more rarely, and applied once the missing shard is there', async () => {
      const fabric = await open();
      await fabric.startOrchestrator();
      await fabric.command('pauseShard', { commandId: 'halt', shard: 'luna' });
      await fabric.outcome('halt', 'received');
      await fabric.skip(3 * MINUTE_MS);
      await fabric.outcome('halt', 'unconfirmed');
      const startedMs = await fabric.nowMs();
      await fabric.startShard('luna');
      await fabric.skip(MINUTE_MS);
      const applied = await fabric.outcome('halt', 'applied');
      expect(applied.at - startedMs).toBeLessThan(32 * SECOND_MS);
      expect((await fabric.shardStatus('luna')).paused).toBe(true);
      const gaps = gapsInSeconds(await fabric.sendsMs('luna', 'command'));
      expect(gaps.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
    });

    it('of the timeline is issued at its time, hours after the start', async () => {
      const job = { id: 'late', kind: 'work', shard: 'luna', skills: [] };
      const fabric = await open({
        timeline: [
          { name: 'submitJobs', args: { jobs: [job] }, atMs: 26 * HOUR_MS },
          { name: 'updateSpilloverLimit', args: { shard: 'luna', limit: 7 }, atMs: 2 * HOUR_MS },
        ].map((entry) => ({ ...entry, atOutcomes: null, reason: 'as planned' })),
      });
      await fabric.startOrchestrator();
      await fabric.startShard('earth');
      await fabric.startShard('luna');
      await fabric.skip(25 * HOUR_MS);
      await fabric.outcome('timeline-2', 'applied');
      expect((await fabric.shardStatus('luna')).policy.spilloverLimit).toBe(7);
      expect((await fabric.status()).state).toBe('running');
      await fabric.skip(1.1 * HOUR_MS);
      await fabric.outcome('timeline-1', 'applied');
      expect((await fabric.shardStatus('luna')).tally.accepted).toBe(1);
      const [opened] = fabric.entries('orchestrator', 'open');
      const issued = fabric
        .entries('orchestrator', 'command')
        .filter(({ outcome }) => outcome === 'received')
        .map(({ name, at }) => [name, Math.round((at - opened!.at) / MINUTE_MS)]);
      expect(issued).toEqual([
        ['updateSpilloverLimit', 2 * 60],
        ['submitJobs', 26 * 60],
      ]);
    });

    it('under way stays so over many runs of the workflow, in its order and with its back-off', async () => {
      const fabric = await open({ policy: { historyEventsMax: 40 } });
      await fabric.startOrchestrator();
      await fabric.command('pauseShard', { commandId: 'halt', shard: 'luna' });
      await fabric.command('resumeShard', { commandId: 'go', shard: 'luna' });
      const received = await fabric.outcome('go', 'received');
      await fabric.skip(30 * MINUTE_MS);
      expect((await fabric.histories(null)).length).toBeGreaterThan(5);
      expect(await fabric.commandRecord('go')).toMatchObject({
        outcome: 'unconfirmed',
        receivedAtMs: received.at,
      });
      const later = gapsInSeconds(await fabric.sendsMs('luna', 'command')).slice(5);
      expect(new Set(later)).toEqual(new Set([30]));
      await fabric.startShard('luna');
      await fabric.skip(MINUTE_MS);
      await fabric.outcome('halt', 'applied');
      await fabric.outcome('go', 'applied');
      const names = fabric.entries('luna', 'command').map(({ name }) => name);
      expect(names).toEqual(['pause', 'resume']);
      expect((await fabric.shardStatus('luna')).paused).toBe(false);
    });
  });

  it('shards from which nothing is heard are asked for news, in the end once a minute', async () => {
    const fabric = await open();
    await fabric.startOrchestrator();
    await fabric.skip(5 * MINUTE_MS);
    const [opened] = fabric.entries('orchestrator', 'open');
    const asked = await fabric.sendsMs('luna', 'ask');
    expect(asked.slice(0, 6).map((at) => inSeconds(at - opened!.at))).toEqual([
      5, 15, 35, 75, 135, 195,
    ]);
  });

  it('a closing orchestrator gives up a missing shard once leases there would have ended', async () => {
    const fabric = await open();
    await fabric.startOrchestrator();
    await fabric.startShard('earth');
    await fabric.command('pauseShard', { commandId: 'halt', shard: 'luna' });
    await fabric.command('close', { commandId: 'end' });
    const closing = await fabric.outcome('end', 'applied');
    const { status } = (await fabric.handle(null).result()) as OrchestratorResult;
    expect(status).toMatchObject({ state: 'closed', shards: { earth: { closed: true } } });
    const [closed] = fabric.entries('orchestrator', 'close');
    // For its part of the last checkpoint first, then as often as it is told to close, a second or a little more apart.
    const graceMs = 12 * SECOND_MS + fabric.spec.policy.leaseTimeoutMs + 15 * SECOND_MS;
    const tookMs = closed!.at - closing.at;
    expect(tookMs).toBeGreaterThanOrEqual(graceMs);
    expect(tookMs).toBeLessThan(graceMs + 5 * SECOND_MS);
    expect(await fabric.outcome('halt', 'unconfirmed')).toMatchObject({
      effect: 'luna did not answer within 10000 ms.',
    });
  });
});
