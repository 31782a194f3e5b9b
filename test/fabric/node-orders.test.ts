// What the owner says of nodes themselves: that one is to come, and what one offers. Names stay unique over
// all shards, and no process that starts again undoes what was ordered.
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../fabric/limits.ts';
import type { CommandAnswer, LoadReport, ShardCommand } from '../../fabric/messages.ts';
import { range } from '../../fabric/ordinals.ts';
import { decide as decideGlobally } from '../../fabric/orchestrator/decide.ts';
import type { OrchestratorEvent } from '../../fabric/orchestrator/events.ts';
import { openOrchestrator, type OrchestratorState } from '../../fabric/orchestrator/state.ts';
import { decide } from '../../fabric/shard/decide.ts';
import type { ShardEffect, ShardEvent } from '../../fabric/shard/events.ts';
import { loadReport } from '../../fabric/shard/report.ts';
import { openShard, type ShardState } from '../../fabric/shard/state.ts';
import { nodeOf, specOf, TRAITS } from './small-world.ts';

const JOBS = 100;
const spec = specOf({
  shards: [{ name: 'earth' }, { name: 'luna' }],
  feeds: [{ shard: 'earth', count: JOBS, skills: ['dig'] }],
  nodes: [{ id: 'in-mission', shard: 'earth' }],
  policy: { pageJobs: JOBS, leaseJobsMax: 5 },
});
const OFFER = { skills: ['dig'], slots: 2, pricePerJob: 3, image: 'i', runtime: 'r', tags: ['t'] };

class Shard {
  state: ShardState = openShard(spec, 'earth', 0);
  effects: readonly ShardEffect[] = [];

  constructor() {
    this.tell({ on: 'opened' });
  }

  tell(event: ShardEvent): void {
    ({ state: this.state, effects: this.effects } = decide(this.state, [event], 1_000));
  }

  order(
    name: string,
    args: ShardCommand['args'],
    commandId = `${name}-${this.state.ledger.nextSeq}`,
  ) {
    const command = { commandId, name, args, by: 'ada', reason: '', via: 'orchestrator' };
    this.tell({ on: 'command', command });
    return this.state.commands.at(-1)!;
  }

  register(id: string, session: string, slots = 1): void {
    this.tell({ on: 'nodeRegistered', node: nodeOf({ id, shard: 'earth', slots }), session });
  }

  report(): LoadReport {
    return loadReport(this.state, 1_000, 99);
  }

  node(id: string): LoadReport['nodes'][number] | undefined {
    return this.report().nodes.find((node) => node.id === id);
  }

  grants() {
    return this.effects.flatMap((effect) => (effect.do === 'lease' ? [effect.grant] : []));
  }
}

describe('a shard', () => {
  it('expects a node that it is told of, and takes it as it was ordered when it comes', () => {
    const shard = new Shard();
    const { outcome, effect } = shard.order('registerNode', { node: 'digger', ...OFFER });
    expect([outcome, effect]).toEqual(['applied', expect.stringContaining('is expected')]);
    expect(shard.node('digger')).toMatchObject({
      state: 'expected',
      incarnation: 0,
      lastHeartbeatAtMs: 0,
    });
    shard.register('digger', 's1');
    expect(shard.node('digger')).toMatchObject({ state: 'ready', incarnation: 1 });
    expect(shard.node('digger')!.spec).toMatchObject({ id: 'digger', shard: 'earth', ...OFFER });
  });

  it('gives an expected node nothing, and refuses no job that it can do once it is there', () => {
    const shard = new Shard();
    shard.order('registerNode', { node: 'digger', ...OFFER });
    const classes = [{ ...TRAITS, skills: ['dig'], ordinals: range(0, JOBS) }];
    shard.tell({ on: 'page', feed: 'feed-0', from: 0, count: JOBS, classes });
    expect(shard.state.tally).toMatchObject({ accepted: JOBS, refused: 0, leasesGranted: 0 });
    shard.register('digger', 's1');
    expect(shard.grants().map(({ slots }) => slots)).toEqual([2, 2, 2]);
  });

  it('refuses one whose name a node has that is there or may come back, and a pool that is full', () => {
    const shard = new Shard();
    shard.register('digger', 's1');
    const twice = shard.order('registerNode', { node: 'digger', ...OFFER });
    expect(twice).toMatchObject({
      outcome: 'refused',
      because: expect.stringMatching(/already; it is ready/),
    });
    shard.order('removeNode', { node: 'digger' });
    expect(shard.order('registerNode', { node: 'digger', ...OFFER }).because).toMatch(
      /it is removed/,
    );
    for (let i = 1; i < LIMITS.nodesPerShardMax; i++) {
      expect(shard.order('registerNode', { node: `n-${i}`, ...OFFER }).outcome).toBe('applied');
    }
    const late = shard.order('registerNode', { node: 'late', ...OFFER });
    expect(late.because).toMatch(/earth has 64 nodes, the most it may have/);
    // What it expects may be said again.
    expect(shard.order('registerNode', { node: 'n-1', ...OFFER }).outcome).toBe('applied');
  });

  it('changes what a node offers, and its leases carry the slots that it has now', () => {
    const shard = new Shard();
    shard.register('digger', 's1');
    const { effect } = shard.order('updateNode', { node: 'digger', slots: 4, skills: ['dig'] });
    expect(effect).toBe('digger: skills [] → [dig], slots 1 → 4.');
    const classes = [{ ...TRAITS, skills: ['dig'], ordinals: range(0, JOBS) }];
    shard.tell({ on: 'page', feed: 'feed-0', from: 0, count: JOBS, classes });
    expect(shard.grants().map(({ slots }) => slots)).toEqual([4, 4, 4, 4, 4]);
    expect(shard.order('updateNode', { node: 'nobody', slots: 4 }).because).toMatch(
      /no node "nobody"/,
    );
  });

  it('keeps what was ordered when the process starts again and says otherwise', () => {
    const shard = new Shard();
    shard.register('digger', 's1');
    shard.order('updateNode', { node: 'digger', pricePerJob: 7 });
    shard.order('updateNode', { node: 'digger', slots: 4 });
    shard.register('digger', 's2', 3);
    expect(shard.node('digger')!.spec).toMatchObject({ slots: 4, pricePerJob: 7 });
    expect(shard.node('digger')!.incarnation).toBe(2);
  });
});

