/**
 * A whole mission in virtual time: the very core that the workflows run, over simulated nodes and a
 * simulated engine. It is the harness of the tests and the answer to what-if questions; the same input
 * gives the same run, decision by decision.
 */
import type { LedgerEntry } from '../ledger.ts';
import type { LeaseGrant, LeaseResult, Message } from '../messages.ts';
import type { RunSpec } from '../mission/run-spec.ts';
import * as orchestrators from '../orchestrator/decide.ts';
import {
  orchestratorEventOf,
  type OrchestratorEffect,
  type OrchestratorEvent,
} from '../orchestrator/events.ts';
import { openOrchestrator, type OrchestratorState } from '../orchestrator/state.ts';
import {
  fabricStatus,
  governance,
  type FabricStatus,
  type Governance,
} from '../orchestrator/status.ts';
import { seededUnit } from '../seeded.ts';
import { decide, resumeEffects } from '../shard/decide.ts';
import { shardEventOf, type ShardEffect, type ShardEvent } from '../shard/events.ts';
import { isEnded } from '../shard/report.ts';
import { openShard, type ShardState } from '../shard/state.ts';
import { nextWake } from '../shard/wake.ts';
import { Actor, type ActorCore } from './actor.ts';
import { Calendar } from './calendar.ts';
import { SimulatedNode, type LeaseEnd } from './node.ts';
import { MortalProcess } from './process.ts';
import { CALM, ENGINE_MS, type Disorder, type SimulatedJobs } from './world.ts';

export interface SimulationOrder {
  readonly spec: RunSpec;
  readonly jobs: SimulatedJobs;
  readonly disorder?: Disorder;
  /** Owner commands beside the mission's timeline, as they would be sent by hand. */
  readonly commands?: readonly {
    readonly atMs: number;
    readonly name: string;
    readonly input: unknown;
  }[];
  /** Decisions after which the run is given up as stuck. */
  readonly decisionsMax?: number;
  /** Virtual time without a new entry in the ledger after which it is given up too; no limit unless given. */
  readonly quietMsMax?: number;
  readonly watch?: Partial<Watch>;
}

/** Hooks for tests and progress; what they are shown must not be changed. */
export interface Watch {
  shard(before: ShardState, after: ShardState, effects: readonly ShardEffect[]): void;
  orchestrator(
    before: OrchestratorState,
    after: OrchestratorState,
    effects: readonly OrchestratorEffect[],
  ): void;
  /** What a node wrote down when it had worked on a lease, whoever takes its answer. */
  worked(grant: LeaseGrant, result: LeaseResult): void;
  /** After every decision, with all states as they are. */
  fabric(shards: readonly ShardState[], orchestrator: OrchestratorState): void;
}

export interface SimulatedRun {
  /** `stuck`: nothing was left to happen, nothing came of it, or too much happened, before it closed. */
  readonly ended: 'closed' | 'stuck';
  readonly status: FabricStatus;
  readonly governance: Governance;
  readonly shards: readonly ShardState[];
  /** Every chain's entries, by the name of the chain. */
  readonly ledger: ReadonlyMap<string, readonly LedgerEntry[]>;
  readonly decisions: number;
  /** Instants at which the deciding process could be killed, and how often it was. */
  readonly crashPoints: number;
  readonly kills: number;
  readonly virtualMs: number;
}

const START_MS = 1_000_000;
const DECISIONS_MAX = 10_000_000;
const FULL = 'no space left on the device';

type ShardActor = Actor<ShardState, ShardEvent, ShardEffect>;
type OrchestratorActor = Actor<OrchestratorState, OrchestratorEvent, OrchestratorEffect>;

