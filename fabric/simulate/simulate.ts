/**
 * A whole mission in virtual time: the very core that the workflows run, over simulated nodes and a
 * simulated engine. It is the harness of the tests and the answer to what-if questions; the same input
 * gives the same run, decision by decision.
 */
import type { LeaseGrant, Message } from '../messages.ts';
import { ORCHESTRATOR } from '../orchestrator/checkpoints.ts';
import * as orchestrators from '../orchestrator/decide.ts';
import {
  orchestratorEventOf,
  type OrchestratorEffect,
  type OrchestratorEvent,
} from '../orchestrator/events.ts';
import { openOrchestrator, type OrchestratorState } from '../orchestrator/state.ts';
import { fabricStatus, governance } from '../orchestrator/status.ts';
import { decide, mayContinue, resumeEffects } from '../shard/decide.ts';
import { shardEventOf, type ShardEffect, type ShardEvent } from '../shard/events.ts';
import { isEnded } from '../shard/report.ts';
import { openShard, type ShardState } from '../shard/state.ts';
import { nextWake } from '../shard/wake.ts';
import { Actor, type ActorCore } from './actor.ts';
import { Calendar } from './calendar.ts';
import { Deliveries } from './deliveries.ts';
import { Disk, FULL } from './disk.ts';
import { Hosts } from './hosts.ts';
import type { LeaseEnd } from './node.ts';
import { Post } from './post.ts';
import { MortalProcess } from './process.ts';
import type { SimulatedRun, SimulationOrder } from './order.ts';
import { CALM, ENGINE_MS, type Disorder } from './world.ts';

export type { SimulatedRun, SimulationOrder, Watch } from './order.ts';

const START_MS = 1_000_000;
const DECISIONS_MAX = 10_000_000;

type ShardActor = Actor<ShardState, ShardEvent, ShardEffect>;
type OrchestratorActor = Actor<OrchestratorState, OrchestratorEvent, OrchestratorEffect>;

const shardCore: ActorCore<ShardState, ShardEvent, ShardEffect> = {
  decide,
  resumeEffects,
  nextWake,
  isEnded,
  mayContinue,
  wake: { on: 'wake' },
};
const orchestratorCore: ActorCore<OrchestratorState, OrchestratorEvent, OrchestratorEffect> = {
  ...orchestrators,
  wake: { on: 'wake' },
};

/** Runs the mission to its end. */
export function simulate(order: SimulationOrder): SimulatedRun {
  return new Simulation(order).run();
}

class Simulation {
  readonly #order: SimulationOrder;
  readonly #disorder: Disorder;
  readonly #calendar = new Calendar(START_MS);
  readonly #hosts: Hosts;
  readonly #shards = new Map<string, ShardActor>();
  #orchestrator: OrchestratorActor;
  readonly #disk: Disk;
  readonly #deliveries: Deliveries;
  #decisions = 0;
  #engineLosses = 0;
  #isClosing = false;
  readonly #process: MortalProcess;
  readonly #post: Post;

  constructor(order: SimulationOrder) {
    this.#order = order;
    this.#disorder = order.disorder ?? CALM;
    const { spec } = order;
    const calendar = this.#calendar;
    this.#process = new MortalProcess(calendar, this.#disorder);
    this.#disk = new Disk(calendar, this.#process, this.#disorder.fullDisk);
    this.#post = new Post(calendar, this.#disorder, (to, message) => this.#receive(to, message));
    this.#deliveries = new Deliveries(calendar, this.#disorder);
    this.#hosts = new Hosts(order, calendar, this.#disorder, (name) => this.#shards.get(name));
    for (const { name } of spec.shards) {
      this.#shards.set(name, this.#shardActor(openShard(spec, name, START_MS)));
    }
    this.#orchestrator = this.#globalActor(openOrchestrator(spec, START_MS));
  }