describe('the orchestrator', () => {
  const command = (name: string, input: object): OrchestratorEvent => {
    const commandId = `${name}-${JSON.stringify(input)}`;
    return { on: 'command', name, input: { commandId, ...input }, via: 'signal', fallbackId: '' };
  };
  const after = (state: OrchestratorState, ...events: OrchestratorEvent[]): OrchestratorState =>
    decideGlobally(state, events, 1_000).state;
  const answer = (
    name: string,
    input: object,
    shard: string,
    outcome: CommandAnswer['outcome'],
  ) => {
    const commandId = `${name}-${JSON.stringify(input)}`;
    const told = { commandId, shard, outcome, effect: '', appliedAtMs: 1_000, afterSeq: 0 };
    return { on: 'answer', answer: { ...told, because: 'so' } } as const;
  };
  const last = ({ commands }: OrchestratorState) => commands.at(-1)!;
  const digger = (shard: string) => ({ node: 'digger', shard, slots: 3 });

  it('relays a node that is to come to its shard, with what was left out filled in', () => {
    const state = after(openOrchestrator(spec, 0), command('registerNode', digger('luna')));
    const { luna } = state.relays[0]!.waiting;
    expect(luna).toMatchObject({
      name: 'registerNode',
      args: { node: 'digger', slots: 3, skills: [], pricePerJob: 0, image: 'none' },
    });
    expect(
      last(after(state, answer('registerNode', digger('luna'), 'luna', 'applied'))).outcome,
    ).toBe('applied');
  });

  it('lets no second shard expect a node of the same name, be it asked for in the same instant', () => {
    const both = [
      command('registerNode', digger('luna')),
      command('registerNode', digger('earth')),
    ];
    const state = after(openOrchestrator(spec, 0), ...both);
    expect(last(state).refusedBecause).toMatch(/a node "digger" on luna already; it is expected/);
    expect(state.relays).toHaveLength(1);
    const known = after(state, answer('registerNode', digger('luna'), 'luna', 'applied'));
    expect(after(known, command('cordonNode', { node: 'digger' })).relays).toHaveLength(1);
  });

  it('gives a name that its shard refused free again', () => {
    let state = after(openOrchestrator(spec, 0), command('registerNode', digger('luna')));
    state = after(state, answer('registerNode', digger('luna'), 'luna', 'refused'));
    expect(last(state)).toMatchObject({ outcome: 'refused', refusedBecause: 'so' });
    expect(last(after(state, command('registerNode', digger('earth')))).outcome).toBe('received');
  });

  it('refuses a node of the mission that has not come yet, an unknown shard, and a change of nothing', () => {
    const state = openOrchestrator(spec, 0);
    const why = (name: string, input: object) =>
      last(after(state, command(name, input))).refusedBecause;
    expect(why('registerNode', { node: 'in-mission', shard: 'earth' })).toMatch(
      /"in-mission" on earth/,
    );
    expect(why('registerNode', { node: 'digger', shard: 'pluto' })).toMatch(/no shard "pluto"/);
    expect(why('registerNode', { ...digger('luna'), slots: 65 })).toMatch(
      /slots: found 65.* 1 to 64/,
    );
    expect(why('updateNode', { node: 'in-mission' })).toMatch(/at least one of skills, slots/);
    expect(why('updateNode', { node: 'digger', slots: 2 })).toMatch(
      /no node "digger" on any shard/,
    );
  });
});
