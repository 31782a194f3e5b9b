/** Nodes and their hosts in virtual time: they register, are lost, fall silent, and are watched by their shards. */
import { seededUnit } from '../seeded.ts';
import type { ShardEffect, ShardEvent } from '../shard/events.ts';
import type { ShardState } from '../shard/state.ts';
import type { Actor } from './actor.ts';
import type { Calendar } from './calendar.ts';
import { SimulatedNode } from './node.ts';
import type { SimulationOrder, Watch } from './order.ts';
import { ENGINE_MS, type Disorder } from './world.ts';

type ShardActor = Actor<ShardState, ShardEvent, ShardEffect>;

export class Hosts {
  readonly #calendar: Calendar;
  readonly #disorder: Disorder;
  readonly #startMs: number;
  readonly #shardOf: (name: string) => ShardActor | undefined;
  readonly #worked: Watch['worked'] | undefined;
  readonly #nodes = new Map<string, SimulatedNode>();

  constructor(
    { spec, jobs, watch }: SimulationOrder,
    calendar: Calendar,
    disorder: Disorder,
    shardOf: (name: string) => ShardActor | undefined,
  ) {
    this.#calendar = calendar;
    this.#disorder = disorder;
    this.#startMs = calendar.nowMs;
    this.#shardOf = shardOf;
    this.#worked = watch?.worked;
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
      this.#start(found, atMs + forMs);
    }
    for (const { node, atMs, forMs } of this.#disorder.silences) {
      const found = this.#nodes.get(node);
      if (found) this.#silence(found, this.#startMs + atMs, forMs);
    }
  }

  /** Some of them are started anew with the engine; the others have lived on, with all that they hold. */
  meetEngine(no: number): void {
    for (const node of this.#nodes.values()) {
      if (node.isUp && seededUnit(this.#disorder.seed, `lives on, ${node.spec.id}`, no) < 0.5) {
        const { session } = node;
        this.#calendar.at(this.#calendar.nowMs + ENGINE_MS.registerAgain, () => {
          if (node.isUp && node.session === session) this.#register(node);
        });
        continue;
      }
      node.lose();
      this.#start(node, this.#calendar.nowMs - this.#startMs + ENGINE_MS.hop);
    }
  }

  /** Tells the run that asked when the node it watches is gone, and what its last beat told. */
  watch(
    actor: ShardActor,
    { node, incarnation, session }: Extract<ShardEffect, { do: 'presence' }>,
    run: number,
    engine: number,
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
      const told = held.lastTold(session, engine);
      for (const { grant, result } of told) this.#worked?.(grant, result);
      const progress = told.map(({ grant: { lease, fence }, result }) => ({
        lease,
        fence,
        result,
      }));
      const isTold = progress.length > 0;
      const gone = { node, incarnation, change: 'lost', why, told: isTold } as const;
      actor.answered(run, { on: 'nodeGone', ...gone });
      if (!isTold) return;
      this.#calendar.at(this.#calendar.nowMs + ENGINE_MS.hop, () =>
        actor.answered(run, { on: 'finished', node, incarnation, progress }),
      );
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
      if (node.isUp) node.beat();
      node.silentUntilMs = Math.max(node.silentUntilMs, atMs + forMs);
      this.#calendar.at(node.silentUntilMs + ENGINE_MS.hop, () => {
        if (node.isUp) this.#register(node);
      });
    });
  }
}
