// The life of a node in its shard: silent, heard again, given up, cordoned, drained, removed, and out for
// a while because it stands out. Jobs never go missing on the way, and none is counted twice.
import { describe, expect, it } from 'vitest';
import type { LeaseProgress } from '../../fabric/messages.ts';
import { range } from '../../fabric/ordinals.ts';
import { decide, resumeEffects } from '../../fabric/shard/decide.ts';
import type { ShardEffect, ShardEvent } from '../../fabric/shard/events.ts';
import { violations } from '../../fabric/invariants.ts';
import { loadReport } from '../../fabric/shard/report.ts';
import { openShard, type ShardState } from '../../fabric/shard/state.ts';
import { nextWake } from '../../fabric/shard/wake.ts';
import { nodeOf, specOf, TRAITS } from './small-world.ts';

const JOBS = 200;
/** One shard, its nodes and the clock; what it asks for is kept. */
class Bench {
  readonly skilled: string | null;
  state: ShardState;
  nowMs = 0;
  effects: readonly ShardEffect[] = [];

  /** Where one is `skilled`, half of the jobs can be done by that node alone. */
  constructor(nodes: readonly string[], skilled: string | null = null) {
    this.skilled = skilled;
    const spec = specOf({
      shards: [{ name: 'earth' }],
      feeds: [{ shard: 'earth', count: JOBS }],
      nodes: nodes.map((id) => ({ id, shard: 'earth' })),
      policy: { pageJobs: JOBS, leaseJobsMax: 10 },
    });
    this.state = openShard(spec, 'earth', 0);
    this.tell({ on: 'opened' });
    for (const id of nodes) this.register(id, 's1');
    const hard = { ...TRAITS, skills: skilled === null ? [] : ['deep'] };
    const classes = [
      { ...TRAITS, ordinals: range(0, JOBS / 2) },
      { ...hard, ordinals: range(JOBS / 2, JOBS) },
    ];
    this.tell({ on: 'page', feed: 'feed-0', from: 0, count: JOBS, classes });
  }

  tell(...events: ShardEvent[]): void {
    ({ state: this.state, effects: this.effects } = decide(this.state, events, this.nowMs));
    expect(violations([this.state])).toEqual([]);
  }

  after(ms: number): void {
    this.nowMs += ms;
    this.tell({ on: 'wake' });
  }

  register(id: string, session: string): void {
    const skills = id === this.skilled ? ['deep'] : [];
    const node = nodeOf({ id, shard: 'earth', slots: 1, skills });
    this.tell({ on: 'nodeRegistered', node, session });
  }

  silent(id: string, progress: readonly LeaseProgress[] = []): void {
    const { incarnation } = this.node(id);
    this.gone(id, incarnation, progress);
  }

  /** The engine says that a presence is over, and then what was read of what its last heartbeat told. */
  gone(node: string, incarnation: number, progress: readonly LeaseProgress[]): void {
    const told = progress.length > 0;
    this.tell({ on: 'nodeGone', node, incarnation, change: 'lost', why: 'no beat', told });
    if (told) this.tell({ on: 'finished', node, incarnation, progress });
  }

  command(name: string, args: object): string {
    const command = { commandId: `${name}-${this.nowMs}`, name, args, by: 'ada', reason: '' };
    this.tell({ on: 'command', command: { ...command, via: 'orchestrator' } });
    return this.state.commands.at(-1)!.because ?? this.state.commands.at(-1)!.effect;
  }

  node(id: string) {
    return this.state.nodes.find(({ spec }) => spec.id === id)!;
  }

  life(id: string): string {
    return loadReport(this.state, this.nowMs, 0).nodes.find((node) => node.id === id)!.state;
  }

  leases(id: string) {
    return this.state.leases.filter((lease) => lease.node === id);
  }

  /** Ends every lease of the node: all done, or all failed. */
  end(id: string, how: 'completed' | 'failed', busyMs = 10): void {
    for (const { lease, fence, items } of this.leases(id)) {
      const results = items.map(({ ordinals }) => ({
        completed: how === 'completed' ? ordinals : [],
        failed:
          how === 'failed' ? [...ordinalsOf(ordinals)].map((each) => [each, 'bad'] as const) : [],
      }));
      const result = { items: results, segment: null, busyMs };
      this.tell({ on: 'leaseEnded', lease, fence, result });
    }
  }

