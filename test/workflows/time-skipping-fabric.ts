/**
 * A fabric on the time-skipping test server: the real workflows, and activities that answer at once and
 * keep the ledger in memory. Time passes as on the wall, and is skipped only while `skip` waits; each
 * fabric has a server of its own, since time is one for all that runs on a server.
 */
import { basename } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Context, heartbeat, sleep } from '@temporalio/activity';
import { ApplicationFailure, defaultPayloadConverter } from '@temporalio/common';
import { tsToMs } from '@temporalio/common/lib/time.js';
import type { WorkflowHandle } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { WorkerOptions, WorkflowBundleWithSourceMap } from '@temporalio/worker';
import type {
  AppendInput,
  AppendOutput,
  NodeActivities,
  OrchestratorActivities,
  PullInput,
} from '../../activities/contracts.ts';
import type { TimeSkippingServer } from '../../engine/time-skipping.ts';
import type { LedgerEntry } from '../../fabric/ledger.ts';
import type { LeaseProgress, Letter, LoadReport, Message } from '../../fabric/messages.ts';
import type { RunNode, RunSpec } from '../../fabric/mission/run-spec.ts';
import {
  ASK_AGAIN,
  nodeQueue,
  orchestratorId,
  orchestratorQueue,
  QUERY,
  shardId,
  SIGNAL,
  WORKFLOW,
  type CommandRecord,
  type FabricStatus,
  type Governance,
} from '../../workflows/protocol.ts';
import { until } from '../e2e/live-fabric.ts';
import { jobsOf } from '../fabric/small-world.ts';

type Entry<T extends LedgerEntry['type']> = LedgerEntry & { readonly type: T };
type ServerOptions = Extract<TimeSkippingServer, { state: 'found' }>['options'];
type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/** A present node beats well within the second that its shard gives it. */
const BEAT_MS = 200;
/** Well below what a test may take, so that one that waits in vain says for what. */
const RECORDED_MS_MAX = 15_000;
const QUERY_TRIES = 5;

export class TimeSkippingFabric {
  readonly spec: RunSpec;
  /** Every page that was asked for, with the time at which it was. */
  readonly pulls: { readonly atMs: number; readonly from: number; readonly count: number }[] = [];
  readonly #env: TestWorkflowEnvironment;
  readonly #ledger = new Map<string, LedgerEntry[]>();
  /** First run of each workflow, by its id. */
  readonly #firstRuns = new Map<string, string>();
  readonly #workers: Promise<void>[] = [];
  readonly #stops: (() => void)[] = [];

  private constructor(spec: RunSpec, env: TestWorkflowEnvironment) {
    this.spec = spec;
    this.#env = env;
  }

