/** Nodes and their hosts in virtual time: they register, are lost, fall silent, and are watched by their shards. */
import type { ShardEffect, ShardEvent } from '../shard/events.ts';
import type { ShardState } from '../shard/state.ts';
import type { Actor } from './actor.ts';
import type { Calendar } from './calendar.ts';
import { SimulatedNode } from './node.ts';
import type { SimulationOrder } from './order.ts';
import { ENGINE_MS, type Disorder } from './world.ts';

type ShardActor = Actor<ShardState, ShardEvent, ShardEffect>;

export class Hosts {
  readonly #calendar: Calendar;
  readonly #disorder: Disorder;
  readonly #startMs: number;
  readonly #shardOf: (name: string) => ShardActor | undefined;
  readonly #nodes = new Map<string, SimulatedNode>();

  constructor(
    { spec, jobs }: SimulationOrder,
    calendar: Calendar,
    disorder: Disorder,
    shardOf: (name: string) => ShardActor | undefined,
  ) {
    this.#calendar = calendar;
    this.#disorder = disorder;
    this.#startMs = calendar.nowMs;
    this.#shardOf = shardOf;
    for (const node of spec.nodes) {
      this.#nodes.set(node.id, new SimulatedNode(node, calendar, jobs));
    }
  }

  node(id: string): SimulatedNode | undefined {
    return this.#nodes.get(id);
  }

  /** All of them start, and what is to go wrong with them is set down. */
  open(): void {
    for (const node of this.#nodes.values()) this.#start(node, ENGINE_MS.hop);
    for (const { node, atMs, forMs } of this.#disorder.losses) {
      const found = this.#nodes.get(node);
      if (!found) continue;
      this.#calendar.at(this.#startMs + atMs, () => found.lose());
      this.#start(found, atMs + Math.max(forMs, ENGINE_MS.presence));
    }
    for (const { node, atMs, forMs } of this.#disorder.silences) {
      const found = this.#nodes.get(node);
      if (found) this.#silence(found, this.#startMs + atMs, forMs);
    }
  }

  /** All of them are started anew. */
  restart(): void {
    for (const node of this.#nodes.values()) {
      node.lose();
      this.#start(node, this.#calendar.nowMs - this.#startMs + ENGINE_MS.hop);
    }
  }

  /** Tells the run that asked when the node it watches is gone. */
  watch(
    actor: ShardActor,
    { node, incarnation, session }: Extract<ShardEffect, { do: 'presence' }>,
    run: number,
  ): void {
    const held = this.#nodes.get(node);
    if (!held) return;
    const look = (): void => {
      if (run !== actor.run || actor.isEnded) return;
      const isSilent = this.#calendar.nowMs < held.silentUntilMs;
      if (held.isUp && held.session === session && !isSilent) {
        if (this.#disorder.losses.length + this.#disorder.silences.length > 0) {
          this.#calendar.at(this.#calendar.nowMs + ENGINE_MS.presence, look);
        }
        return;
      }
      const why = 'its heartbeat stopped';
      actor.answered(run, { on: 'nodeGone', node, incarnation, change: 'lost', why });
    };
    look();
  }

  #start(node: SimulatedNode, afterMs: number): void {
    this.#calendar.at(this.#startMs + afterMs, () => {
      node.start();
      this.#register(node);
    });
  }

  /** Like a node host: it registers again for as long as its shard does not count on it. */
  #register(node: SimulatedNode): void {
    const { adapter: _adapter, ...spec } = node.spec;
    const { session } = node;
    const actor = this.#shardOf(spec.shard);
    if (!actor) return;
    actor.happened({ on: 'nodeRegistered', node: spec, session });
    const { nowMs } = this.#calendar;
    this.#calendar.at(nowMs + ENGINE_MS.registerAgain, () => {
      const known = actor.state.nodes.find((each) => each.spec.id === spec.id);
      const isHeld = known?.session === session && known.state === 'ready';
      const isMine = node.isUp && node.session === session && known?.service !== 'removed';
      const isHeard = this.#calendar.nowMs >= node.silentUntilMs;
      if (isMine && isHeard && !isHeld && !actor.isEnded) this.#register(node);
    });
  }

  /** Its host finds that nobody holds its presence any more when it is heard again, and registers anew. */
  #silence(node: SimulatedNode, atMs: number, forMs: number): void {
    this.#calendar.at(atMs, () => {
      node.silentUntilMs = Math.max(node.silentUntilMs, atMs + forMs);
      this.#calendar.at(node.silentUntilMs + ENGINE_MS.hop, () => {
        if (node.isUp) this.#register(node);
      });
    });
  }
}