  asked(what: ShardEffect['do']): number {
    return this.effects.filter((effect) => effect.do === what).length;
  }

  changes(): string[] {
    return this.state.ledger.backlog.flatMap((entry) =>
      entry.type === 'node' ? [entry.change] : [],
    );
  }
}

function* ordinalsOf(set: readonly number[]): Generator<number> {
  for (let i = 0; i < set.length; i += 2) for (let at = set[i]!; at < set[i + 1]!; at++) yield at;
}

describe('a node that is not heard', () => {
  it('is suspect at first, and given up with its leases a quarter of a second later', () => {
    const bench = new Bench(['a', 'b', 'c']);
    const held = bench.leases('a').length;
    expect(held).toBeGreaterThan(0);
    bench.silent('a');
    expect(bench.life('a')).toBe('suspect');
    expect(bench.leases('a')).toHaveLength(held);
    expect(nextWake(bench.state, bench.nowMs)).toBeLessThanOrEqual(bench.nowMs + 250);
    bench.after(250);
    expect(bench.life('a')).toBe('lost');
    expect(bench.leases('a')).toEqual([]);
    expect(bench.state.tally.leasesLost).toBe(held);
    expect(bench.state.tally.retried).toBe(0);
  });

  it('goes on with its leases when its process is heard again in time', () => {
    const bench = new Bench(['a', 'b', 'c']);
    const held = bench.leases('a');
    bench.silent('a');
    bench.nowMs += 200;
    bench.register('a', 's1');
    expect(bench.life('a')).toBe('ready');
    expect(bench.leases('a')).toEqual(held.map((lease) => ({ ...lease, askAtMs: 3_200 })));
    expect(bench.asked('presence')).toBe(1);
    const again = bench.effects.flatMap((effect) =>
      effect.do === 'lease' ? [effect.grant.fence] : [],
    );
    expect(again).toEqual(expect.arrayContaining(held.map(({ fence }) => fence)));
    bench.after(5_000);
    expect(bench.life('a')).toBe('ready');
    expect(bench.node('a').incarnation).toBe(1);
  });

  it('frees its leases at once when another process registers under its name', () => {
    const bench = new Bench(['a', 'b', 'c']);
    bench.silent('a');
    bench.register('a', 's2');
    expect(bench.node('a').incarnation).toBe(2);
    expect(bench.leases('a').every(({ fence }) => fence.startsWith('2.'))).toBe(true);
  });

  it('keeps what it had finished by its last heartbeat; a late answer is refused and counted', () => {
    const bench = new Bench(['a', 'b', 'c']);
    const [first] = bench.leases('a');
    const { lease, fence, items, jobs } = first!;
    const [lo] = items[0]!.ordinals as [number];
    const segment = { name: 'a', records: 3, sha256: 'sha256:x' };
    const half = { items: [{ completed: range(lo, lo + 3), failed: [] }], segment, busyMs: 5 };
    bench.silent('a', [{ lease, fence, result: half }]);
    bench.after(250);
    expect(bench.state.tally.completed).toBe(3);
    expect(bench.state.tally.leasesLost).toBe(2);
    const outcomes = bench.state.ledger.backlog.filter((entry) => entry.type === 'outcome');
    expect(outcomes).toMatchObject([{ lease, segment, items: [{ completed: range(lo, lo + 3) }] }]);
    const whole = { items: [{ completed: items[0]!.ordinals, failed: [] }], segment, busyMs: 9 };
    bench.tell({ on: 'leaseEnded', lease, fence, result: whole });
    expect(bench.state.tally).toMatchObject({ completed: 3, lateAnswers: 1 });
    expect(jobs).toBeGreaterThan(3);
  });
});

