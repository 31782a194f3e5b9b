// Rules of a shard that whole missions rarely show: the end with jobs still queued, the latency budget,
// reach without moves, and the cap on pieces of the queue.
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../fabric/limits.ts';
import type { LeaseGrant, ShardCommand } from '../../fabric/messages.ts';
import { fromList, range } from '../../fabric/ordinals.ts';
import { decide } from '../../fabric/shard/decide.ts';
import type { ShardEffect, ShardEvent } from '../../fabric/shard/events.ts';
import { loadReport, turnAtMs } from '../../fabric/shard/report.ts';
import { nextWake } from '../../fabric/shard/wake.ts';
import { openShard, type ShardState } from '../../fabric/shard/state.ts';
import { nodeOf, specOf, TRAITS, type SmallMission } from './small-world.ts';

function shardOf(mission: Partial<SmallMission>): ShardState {
  const spec = specOf({
    shards: [{ name: 'earth', policy: { latencyBudgetMs: 100 } }, { name: 'luna' }],
    feeds: [{ shard: 'earth', count: 10 }],
    nodes: [{ id: 'e', shard: 'earth' }],
    ...mission,
  });
  return openShard(spec, 'earth', 0);
}

const node: ShardEvent = {
  on: 'nodeRegistered',
  node: nodeOf({ id: 'e', shard: 'earth', slots: 1 }),
  session: 's',
};
const page = (count = 10): ShardEvent => ({
  on: 'page',
  feed: 'feed-0',
  from: 0,
  count,
  classes: [{ ...TRAITS, ordinals: range(0, count) }],
});
const leasesOf = (effects: readonly ShardEffect[]) =>
  effects.flatMap((effect) => (effect.do === 'lease' ? [effect.grant] : []));

describe('a shard that is closed with jobs still queued', () => {
  it('cancels them on the record, so that every accepted job has its outcome', () => {
    const { state: asked } = decide(shardOf({}), [{ on: 'opened' }], 0);
    const { state: full } = decide(asked, [page()], 1);
    const { state } = decide(full, [{ on: 'close' }], 2);
    expect(state.closed).toBe(true);
    expect(state.queue).toEqual([]);
    expect(state.tally).toMatchObject({ accepted: 10, cancelled: 10, valueCancelled: 20 });
    const entries = state.ledger.backlog.filter((entry) => entry.type === 'cancel');
    expect(entries).toMatchObject([
      { jobs: [{ feed: 'feed-0', origin: 'earth', attempt: 1, ordinals: [0, 10] }] },
    ]);
  });
});

describe('a page that was asked for before a shard closed, and comes after', () => {
  it('is not accepted: its jobs would never have an outcome', () => {
    const { state: asked } = decide(shardOf({}), [{ on: 'opened' }], 0);
    const { state: closed } = decide(asked, [{ on: 'close' }], 1);
    expect(closed).toMatchObject({ closed: true, feeds: [{ pulling: 10 }] });
    const { state } = decide(closed, [page()], 2);
    expect(state).toMatchObject({ queue: [], tally: { accepted: 0 } });
    expect(state.ledger.backlog.map(({ type }) => type)).not.toContain('accept');
  });
});

