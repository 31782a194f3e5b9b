/**
 * What a shard does as minutes and days go by, on the time-skipping test server: arrivals, links, the
 * grace of its end, and all of it over continue-as-new. The planner's orders are the tests' own.
 */
import { describe, expect, it } from 'vitest';
import { size } from '../../fabric/ordinals.ts';
import { until } from '../e2e/live-fabric.ts';
import {
  EARTH,
  HOUR_MS,
  inSeconds,
  inSkippedTime,
  LUNA_NODE,
  MINUTE_MS,
  SECOND_MS,
  toLuna,
} from './in-skipped-time.ts';

inSkippedTime((open) => {
  it('a feed with a job every six hours is pulled job by job, as each has arrived', async () => {
    const fabric = await open({
      feeds: [{ shard: 'luna', count: 9, perSecond: 1 / (6 * 3_600) }],
    });
    await fabric.startShard('luna');
    await fabric.skip(3 * 24 * HOUR_MS);
    await fabric.recorded('luna', 'accept', ({ classes }) => classes[0]?.ordinals[1] === 9);
    const [opened] = fabric.entries('luna', 'open');
    const pulls = fabric.pulls.map(({ atMs, ...page }) => ({
      minute: Math.round((atMs - opened!.at) / MINUTE_MS),
      ...page,
    }));
    expect(pulls).toEqual(
      Array.from({ length: 9 }, (_, from) => ({ minute: from * 6 * 60, from, count: 1 })),
    );
    expect((await fabric.shardStatus('luna')).tally.accepted).toBe(9);
  });

  describe('a transfer', () => {
    it('over a link of three minutes is not leased before they have passed', async () => {
      const linkMs = 3 * MINUTE_MS;
      const fabric = await open({
        shards: [
          { ...EARTH, linkMs },
          { name: 'luna', linkMs },
        ],
        feeds: [{ shard: 'earth', count: 6 }],
      });
      const host = await fabric.hostNode(LUNA_NODE);
      await fabric.startShard('earth');
      await fabric.startShard('luna');
      await fabric.tell('earth', { kind: 'offload', body: toLuna(4) });
      await fabric.recorded('luna', 'transfer-in');
      const { at: sentMs } = await fabric.recorded('earth', 'transfer-out');
      // No time is skipped while the node is there: it waits for the last seconds of the link.
      await fabric.skipTo(sentMs + linkMs - 3 * SECOND_MS);
      await host.register();
      const lease = await fabric.recorded('luna', 'lease');
      const ready = await fabric.recorded('luna', 'node');
      expect(ready.at).toBeLessThan(sentMs + linkMs);
      expect(lease.at).toBeGreaterThanOrEqual(sentMs + linkMs);
      expect(lease.at).toBeLessThan(sentMs + linkMs + SECOND_MS);
      await until('luna has done all four', async () => {
        return (await fabric.shardStatus('luna')).tally.completed === 4;
      });
      await host.leave();
    });

    it('that its target never answers is kept until the grace of a closing shard is over', async () => {
      const fabric = await open({ feeds: [{ shard: 'earth', count: 6 }] });
      await fabric.startShard('earth');
      await fabric.tell('earth', { kind: 'offload', body: toLuna(4) });
      const sent = await fabric.recorded('earth', 'transfer-out');
      await fabric.skip(MINUTE_MS);
      await fabric.tell('earth', { kind: 'close' });
      const closingMs = await fabric.nowMs();
      await fabric.handle('earth').result();
      const [closed] = fabric.entries('earth', 'close');
      // Sent at once, and three times more, a second apart; then a second for the answer to the last.
      expect(inSeconds(closed!.at - closingMs)).toBe(4);
      const [cancelled] = fabric.entries('earth', 'cancel');
      expect(cancelled?.jobs.map(({ ordinals }) => size(ordinals))).toEqual([2]);
      expect(sent.jobs.map(({ ordinals }) => size(ordinals))).toEqual([4]);
      expect(await fabric.shardStatus('earth')).toMatchObject({
        inTransit: 4,
        tally: { accepted: 6, cancelled: 2, spilledOut: 0 },
      });
    });
  });

  it('a lease that its node never heard of is asked for again, and ends once', async () => {
    const fabric = await open({ feeds: [{ shard: 'luna', count: 1 }] });
    const host = await fabric.hostNode(LUNA_NODE, { unheard: 1 });
    await fabric.startShard('luna');
    await host.register();
    const lease = await fabric.recorded('luna', 'lease');
    const outcome = await fabric.recorded('luna', 'outcome');
    expect(host.asked).toEqual([lease.fence, lease.fence]);
    expect(outcome).toMatchObject({ lease: lease.lease, fence: lease.fence });
    expect(inSeconds(outcome.at - lease.at)).toBe(3);
    const tally = { completed: 1, leasesGranted: 1, leasesLost: 0, lateAnswers: 0 };
    expect((await fabric.shardStatus('luna')).tally).toMatchObject(tally);
    await host.leave();
  });

  it('a shard keeps its place in a feed, its queue and its transfers over many runs', async () => {
    const count = 12;
    const fabric = await open({
      policy: { historyEventsMax: 40 },
      feeds: [{ shard: 'earth', count, perSecond: 1 / 300 }],
    });
    await fabric.startShard('earth');
    await fabric.tell('earth', { kind: 'offload', body: toLuna(1) });
    const sent = await fabric.recorded('earth', 'transfer-out');
    await fabric.skip(HOUR_MS);
    expect((await fabric.histories('earth')).length).toBeGreaterThan(5);
    await fabric.startShard('luna');
    await fabric.skip(MINUTE_MS);
    const done = await fabric.recorded('earth', 'transfer-done');
    expect(done.jobs).toEqual(sent.jobs);
    const accepted = fabric.entries('earth', 'accept').flatMap(({ classes }) => classes);
    expect(accepted.map(({ ordinals }) => ordinals)).toEqual(
      Array.from({ length: count }, (_, i) => [i, i + 1]),
    );
    const { queued, tally } = await fabric.shardStatus('earth');
    expect({ queued, out: tally.spilledOut }).toEqual({ queued: count - 1, out: 1 });
    expect((await fabric.shardStatus('luna')).tally.spilledIn).toBe(1);
  });
});