describe('what a last heartbeat told', () => {
  const prefix = (bench: Bench) => {
    const [{ lease, fence, items }] = bench.leases('a') as [ReturnType<Bench['leases']>[0]];
    const [lo] = items[0]!.ordinals as [number];
    const segment = { name: 'a', records: 3, sha256: 'sha256:x' };
    const result = { items: [{ completed: range(lo, lo + 3), failed: [] }], segment, busyMs: 5 };
    return { lease, fence, result };
  };
  const lost = { node: 'a', incarnation: 1, change: 'lost', why: 'no beat', told: true } as const;

  it('is waited for a quarter of a second longer, and no longer', () => {
    const bench = new Bench(['a', 'b', 'c']);
    const told = prefix(bench);
    bench.tell({ on: 'nodeGone', ...lost });
    bench.after(499);
    expect(bench.life('a')).toBe('suspect');
    bench.after(1);
    expect(bench.life('a')).toBe('lost');
    bench.tell({ on: 'finished', node: 'a', incarnation: 1, progress: [told] });
    expect(bench.state.tally.completed).toBe(0);
  });

  it('is kept when it is read in time, and the node is given up no later for it', () => {
    const bench = new Bench(['a', 'b', 'c']);
    const told = prefix(bench);
    bench.tell({ on: 'nodeGone', ...lost });
    bench.nowMs += 100;
    bench.tell({ on: 'finished', node: 'a', incarnation: 1, progress: [told] });
    bench.after(150);
    expect(bench.life('a')).toBe('lost');
    expect(bench.state.tally.completed).toBe(3);
  });

  it('ends the lease of its fence, whatever number it gives', () => {
    const bench = new Bench(['a', 'b', 'c']);
    bench.silent('a', [{ ...prefix(bench), lease: 999 }]);
    bench.after(250);
    expect(bench.leases('a')).toEqual([]);
    expect(bench.state.tally).toMatchObject({ completed: 3, lateAnswers: 0 });
  });
});

describe('a node whose process is back before the engine has missed a heartbeat', () => {
  const started = (bench: Bench, id: string) => {
    const held = bench.leases(id);
    const { incarnation } = bench.node(id);
    bench.nowMs += 400;
    bench.register(id, 's2');
    return {
      held,
      tell: (progress: readonly LeaseProgress[]) => bench.gone(id, incarnation, progress),
    };
  };

  it('is given the rest of what its last one held, once that one’s last heartbeat has been told', () => {
    const bench = new Bench(['a', 'b', 'c']);
    const { held, tell } = started(bench, 'a');
    const [{ lease, fence, items }] = held as [(typeof held)[0]];
    const fences = (): string[] => bench.leases('a').map((each) => each.fence);
    const isNew = (each: string): boolean => each.startsWith('2.');
    expect(bench.life('a')).toBe('ready');
    expect(fences()).toEqual(held.map((each) => each.fence));
    expect(bench.asked('cancelLease')).toBe(0);
    bench.nowMs += 500;
    const completed = range(items[0]!.ordinals[0]!, items[0]!.ordinals[0]! + 3);
    const segment = { name: 'a', records: 3, sha256: 'sha256:x' };
    tell([{ lease, fence, result: { items: [{ completed, failed: [] }], segment, busyMs: 5 } }]);
    expect(fences()).toHaveLength(held.length);
    expect(fences().every(isNew)).toBe(true);
    const rest = bench.leases('a').flatMap((each) => each.items.map(({ ordinals }) => ordinals[0]));
    expect(Math.min(...(rest as number[]))).toBe(items[0]!.ordinals[0]! + 3);
    expect(bench.state.tally).toMatchObject({ completed: 3, leasesLost: held.length });
    const outcomes = bench.state.ledger.backlog.filter((entry) => entry.type === 'outcome');
    expect(outcomes).toMatchObject([{ lease, lost: true, items: [{ completed }] }]);
    expect(bench.life('a')).toBe('ready');
  });

  it('is not judged by what its last one did', () => {
    const bench = new Bench(['a', 'b', 'c']);
    const { held, tell } = started(bench, 'a');
    const [{ lease, fence, items }] = held as [(typeof held)[0]];
    const failed = [...ordinalsOf(items[0]!.ordinals)].map((each) => [each, 'bad'] as const);
    const segment = { name: 'a', records: failed.length, sha256: 'sha256:x' };
    tell([{ lease, fence, result: { items: [{ completed: [], failed }], segment, busyMs: 900 } }]);
    expect(bench.state.tally.retried).toBe(failed.length);
    expect(bench.node('a')).toMatchObject({ attempts: 0, health: 1, serviceMs: null });
  });

  it('removed in that time, it still has what its last one had finished', () => {
    const bench = new Bench(['a', 'b', 'c']);
    const { held, tell } = started(bench, 'a');
    const [{ lease, fence, items }] = held as [(typeof held)[0]];
    bench.command('removeNode', { node: 'a' });
    expect(bench.leases('a').map((each) => each.fence)).toEqual(held.map((each) => each.fence));
    const completed = range(items[0]!.ordinals[0]!, items[0]!.ordinals[0]! + 3);
    const segment = { name: 'a', records: 3, sha256: 'sha256:x' };
    tell([{ lease, fence, result: { items: [{ completed, failed: [] }], segment, busyMs: 5 } }]);
    expect(bench.leases('a')).toEqual([]);
    expect(bench.state.tally.completed).toBe(3);
  });

  it('is not asked for what its last one held, neither as overdue nor by a new run', () => {
    const bench = new Bench(['a', 'b', 'c']);
    const { held } = started(bench, 'a');
    const old = held.map(({ fence }) => fence);
    const grants = resumeEffects(bench.state).flatMap((each) =>
      each.do === 'lease' ? [each.grant.fence] : [],
    );
    const isOld = (fence: string): boolean => old.includes(fence);
    expect(grants.length).toBeGreaterThan(0);
    expect(grants.some(isOld)).toBe(false);
    bench.silent('a');
    bench.register('a', 's2');
    const again = bench.effects.flatMap((each) => (each.do === 'lease' ? [each.grant.fence] : []));
    expect(again.some(isOld)).toBe(false);
  });

  it('waits a second and a half for it, and not again for a start before that', () => {
    const bench = new Bench(['a', 'b', 'c']);
    const { held } = started(bench, 'a');
    expect(nextWake(bench.state, bench.nowMs)).toBeLessThanOrEqual(bench.nowMs + 1_500);
    bench.nowMs += 400;
    bench.register('a', 's3');
    expect(bench.leases('a').some(({ fence }) => fence.startsWith('1.'))).toBe(false);
    expect(bench.state.tally.leasesLost).toBe(held.length);
    bench.after(1_500);
    expect(bench.leases('a').every(({ fence }) => fence.startsWith('3.'))).toBe(true);
    expect(bench.state.tally.leasesLost).toBe(held.length);
  });
});