describe('a shard that becomes busy and idle with every job', () => {
  it('says so at once, and when it has just done so, a moment later', () => {
    let state = decide(
      shardOf({ feeds: [], policy: { tickMs: 1_000 } }),
      [{ on: 'opened' }, node],
      0,
    ).state;
    /** What happens, with its ledger written at once: the loads that are reported, and the leases granted. */
    const happens = (nowMs: number, ...events: ShardEvent[]) => {
      const first = decide(state, events, nowMs);
      const { nextSeq, head } = first.state.ledger;
      const written: ShardEvent = { on: 'appended', throughSeq: nextSeq - 1, head };
      const then = decide(first.state, [written], nowMs);
      state = then.state;
      const effects = [...first.effects, ...then.effects];
      const messages = effects.flatMap((effect) => (effect.do === 'send' ? [effect.message] : []));
      const loads = messages.flatMap((each) => (each.kind === 'load' ? [each.body.idle] : []));
      return { idle: loads, leases: leasesOf(effects) };
    };
    const submit = (id: string): ShardEvent => {
      const { kind, skills, priority, latencyBudgetMs, value } = TRAITS;
      const args = {
        jobs: [{ id, kind, skills, priority, latencyBudgetMs, value, payload: null }],
      };
      const asked = {
        commandId: id,
        name: 'submitJobs',
        by: '',
        reason: '',
        via: 'signal',
      } as const;
      return { on: 'command', command: { ...asked, args } as unknown as ShardCommand };
    };
    const done = ({ lease, fence, items }: LeaseGrant): ShardEvent => {
      const completed = items.map(({ ordinals }) => ({ completed: ordinals, failed: [] }));
      return {
        on: 'leaseEnded',
        lease,
        fence,
        result: { items: completed, segment: null, busyMs: 1 },
      };
    };
    happens(1_000, { on: 'wake' });

    const first = happens(5_000, submit('a'));
    expect(first.idle).toEqual([false]);
    expect(happens(5_010, done(first.leases[0]!)).idle).toEqual([]);
    expect(turnAtMs(state)).toBe(5_200);
    expect(nextWake(state, 5_150)).toBe(5_200);
    expect(happens(5_200, { on: 'wake' }).idle).toEqual([true]);

    const second = happens(5_210, submit('b'));
    expect(second.idle).toEqual([]);
    expect(happens(5_220, done(second.leases[0]!)).idle).toEqual([]);
    expect(happens(5_400, { on: 'wake' }).idle).toEqual([]);
    expect(happens(6_200, { on: 'wake' }).idle).toEqual([true]);
    expect(turnAtMs(state)).toBe(null);
  });
});

describe('the latency budget', () => {
  /** One job that is lost twice and then done at the given time. */
  function overBudgetAfter(doneAtMs: number): number {
    const { state: asked } = decide(shardOf({}), [{ on: 'opened' }], 0);
    let { state, effects } = decide(asked, [node, page(1)], 1);
    for (let lost = 0; lost < 2; lost++) {
      const { lease, fence } = leasesOf(effects)[0]!;
      ({ state, effects } = decide(state, [{ on: 'leaseReturned', lease, fence }], 2 + lost));
    }
    const { lease, fence } = leasesOf(effects)[0]!;
    const result = { items: [{ completed: range(0, 1), failed: [] }], segment: null, busyMs: 1 };
    const ended = decide(state, [{ on: 'leaseEnded', lease, fence, result }], doneAtMs);
    return loadReport(ended.state, doneAtMs, 1).latencyMs.overBudget;
  }

  it('is passed by a job whose result came too late after its arrival, and that counts once', () => {
    expect(overBudgetAfter(101)).toBe(1);
    expect(overBudgetAfter(100)).toBe(0);
  });
});

describe('where no job may be moved', () => {
  const far = { skills: ['drill'], id: 'l', shard: 'luna' };
  const targets = { spillTargets: ['luna'] };
  const mission: Partial<SmallMission> = {
    shards: [{ name: 'earth', policy: targets }, { name: 'luna' }],
    nodes: [far],
  };
  const drilling: ShardEvent = {
    on: 'page',
    feed: 'feed-0',
    from: 0,
    count: 10,
    classes: [{ ...TRAITS, skills: ['drill'], ordinals: range(0, 10) }],
  };

  it.each([
    [0, 10],
    [1, 0],
  ])('with at most %i moves, a node of another shard makes %i jobs refused', (hopsMax, refused) => {
    const { state } = decide(shardOf({ ...mission, policy: { hopsMax } }), [{ on: 'opened' }], 0);
    expect(decide(state, [drilling], 1).state.tally.refused).toBe(refused);
  });
});