  #shardActor(state: ShardState): ShardActor {
    const { shard } = state;
    return new Actor({
      core: shardCore,
      calendar: this.#calendar,
      state,
      renewEvery: this.#disorder.renewEvery,
      host: this.#process,
      carryOut: (effect, run) => this.#carryOut(shard, effect, run),
      decided: (before, after, effects) => {
        this.#order.watch?.shard?.(before, after, effects);
        this.#decided();
      },
    });
  }

  #globalActor(state: OrchestratorState): OrchestratorActor {
    return new Actor({
      core: orchestratorCore,
      calendar: this.#calendar,
      state,
      renewEvery: this.#disorder.renewEvery,
      host: this.#process,
      carryOut: (effect, run) => this.#carryOutGlobal(effect, run),
      decided: (before, after, effects) => {
        this.#order.watch?.orchestrator?.(before, after, effects);
        this.#decided();
        this.#closeWhenFinished(after);
      },
    });
  }

  run(): SimulatedRun {
    this.#open();
    const most = this.#order.decisionsMax ?? DECISIONS_MAX;
    while (!this.#isOver() && this.#decisions < most && !this.#isQuiet() && this.#calendar.step());
    const shards = [...this.#shards.values()].map((actor) => actor.state);
    return {
      ended: this.#isOver() ? 'closed' : 'stuck',
      status: fabricStatus(this.#orchestrator.state),
      governance: governance(this.#orchestrator.state),
      shards,
      ledger: this.#disk.ledger,
      decisions: this.#decisions,
      crashPoints: this.#process.points,
      kills: this.#process.kills,
      engineLosses: this.#engineLosses,
      virtualMs: this.#calendar.nowMs - START_MS,
      checkpoints: this.#disk.vault.sealed,
      checkpointProblems: this.#disk.vault.problems,
    };
  }

  #open(): void {
    const { spec, commands } = this.#order;
    this.#orchestrator.happened({ on: 'opened' });
    for (const actor of this.#shards.values()) actor.happened({ on: 'opened' });
    this.#hosts.open();
    for (const atMs of this.#disorder.engineLosses ?? []) {
      this.#calendar.at(START_MS + atMs, () => this.#loseEngine());
    }
    for (const atMs of this.#disorder.totalLosses ?? []) {
      this.#calendar.at(START_MS + atMs, () => this.#loseEngine(true));
    }
    for (const [i, { atMs, name, input }] of (commands ?? []).entries()) {
      const fallbackId = `hand-${i}`;
      this.#calendar.at(START_MS + atMs, () =>
        this.#orchestrator.happened({ on: 'command', name, input, via: 'signal', fallbackId }),
      );
    }
    if (spec.mode === 'service') throw new Error('a service has no end to simulate');
  }

  /** All that the engine knew is gone; some hosts are started again with the fabric, others lived on. */
  #loseEngine(withLedger = false): void {
    const newest = this.#disk.vault.sealed.at(-1);
    if (newest === undefined || this.#isOver()) return;
    this.#engineLosses += 1;
    for (const actor of [this.#orchestrator, ...this.#shards.values()]) actor.isEnded = true;
    this.#disk.loseEngine(withLedger);
    this.#post.loseEngine();
    this.#isClosing = false;
    const { states } = this.#disk.rebuilt(newest);
    for (const state of states.shards) this.#shards.set(state.shard, this.#shardActor(state));
    this.#orchestrator = this.#globalActor(states.orchestrator);
    for (const actor of this.#shards.values()) actor.happened({ on: 'wake' });
    this.#orchestrator.happened({ on: 'wake' });
    this.#hosts.meetEngine(this.#engineLosses);
  }

  #carryOut(shard: string, effect: ShardEffect, run: number): void {
    const actor = this.#shards.get(shard)!;
    const { nowMs } = this.#calendar;
    switch (effect.do) {
      case 'pull': {
        const { feed, from, count } = effect;
        this.#process.work(ENGINE_MS.pull, () => {
          const page = this.#order.jobs.page(feed, from, count);
          actor.answered(run, { on: 'page', feed: feed.id, from, ...page });
        });
        return;
      }
      case 'append':
        return this.#disk.append(shard, effect.entries, (event) => actor.answered(run, event));
      case 'send':
        return this.#post.send(effect.to, effect.message);
      case 'cut':
        return this.#disk.save(shard, effect, (event) => actor.answered(run, event));
      case 'lease':
        return this.#lease(actor, effect.grant, run);
      case 'cancelLease': {
        const lease = actor.state.leases.find((each) => each.lease === effect.lease);
        if (!lease) return;
        this.#calendar.at(nowMs + ENGINE_MS.hop, () =>
          this.#hosts.node(lease.node)?.cancel({ fence: lease.fence, engine: this.#engineLosses }),
        );
        return;
      }
      case 'presence':
        return this.#hosts.watch(actor, effect, run, this.#engineLosses);
      case 'dismiss':
        return;
    }
  }

  #carryOutGlobal(effect: OrchestratorEffect, run: number): void {
    const actor = this.#orchestrator;
    switch (effect.do) {
      case 'send':
        return this.#post.send(effect.to, effect.message);
      case 'show':
        return;
      case 'append':
        return this.#disk.append(ORCHESTRATOR, effect.entries, (event) =>
          actor.answered(run, event),
        );
      case 'cut':
        return this.#disk.save(ORCHESTRATOR, effect, (event) => actor.answered(run, event));
      case 'seal':
        return this.#disk.seal(effect.epoch, [...this.#shards.keys()], (event) =>
          actor.answered(run, event),
        );
    }
  }

  #lease(actor: ShardActor, grant: LeaseGrant, run: number): void {
    const { lease, fence, node } = grant;
    const engine = this.#engineLosses;
    const arrived = (): void => {
      const held = this.#hosts.node(node);
      held?.run({ ...grant, engine }, (answer) => {
        if (answer.end === 'done') this.#order.watch?.worked?.(grant, answer.result);
        const event = this.#leaseEvent(lease, fence, answer);
        const heardMs = Math.max(this.#calendar.nowMs, held.silentUntilMs);
        this.#calendar.at(heardMs + ENGINE_MS.hop, () => actor.answered(run, event));
      });
    };
    this.#deliveries.send(grant, arrived, () =>
      actor.answered(run, { on: 'leaseLost', lease, fence, why: 'it took too long' }),
    );
  }

  #leaseEvent(lease: number, fence: string, answer: LeaseEnd): ShardEvent {
    if (answer.end === 'returned') return { on: 'leaseReturned', lease, fence };
    const { result } = answer;
    if (result.segment !== null && this.#disk.isFull) {
      return { on: 'leaseUnwritten', lease, fence, why: FULL };
    }
    return { on: 'leaseEnded', lease, fence, result };
  }

  #receive(to: string | null, message: Message): void {
    if (to === null) {
      const event = orchestratorEventOf(message);
      if (event) this.#orchestrator.happened(event);
      return;
    }
    const event = shardEventOf(message);
    if (event) this.#shards.get(to)?.happened(event);
  }

  #closeWhenFinished(state: OrchestratorState): void {
    if (state.finishedAtMs === null || this.#isClosing) return;
    this.#isClosing = true;
    const input = { by: 'mission', reason: 'every job has ended' };
    this.#orchestrator.happened({ on: 'close', input, fallbackId: 'close' });
  }

  #decided(): void {
    this.#decisions += 1;
    const shards = [...this.#shards.values()].map((actor) => actor.state);
    this.#order.watch?.fabric?.(shards, this.#orchestrator.state);
  }

  #isQuiet(): boolean {
    const most = this.#order.quietMsMax ?? Number.POSITIVE_INFINITY;
    return this.#calendar.nowMs - this.#disk.lastEntryMs > most;
  }

  #isOver(): boolean {
    return this.#orchestrator.isEnded && [...this.#shards.values()].every((each) => each.isEnded);
  }
}