describe('half of the pool or more, silent at once', () => {
  it.each([2_000, 2_800, 2_999])(
    'keeps nobody waiting for longer because another follows %i ms later',
    (laterMs) => {
      const bench = new Bench(['a', 'b', 'c', 'd']);
      for (const id of ['a', 'b']) bench.silent(id);
      bench.after(laterMs);
      bench.silent('c');
      bench.after(3_000 - laterMs);
      expect(['a', 'b', 'c'].map((id) => bench.life(id))).toEqual(['lost', 'suspect', 'suspect']);
      bench.after(50);
      expect(bench.life('b')).toBe('lost');
      bench.after(laterMs - 50);
      expect(bench.life('c')).toBe('lost');
    },
  );

  it('is waited for, as after an outage of the engine', () => {
    const bench = new Bench(['a', 'b', 'c', 'd']);
    bench.silent('a');
    bench.silent('b');
    bench.after(2_900);
    expect([bench.life('a'), bench.life('b')]).toEqual(['suspect', 'suspect']);
    bench.register('a', 's1');
    bench.register('b', 's1');
    bench.after(1_000);
    expect(bench.state.tally.leasesLost).toBe(0);
  });

  it('is given up node by node, not all at once', () => {
    const bench = new Bench(['a', 'b', 'c', 'd']);
    for (const id of ['a', 'b', 'c']) bench.silent(id);
    bench.after(3_000);
    expect(['a', 'b', 'c'].map((id) => bench.life(id))).toEqual(['lost', 'suspect', 'suspect']);
    bench.after(50);
    expect(bench.life('b')).toBe('lost');
    bench.after(50);
    expect(bench.life('c')).toBe('lost');
  });

  it('is a pool of one node as well: nobody else could take its jobs', () => {
    const bench = new Bench(['a']);
    bench.silent('a');
    bench.after(2_900);
    expect(bench.life('a')).toBe('suspect');
    bench.after(100);
    expect(bench.life('a')).toBe('lost');
  });

  it('is not one of two', () => {
    const bench = new Bench(['a', 'b']);
    bench.silent('a');
    bench.after(250);
    expect(bench.life('a')).toBe('lost');
  });
});