describe('a transfer that its target refuses', () => {
  it('is none of the moves that its jobs may make', () => {
    const mission = {
      shards: [{ name: 'earth', policy: { spillTargets: ['luna'] } }, { name: 'luna' }],
    };
    const { state: asked } = decide(
      shardOf({ ...mission, policy: { hopsMax: 1 } }),
      [{ on: 'opened' }],
      0,
    );
    const order = { to: 'luna', jobs: 10, floor: 0, targetSkills: [[]], strandedOnly: false };
    const first: ShardEvent = { on: 'offload', order: { ...order, plan: 1 } };
    const { state: sent } = decide(asked, [page(), first], 1);
    expect(sent.outbox).toMatchObject([{ jobs: 10 }]);
    const ack = { target: 'luna', upTo: 1, beyond: [], refused: [1] };
    const { state: back } = decide(sent, [{ on: 'ack', ack }], 2);
    expect(back.queue).toMatchObject([{ hops: 0, ordinals: [0, 10] }]);
    const again: ShardEvent = { on: 'offload', order: { ...order, plan: 2 } };
    expect(decide(back, [again], 3).state.outbox).toMatchObject([{ jobs: 10 }]);
  });
});

describe('a shard that is closed with a transfer not yet acknowledged', () => {
  const mission = {
    shards: [{ name: 'earth', policy: { spillTargets: ['luna'] } }, { name: 'luna' }],
  };
  const order = { to: 'luna', jobs: 10, floor: 0, targetSkills: [[]], strandedOnly: false };
  const offload: ShardEvent = { on: 'offload', order: { ...order, plan: 1 } };
  const wake: ShardEvent = { on: 'wake' };

  /** Its chain holds the transfer, which has been sent, and everything stops for ten seconds. */
  function stopped(): ShardState {
    const { state: asked } = decide(shardOf(mission), [{ on: 'opened' }], 0);
    const { state: out } = decide(asked, [page(), offload], 1);
    const throughSeq = out.ledger.nextSeq - 1;
    const { state } = decide(out, [{ on: 'appended', throughSeq, head: 'h' }, { on: 'close' }], 2);
    expect(state.outbox).toMatchObject([{ sends: 1 }]);
    return state;
  }

  it('is not closed by a stop, and takes back what is refused after it', () => {
    const { state: back, effects } = decide(stopped(), [wake], 10_000);
    expect(back.closed).toBe(false);
    expect(effects).toContainEqual(expect.objectContaining({ do: 'send', to: 'luna' }));
    const ack = { target: 'luna', upTo: 1, beyond: [], refused: [1] };
    const { state } = decide(back, [{ on: 'ack', ack }], 10_001);
    expect(state).toMatchObject({ closed: true, queue: [], tally: { cancelled: 10 } });
  });

  it('is closed when nobody answers any of five sends, a second apart', () => {
    let state = stopped();
    let nowMs = 10_000;
    let sends = 1;
    for (; !state.closed; nowMs += 500) {
      const decision = decide(state, [wake], nowMs);
      sends += decision.effects.filter(
        (effect) => effect.do === 'send' && effect.to === 'luna',
      ).length;
      state = decision.state;
    }
    expect(sends).toBe(5);
    expect(nowMs).toBe(14_500);
    expect(state.outbox).toMatchObject([{ jobs: 10 }]);
  });
});

describe('a queue in very many pieces', () => {
  const many = fromList(Array.from({ length: LIMITS.fragmentsMax }, (_, i) => 2 * i));

  it('is not pulled for and takes nothing by hand until some of it is done', () => {
    const opened = decide(shardOf({ policy: { pageJobs: 5_000 } }), [{ on: 'opened' }], 0);
    expect(opened.effects.filter(({ do: what }) => what === 'pull')).toHaveLength(1);
    const { state } = decide(shardOf({ policy: { pageJobs: 5_000 } }), [], 0);
    const birth = { feed: 'other', origin: 'earth', attempt: 1, hops: 0, avoidNode: null };
    const queue = [
      { ...TRAITS, ...birth, id: 0, arrivedAtMs: 0, notBeforeMs: 0, page: null, ordinals: many },
    ];
    const full: ShardState = { ...state, queue, feeds: opened.state.feeds };
    const job = { ...TRAITS, id: 'x', payload: null };
    const submit: ShardEvent = {
      on: 'command',
      command: {
        commandId: 'c',
        name: 'submitJobs',
        args: { jobs: [job] },
        by: 'ada',
        reason: '',
        via: 'orchestrator',
      },
    };
    const after = decide(full, [submit], 1);
    expect(after.effects.filter(({ do: what }) => what === 'pull')).toEqual([]);
    expect(after.state.commands[0]!.refused).toMatchObject([
      { id: 'x', because: /^The registry of earth is full/ },
    ]);
  });
});