  /** Starts the server and the process of the workflows, and no workflow. */
  static async open(
    server: ServerOptions,
    workflowBundle: WorkflowBundleWithSourceMap,
    spec: RunSpec,
  ): Promise<TimeSkippingFabric> {
    const fabric = new TimeSkippingFabric(
      spec,
      await TestWorkflowEnvironment.createTimeSkipping(server),
    );
    const jobs = jobsOf(spec);
    const activities: OrchestratorActivities = {
      appendLedger: (input: AppendInput) => Promise.resolve(fabric.#append(input)),
      pullPage: async ({ feed, from, count }: PullInput) => {
        fabric.pulls.push({ atMs: await fabric.nowMs(), from, count });
        return jobs.page(feed, from, count);
      },
      saveCut: ({ chain }) => Promise.resolve({ bytes: 1, sha256: chain }),
      sealCheckpoint: ({ epoch }) => {
        const path = `checkpoint ${epoch}`;
        return Promise.resolve({ epoch, path, sha256: path, bytes: 1, positions: {} });
      },
      readBack: ({ told }) => Promise.resolve(told as readonly LeaseProgress[]),
    };
    await fabric.#work({ taskQueue: orchestratorQueue(spec.fabric), workflowBundle, activities });
    return fabric;
  }

  async startOrchestrator(): Promise<void> {
    await this.#start(WORKFLOW.orchestrator, orchestratorId(this.spec.fabric), { spec: this.spec });
  }

  /** One that starts paused pulls and leases nothing before it is resumed. */
  async startShard(shard: string, { paused = false } = {}): Promise<void> {
    const id = shardId(this.spec.fabric, shard);
    const input = { spec: this.spec, shard };
    await this.#start(WORKFLOW.shard, id, input, paused ? SIGNAL.pause : undefined);
  }

  /** Hands a shard's workflow, or the orchestrator's (null), a message as another workflow would. */
  async tell(shard: string | null, letter: Letter): Promise<void> {
    await this.handle(shard).signal(SIGNAL.message, { ...letter, epoch: 0 });
  }

  /** Sends the orchestrator an owner command, under an id, as a signal. */
  async command(name: string, input: { readonly commandId: string; [key: string]: unknown }) {
    await this.handle(null).signal(name, input);
  }

  /** The workflow of a shard, or the orchestrator's (null), in its newest run. */
  handle(shard: string | null): WorkflowHandle {
    const { fabric } = this.spec;
    const id = shard === null ? orchestratorId(fabric) : shardId(fabric, shard);
    return this.#env.client.workflow.getHandle(id);
  }

  /**
   * Starts the host of a node that does every job at once. From `register` until `leave` its presence is an
   * activity under way, and no time is skipped. The first `unheard` leases are begun for the engine, and
   * nobody works on them.
   */
  async hostNode(
    node: RunNode,
    { unheard = 0 } = {},
  ): Promise<{
    readonly register: () => Promise<void>;
    readonly leave: () => Promise<void>;
    /** Fences of the leases that it was asked for, in that order. */
    readonly asked: readonly string[];
  }> {
    let isHere = true;
    const asked: string[] = [];
    const activities: NodeActivities = {
      holdPresence: async () => {
        while (isHere) {
          heartbeat();
          await sleep(BEAT_MS);
        }
        return 'left';
      },
      runLease: async ({ items, fence }) => {
        asked.push(fence);
        if (asked.length <= unheard) return await Context.current().cancelled;
        return {
          items: items.map(({ ordinals }) => ({ completed: ordinals, failed: [] })),
          segment: null,
          busyMs: 1,
        };
      },
    };
    await this.#work({ taskQueue: nodeQueue(this.spec.fabric, node.id), activities });
    return {
      asked,
      register: async () => {
        const { adapter: _, ...registered } = node;
        const registration = { node: registered, session: `session of ${node.id}` };
        await this.handle(node.shard).signal(SIGNAL.registerNode, registration);
      },
      leave: async () => {
        isHere = false;
        await this.recorded(node.shard, 'node', ({ change }) => change === 'left');
      },
    };
  }

  /** The server's time. */
  async nowMs(): Promise<number> {
    return await this.#env.currentTimeMs();
  }

  /** Lets so much time pass: timers fire in their order, and what they lead to is waited for. */
  async skip(ms: number): Promise<void> {
    await this.#env.sleep(ms);
  }

  async skipTo(instantMs: number): Promise<void> {
    await this.skip(instantMs - (await this.nowMs()));
  }

  /** What a chain of the ledger holds of one sort. */
  entries<T extends LedgerEntry['type']>(chain: string, type: T): Entry<T>[] {
    const all = this.#ledger.get(chain) ?? [];
    return all.filter((entry): entry is Entry<T> => entry.type === type);
  }

  /** Waits, in real time, for the first such entry. */
  async recorded<T extends LedgerEntry['type']>(
    chain: string,
    type: T,
    isIt: (entry: Entry<T>) => boolean = () => true,
  ): Promise<Entry<T>> {
    const first = (): Entry<T> | undefined => this.entries(chain, type).find(isIt);
    const what = `the ledger of ${chain} has such an entry "${type}"`;
    await until(what, () => first() !== undefined, RECORDED_MS_MAX);
    return first()!;
  }

  /** Waits, in real time, until a command has come to that outcome. */
  async outcome(commandId: string, outcome: CommandRecord['outcome']): Promise<Entry<'command'>> {
    return await this.recorded(
      'orchestrator',
      'command',
      (entry) => entry.commandId === commandId && entry.outcome === outcome,
    );
  }

  async status(): Promise<FabricStatus> {
    return await this.#ask<FabricStatus>(null, QUERY.fabricStatus);
  }

  async shardStatus(shard: string): Promise<LoadReport> {
    return await this.#ask<LoadReport>(shard, QUERY.shardStatus);
  }

  async commandRecord(commandId: string): Promise<CommandRecord> {
    const { commands } = await this.#ask<Governance>(null, QUERY.governance);
    return commands.find((each) => each.commandId === commandId)!;
  }

  /** The histories of all runs of a workflow that continued as new, oldest first. */
  async histories(shard: string | null): Promise<HistoryEvent[][]> {
    const { workflowId } = this.handle(shard);
    const runs: HistoryEvent[][] = [];
    let runId = this.#firstRuns.get(workflowId);
    while (runId) {
      const run = this.#env.client.workflow.getHandle(workflowId, runId);
      const events = (await run.fetchHistory()).events ?? [];
      runs.push(events);
      runId =
        events.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? '';
    }
    return runs;
  }

  /** When the orchestrator, over all of its runs, sent a shard a message of that kind. */
  async sendsMs(shard: string, kind: Message['kind']): Promise<number[]> {
    const runs = await this.histories(null);
    return runs.flat().flatMap((event) => {
      const sent = event.signalExternalWorkflowExecutionInitiatedEventAttributes;
      if (sent?.workflowExecution?.workflowId !== shardId(this.spec.fabric, shard)) return [];
      const [payload] = sent.input?.payloads ?? [];
      const message = defaultPayloadConverter.fromPayload<Message>(payload!);
      return message.kind === kind ? [tsToMs(event.eventTime)] : [];
    });
  }

  /** Ends the processes and the server. */
  async end(): Promise<void> {
    for (const stop of this.#stops) stop();
    try {
      await Promise.all(this.#workers);
    } finally {
      await this.#env.teardown();
    }
  }

  /** The signal, where there is one, is taken in the workflow's first task. */
  async #start(type: string, workflowId: string, input: unknown, signal?: string): Promise<void> {
    const { workflow } = this.#env.client;
    const taskQueue = orchestratorQueue(this.spec.fabric);
    const options = { workflowId, taskQueue, args: [input] };
    const firstRun =
      signal === undefined
        ? (await workflow.start(type, options)).firstExecutionRunId
        : (await workflow.signalWithStart(type, { ...options, signal })).signaledRunId;
    this.#firstRuns.set(workflowId, firstRun);
  }

  /** A query that meets a workflow between two of its tasks is refused, and asked again. */
  async #ask<T>(shard: string | null, query: string): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.handle(shard).query<T>(query);
      } catch (error) {
        if (tries === QUERY_TRIES || !String(error).includes(ASK_AGAIN)) throw error;
      }
    }
  }

  async #work(
    options: Pick<WorkerOptions, 'taskQueue' | 'workflowBundle' | 'activities'>,
  ): Promise<void> {
    const { nativeConnection: connection } = this.#env;
    const worker = await Worker.create({ connection, ...options });
    this.#workers.push(worker.run());
    this.#stops.push(() => worker.shutdown());
  }

  /** As the real one: entries that are there already are fine when they are the same, and no gap is made. */
  #append({ folder, entries }: AppendInput): AppendOutput {
    const chain = basename(folder);
    const held = this.#ledger.get(chain) ?? [];
    for (const entry of entries) {
      const there = entry.seq < held.length ? held[entry.seq] : undefined;
      if (entry.seq > held.length || (there && !isDeepStrictEqual(there, entry))) {
        throw ApplicationFailure.nonRetryable(`entry ${entry.seq} of ${chain}`, 'IntegrityError');
      }
      if (!there) held.push(entry);
    }
    this.#ledger.set(chain, held);
    const throughSeq = entries.at(-1)!.seq;
    return { throughSeq, head: `head ${throughSeq}` };
  }
}