describe('the owner', () => {
  it('cordons a node: it ends what it holds and gets nothing new, also after it was lost', () => {
    const bench = new Bench(['a', 'b']);
    expect(bench.command('cordonNode', { node: 'a' })).toMatch(
      /^a is cordoned: it gets nothing new/,
    );
    bench.end('a', 'completed');
    expect(bench.leases('a')).toEqual([]);
    bench.silent('a');
    bench.after(250);
    bench.register('a', 's2');
    expect(bench.life('a')).toBe('cordoned');
    expect(bench.leases('a')).toEqual([]);
    bench.command('uncordonNode', { node: 'a' });
    expect(bench.leases('a').length).toBeGreaterThan(0);
  });

  it('drains a node: what has not begun comes back, and at the deadline the rest is given to others', () => {
    const bench = new Bench(['a', 'b']);
    const held = bench.leases('a').length;
    bench.command('drainNode', { node: 'a', seconds: 5 });
    expect(bench.asked('cancelLease')).toBe(held);
    expect(bench.life('a')).toBe('draining');
    bench.after(4_999);
    expect(bench.leases('a')).toHaveLength(held);
    bench.after(1);
    expect(bench.leases('a')).toEqual([]);
    expect(bench.life('a')).toBe('cordoned');
    expect(bench.changes()).toEqual(expect.arrayContaining(['draining', 'cordoned']));
  });

  it('drains a node without a wait when it holds nothing any more', () => {
    const bench = new Bench(['a', 'b']);
    bench.command('drainNode', { node: 'a' });
    bench.end('a', 'completed');
    expect(bench.life('a')).toBe('cordoned');
  });

  it('removes a node: it is out until it is uncordoned and registers again', () => {
    const bench = new Bench(['a', 'b']);
    bench.command('removeNode', { node: 'a' });
    expect(bench.leases('a')).toEqual([]);
    expect(bench.asked('dismiss')).toBe(1);
    bench.silent('a');
    bench.register('a', 's1');
    expect(bench.life('a')).toBe('removed');
    bench.command('uncordonNode', { node: 'a' });
    bench.register('a', 's1');
    expect(bench.life('a')).toBe('ready');
  });

  it('is told when there is no such node', () => {
    expect(new Bench(['a']).command('cordonNode', { node: 'z' })).toBe(
      'There is no node "z" on earth.',
    );
  });
});

describe('a node that stands out', () => {
  it('by failures is given nothing for a while, and then a fresh start', () => {
    const bench = new Bench(['a', 'b', 'c']);
    for (let round = 0; round < 3; round++) {
      bench.end('a', 'failed');
      bench.end('b', 'completed');
      bench.end('c', 'completed');
    }
    expect(bench.life('a')).toBe('ejected');
    expect(bench.changes()).toContain('ejected');
    bench.end('a', 'failed');
    expect(bench.leases('a')).toEqual([]);
    bench.after(10_000);
    expect(bench.life('a')).toBe('ready');
    expect(bench.node('a').health).toBe(1);
  });

  it('by slowness too', () => {
    const bench = new Bench(['a', 'b', 'c']);
    for (let round = 0; round < 2; round++) {
      bench.end('a', 'completed', 5_000);
      bench.end('b', 'completed');
      bench.end('c', 'completed');
    }
    expect(bench.life('a')).toBe('ejected');
  });

  it('is kept while jobs wait that nobody else can do', () => {
    const bench = new Bench(['a', 'b', 'c'], 'a');
    for (let round = 0; round < 2; round++) {
      bench.end('a', 'completed', 5_000);
      bench.end('b', 'completed');
      bench.end('c', 'completed');
    }
    expect(bench.life('a')).toBe('ready');
  });

  it('is kept when all of them fail alike: then it is the jobs', () => {
    const bench = new Bench(['a', 'b', 'c']);
    for (let round = 0; round < 3; round++)
      for (const id of ['a', 'b', 'c']) bench.end(id, 'failed');
    expect(['a', 'b', 'c'].map((id) => bench.life(id))).toEqual(['ready', 'ready', 'ready']);
  });

  it('is one of three at the most, and never the only one', () => {
    const bench = new Bench(['a', 'b', 'c']);
    for (let round = 0; round < 3; round++) {
      bench.end('a', 'failed');
      bench.end('b', 'failed');
      bench.end('c', 'completed');
    }
    const lives = ['a', 'b', 'c'].map((id) => bench.life(id));
    expect(lives.filter((life) => life === 'ejected').length).toBeLessThanOrEqual(1);
  });
});