const shardCore: ActorCore<ShardState, ShardEvent, ShardEffect> = {
  decide,
  resumeEffects,
  nextWake,
  isEnded,
  mayContinue: (state) => state.pendingPauses.length === 0,
  wake: { on: 'wake' },
};
const orchestratorCore: ActorCore<OrchestratorState, OrchestratorEvent, OrchestratorEffect> = {
  ...orchestrators,
  mayContinue: () => true,
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
  readonly #nodes = new Map<string, SimulatedNode>();
  readonly #shards = new Map<string, ShardActor>();
  readonly #orchestrator: OrchestratorActor;
  readonly #ledger = new Map<string, LedgerEntry[]>();
  #messages = 0;
  #decisions = 0;
  #isClosing = false;
  #lastEntryMs = START_MS;
  readonly #process: MortalProcess;

  constructor(order: SimulationOrder) {
    this.#order = order;
    this.#disorder = order.disorder ?? CALM;
    const { spec, jobs } = order;
    const calendar = this.#calendar;
    this.#process = new MortalProcess(calendar, this.#disorder);
    const renewEvery = this.#disorder.renewEvery;
    for (const node of spec.nodes) {
      this.#nodes.set(node.id, new SimulatedNode(node, calendar, jobs));
    }
    for (const { name } of spec.shards) {
      const actor: ShardActor = new Actor({
        core: shardCore,
        calendar,
        state: openShard(spec, name, START_MS),
        renewEvery,
        host: this.#process,
        carryOut: (effect, run) => this.#carryOut(name, effect, run),
        decided: (before, after, effects) => {
          order.watch?.shard?.(before, after, effects);
          this.#decided();
        },
      });
      this.#shards.set(name, actor);
    }
    this.#orchestrator = new Actor({
      core: orchestratorCore,
      calendar,
      state: openOrchestrator(spec, START_MS),
      renewEvery,
      host: this.#process,
      carryOut: (effect, run) => this.#carryOutGlobal(effect, run),
      decided: (before, after, effects) => {
        order.watch?.orchestrator?.(before, after, effects);
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
      ledger: this.#ledger,
      decisions: this.#decisions,
      crashPoints: this.#process.points,
      kills: this.#process.kills,
      virtualMs: this.#calendar.nowMs - START_MS,
    };
  }

  #open(): void {
    const { spec, commands } = this.#order;
    this.#orchestrator.happened({ on: 'opened' });
    for (const actor of this.#shards.values()) actor.happened({ on: 'opened' });
    for (const node of this.#nodes.values()) this.#startNode(node, ENGINE_MS.hop);
    for (const { node, atMs, forMs } of this.#disorder.losses) {
      const found = this.#nodes.get(node);
      if (!found) continue;
      this.#calendar.at(START_MS + atMs, () => found.lose());
      this.#startNode(found, atMs + Math.max(forMs, ENGINE_MS.presence));
    }
    for (const { node, atMs, forMs } of this.#disorder.silences) {
      const found = this.#nodes.get(node);
      if (found) this.#silence(found, START_MS + atMs, forMs);
    }
    for (const [i, { atMs, name, input }] of (commands ?? []).entries()) {
      const fallbackId = `hand-${i}`;
      this.#calendar.at(START_MS + atMs, () =>
        this.#orchestrator.happened({ on: 'command', name, input, via: 'signal', fallbackId }),
      );
    }
    if (spec.mode === 'service') throw new Error('a service has no end to simulate');
  }

  #startNode(node: SimulatedNode, afterMs: number): void {
    this.#calendar.at(START_MS + afterMs, () => {
      node.start();
      this.#register(node);
    });
  }

  /** Like a node host: it registers again for as long as its shard does not count on it. */
  #register(node: SimulatedNode): void {
    const { adapter: _adapter, ...spec } = node.spec;
    const { session } = node;
    const actor = this.#shards.get(spec.shard);
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
        return this.#append(shard, effect, (event) => actor.answered(run, event));
      case 'send':
        return this.#send(effect.to, effect.message);
      case 'lease':
        return this.#lease(actor, effect.grant, run);
      case 'cancelLease': {
        const lease = actor.state.leases.find((each) => each.lease === effect.lease);
        if (!lease) return;
        this.#calendar.at(nowMs + ENGINE_MS.hop, () =>
          this.#nodes.get(lease.node)?.cancel(lease.fence),
        );
        return;
      }
      case 'presence':
        return this.#watchPresence(actor, effect, run);
      case 'dismiss':
        return;
    }
  }

  #carryOutGlobal(effect: OrchestratorEffect, run: number): void {
    if (effect.do === 'send') return this.#send(effect.to, effect.message);
    if (effect.do === 'show') return;
    this.#append('orchestrator', effect, (event) => this.#orchestrator.answered(run, event));
  }

  #append(
    chain: string,
    { entries }: { readonly entries: readonly LedgerEntry[] },
    done: (event: Extract<ShardEvent, { on: 'appended' | 'appendFailed' }>) => void,
  ): void {
    this.#process.work(ENGINE_MS.append, () => {
      if (this.#isDiskFull()) return done({ on: 'appendFailed', why: FULL });
      const written = this.#ledger.get(chain) ?? [];
      // The same group again is already there.
      for (const entry of entries) if (entry.seq === written.length) written.push(entry);
      this.#ledger.set(chain, written);
      this.#lastEntryMs = this.#calendar.nowMs;
      // Killed between writing and answering: the engine asks the next process for the same again.
      if (this.#process.isKilled()) return this.#append(chain, { entries }, done);
      const throughSeq = entries.at(-1)?.seq ?? -1;
      done({ on: 'appended', throughSeq, head: `${chain}-${throughSeq}` });
    });
  }

  #lease(actor: ShardActor, grant: Parameters<SimulatedNode['run']>[0], run: number): void {
    const { lease, fence, node } = grant;
    this.#calendar.at(this.#calendar.nowMs + ENGINE_MS.hop, () => {
      const held = this.#nodes.get(node);
      held?.run(grant, (answer) => {
        if (answer.end === 'done') this.#order.watch?.worked?.(grant, answer.result);
        const event = this.#leaseEvent(lease, fence, answer);
        const heardMs = Math.max(this.#calendar.nowMs, held.silentUntilMs);
        this.#calendar.at(heardMs + ENGINE_MS.hop, () => actor.answered(run, event));
      });
    });
  }

  #leaseEvent(lease: number, fence: string, answer: LeaseEnd): ShardEvent {
    if (answer.end === 'returned') return { on: 'leaseReturned', lease, fence };
    const { result } = answer;
    if (result.segment !== null && this.#isDiskFull()) {
      return { on: 'leaseUnwritten', lease, fence, why: FULL };
    }
    return { on: 'leaseEnded', lease, fence, result };
  }

  #isDiskFull(): boolean {
    const atMs = this.#calendar.nowMs - START_MS;
    return (this.#disorder.fullDisk ?? []).some(
      ({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs,
    );
  }

  #watchPresence(
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

  /** A message between workflows: it may be late, come twice, or be lost. */
  #send(to: string | null, message: Message): void {
    const { nowMs } = this.#calendar;
    const { seed, duplicated, dropped, delayMsMax, untilMs } = this.#disorder;
    // A workflow that ends waits until the engine has its last report.
    const isLast = message.kind === 'load' && message.body.closed;
    const wild = nowMs < START_MS + untilMs && !isLast;
    const no = this.#messages++;
    const draw = (what: string): number => (wild ? seededUnit(seed, what, no) : 1);
    const deliver = (what: string): void => {
      const delayMs = wild ? seededUnit(seed, what, no) * delayMsMax : 0;
      this.#calendar.at(nowMs + ENGINE_MS.hop + delayMs, () => this.#receive(to, message));
    };
    if (draw('dropped') >= dropped) deliver('delay');
    if (draw('duplicated') < duplicated) deliver('second delay');
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
    return this.#calendar.nowMs - this.#lastEntryMs > most;
  }

  #isOver(): boolean {
    return this.#orchestrator.isEnded && [...this.#shards.values()].every((each) => each.isEnded);
  }
}
