// When the orchestrator asks its shards for news: ever less often while nothing moves, and never to make up
// for a time in which there was no worker to ask, or nothing to be asked for.
import { expect, it } from 'vitest';
import { decide } from '../../fabric/orchestrator/decide.ts';
import type { OrchestratorEvent } from '../../fabric/orchestrator/events.ts';
import { openOrchestrator } from '../../fabric/orchestrator/state.ts';
import { allEnded } from '../../fabric/orchestrator/status.ts';
import * as shards from '../../fabric/shard/decide.ts';
import type { ShardEvent } from '../../fabric/shard/events.ts';
import { openShard } from '../../fabric/shard/state.ts';
import { specOf, type SmallFeed } from './small-world.ts';

const NAMES = ['earth', 'luna', 'mars'];
const DAY_MS = 86_400_000;
const UNENDING: SmallFeed = { shard: 'earth', count: 2, perSecond: 1e-9 };

/** An orchestrator and its shards, whose messages arrive one at a time, as on a busy fabric. */
class Fabric {
  nowMs = 0;
  readonly askedMs: number[] = [];
  readonly #spec;
  #orchestrator;
  readonly #shards;

  constructor(feeds: readonly SmallFeed[]) {
    this.#spec = specOf({ shards: NAMES.map((name) => ({ name })), feeds });
    this.#orchestrator = openOrchestrator(this.#spec, 0);
    this.#shards = new Map(NAMES.map((name) => [name, openShard(this.#spec, name, 0)]));
    this.happens({ on: 'opened' });
    for (const name of NAMES) this.#shardHears(name, { on: 'opened' });
  }

  get hasEnded(): boolean {
    return allEnded(this.#orchestrator);
  }

  /** Lets the orchestrator decide, and then everybody on what follows from it. */
  happens(event: OrchestratorEvent): void {
    const { state, effects } = decide(this.#orchestrator, [event], this.nowMs);
    this.#orchestrator = state;
    const sent = effects.flatMap((effect) => (effect.do === 'send' ? [effect] : []));
    if (sent.some(({ message }) => message.kind === 'ask')) this.askedMs.push(this.nowMs);
    for (const { to, message } of sent) {
      if (message.kind === 'ask') this.#shardHears(to, { on: 'asked' });
      if (message.kind === 'command') {
        this.#shardHears(to, { on: 'command', command: message.body });
      }
    }
  }

  /** Has every shard look again a moment later: one that has just reported waits a little. */
  rests(): void {
    this.nowMs += 200;
    for (const name of NAMES) this.#shardHears(name, { on: 'wake' });
  }

  #shardHears(name: string, event: ShardEvent): void {
    const { state, effects } = shards.decide(this.#shards.get(name)!, [event], this.nowMs);
    this.#shards.set(name, state);
    for (const effect of effects) {
      if (effect.do === 'append') {
        const throughSeq = effect.entries.at(-1)!.seq;
        this.#shardHears(name, { on: 'appended', throughSeq, head: `${name}-${throughSeq}` });
      }
      if (effect.do !== 'send') continue;
      const { message } = effect;
      if (message.kind === 'load') this.happens({ on: 'load', report: message.body });
      if (message.kind === 'answer') this.happens({ on: 'answer', answer: message.body });
    }
  }
}

it('a day without workers is followed by a single look for news, not by one for every minute of it', () => {
  const fabric = new Fabric([UNENDING]);
  fabric.nowMs = DAY_MS;
  fabric.happens({ on: 'wake' });
  expect(fabric.askedMs).toEqual([DAY_MS]);
  fabric.nowMs += 5_000;
  fabric.happens({ on: 'wake' });
  fabric.nowMs += 5_000;
  fabric.happens({ on: 'wake' });
  expect(fabric.askedMs).toEqual([DAY_MS, DAY_MS + 10_000]);
});

it('the first command after a quiet day asks nobody for news', () => {
  const fabric = new Fabric([]);
  expect(fabric.hasEnded).toBe(true);
  fabric.nowMs = DAY_MS;
  const resumeAll = { name: 'resumeAll', input: {}, via: 'signal', fallbackId: 'first' } as const;
  fabric.happens({ on: 'command', ...resumeAll });
  fabric.rests();
  expect(fabric.hasEnded).toBe(true);
  expect(fabric.askedMs).toEqual([]);
});
