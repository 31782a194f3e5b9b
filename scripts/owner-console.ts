/**
 * The owner's controls over a running fabric, for TypeScript programs and for the command line alike.
 * A command is a signal, which is durable even while no worker runs; its outcome is then looked up by
 * its id, so that the caller sees the effect and not merely that something was sent.
 */
import { randomUUID } from 'node:crypto';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { SubmittedJob } from '../fabric/messages.ts';
import type { NodeChange, NodeSpec } from '../fabric/policy.ts';
import type {
  CommandRecord,
  FabricStatus,
  Governance,
  OwnerCommandName,
} from '../workflows/protocol.ts';
import type { FabricAccess, FabricWish } from './fabric-access.ts';
import {
  accessFabric,
  awaitOutcome,
  fetchGovernance,
  fetchWholeStatus,
  notOpen,
  orchestratorOf,
} from './fabric-access.ts';
import { JointSubmissions } from './joint-submissions.ts';
import { operatorName } from './place.ts';

/** Who, why, and under which id; a second command of the same id is not carried out again. */
export interface CommandOptions {
  /** Default: the user of this machine. */
  readonly by?: string;
  readonly reason?: string;
  readonly commandId?: string;
  /** How long to wait for the outcome, in ms. Default 15,000. */
  readonly waitMs?: number;
}

/** The fabric as its owner sees it: what it does now, and what was ordered. */
export interface FabricSnapshot {
  readonly status: FabricStatus;
  readonly governance: Governance;
}

/** A job as `submit` takes it: what is left out gets the mission file's defaults. */
export type JobToSubmit = Pick<SubmittedJob, 'id' | 'kind'> & Partial<SubmittedJob>;

/** A node as `registerNode` takes it. */
export type NodeToExpect = Pick<NodeSpec, 'id' | 'shard'> & NodeChange;

/** The ways to a fabric that the console needs; the command line's tests bring their own. */
export interface ConsoleLine {
  signal(name: OwnerCommandName, args: Readonly<Record<string, unknown>>): Promise<void>;
  /**
   * What became of a command, or what is known of it at the deadline (ms since the epoch), or once it is given up.
   * May be asked before the command has come.
   */
  outcome(
    commandId: string,
    deadlineMs: number,
    givenUp: AbortSignal,
  ): Promise<CommandRecord | null>;
  status(): Promise<FabricStatus>;
  governance(): Promise<Governance>;
  close(): Promise<void>;
}

const WAIT_MS = 15_000;

/**
 * Controls one fabric. Every command resolves to its record: `applied`, `refused` with the reason, or
 * `unconfirmed` when no outcome was known within the time, which does not mean that it won't come.
 */
export class OwnerConsole {
  readonly #line: ConsoleLine;
  readonly #submissions: JointSubmissions;

  /** Over a line that is open already; `connect` is what programs want. */
  constructor(line: ConsoleLine) {
    this.#line = line;
    this.#submissions = new JointSubmissions((jobs, options) =>
      this.#command('submitJobs', { jobs }, options),
    );
  }

  /**
   * Connects to a running fabric: the one on `address`, else the one started from the working folder,
   * else the one on the server that TEMPORAL_ADDRESS or a profile names. Throws when there is none.
   */
  static async connect(wish: FabricWish = {}): Promise<OwnerConsole> {
    const place = { folder: process.cwd(), env: process.env };
    return new OwnerConsole(lineTo(await accessFabric(wish, place)));
  }

  /** Stops leasing on every shard. What runs already runs to its end. */
  pauseAll(options?: CommandOptions): Promise<CommandRecord> {
    return this.#command('pauseAll', {}, options);
  }

  /** Lets every shard lease again: clears the fabric's switch and each shard's own. */
  resumeAll(options?: CommandOptions): Promise<CommandRecord> {
    return this.#command('resumeAll', {}, options);
  }

  /** Stops leasing on one shard. */
  pauseShard(shard: string, options?: CommandOptions): Promise<CommandRecord> {
    return this.#command('pauseShard', { shard }, options);
  }

  /** Lets one shard lease again. */
  resumeShard(shard: string, options?: CommandOptions): Promise<CommandRecord> {
    return this.#command('resumeShard', { shard }, options);
  }

  /** Sets the queue depth, in jobs, above which a shard sheds. */
  updateSpilloverLimit(
    shard: string,
    limit: number,
    options?: CommandOptions,
  ): Promise<CommandRecord> {
    return this.#command('updateSpilloverLimit', { shard, limit }, options);
  }

  /** Sets a shard's latency budget, in ms. */
  updateLatencyBudget(shard: string, ms: number, options?: CommandOptions): Promise<CommandRecord> {
    return this.#command('updateLatencyBudget', { shard, ms }, options);
  }

  /** Sets the orchestrator's cadence, in seconds. */
  setTickInterval(seconds: number, options?: CommandOptions): Promise<CommandRecord> {
    return this.#command('setTickInterval', { seconds }, options);
  }

  /** Gives a node nothing new; what it holds it ends. */
  cordonNode(node: string, options?: CommandOptions): Promise<CommandRecord> {
    return this.#command('cordonNode', { node }, options);
  }

  /** Lets a node be given work again; one that was removed may register again. */
  uncordonNode(node: string, options?: CommandOptions): Promise<CommandRecord> {
    return this.#command('uncordonNode', { node }, options);
  }

  /** Gives a node nothing new, and what it has not ended within so many seconds (30) to others. */
  drainNode(node: string, seconds?: number, options?: CommandOptions): Promise<CommandRecord> {
    const within = seconds === undefined ? {} : { seconds };
    return this.#command('drainNode', { node, ...within }, options);
  }

  /** Writes a checkpoint; the effect names its file. Refused when it can't be written. */
  checkpoint(options?: CommandOptions): Promise<CommandRecord> {
    return this.#command('checkpoint', {}, options);
  }

  /** Takes a node out of its shard; what it held is given to others at once. */
  removeNode(node: string, options?: CommandOptions): Promise<CommandRecord> {
    return this.#command('removeNode', { node }, options);
  }

  /** Makes a node known to its shard before its process comes; what is left out gets a mission's defaults. */
  registerNode({ id, ...rest }: NodeToExpect, options?: CommandOptions): Promise<CommandRecord> {
    return this.#command('registerNode', { node: id, ...rest }, options);
  }

  /** Changes what a node offers; its process may start again without undoing it. */
  updateNode(node: string, change: NodeChange, options?: CommandOptions): Promise<CommandRecord> {
    return this.#command('updateNode', { node, ...change }, options);
  }

  /**
   * Submits at most 500 jobs, of at most 512 KiB together. The record's answers name those accepted and
   * those refused with the reason. Calls that are made while one is under way, for a second at most, go together
   * as the next command, unless they bring a `commandId`. Throws RangeError, and sends nothing, when the jobs
   * are larger or 10,000 calls wait.
   */
  async submit(jobs: readonly JobToSubmit[], options?: CommandOptions): Promise<CommandRecord> {
    return await this.#submissions.submit(jobs, options);
  }

  /** Status and governance as they are now. Throws when no orchestrator process answers. */
  async snapshot(): Promise<FabricSnapshot> {
    const [status, governance] = await Promise.all([this.#line.status(), this.#line.governance()]);
    return { status, governance };
  }

  /** Ends the connection; the fabric runs on. */
  close(): Promise<void> {
    return this.#line.close();
  }

  async #command(
    name: OwnerCommandName,
    args: Readonly<Record<string, unknown>>,
    options: CommandOptions = {},
  ): Promise<CommandRecord> {
    const commandId = options.commandId ?? randomUUID();
    const by = options.by ?? operatorName(process.env);
    const reason = options.reason ?? '';
    const sentAtMs = Date.now();
    const givenUp = new AbortController();
    // Asked at once: where command and question come together, the orchestrator has both in one task.
    const outcome = this.#line.outcome(
      commandId,
      sentAtMs + (options.waitMs ?? WAIT_MS),
      givenUp.signal,
    );
    try {
      await this.#line.signal(name, { ...args, commandId, by, reason });
    } catch (error) {
      givenUp.abort();
      throw error;
    }
    const known = (await outcome) ?? sentRecord({ commandId, name, args, by, reason }, sentAtMs);
    return known.outcome === 'received' ? { ...known, outcome: 'unconfirmed' } : known;
  }
}

/** What can be said of a command before anything has been heard of it. */
function sentRecord(
  command: Pick<CommandRecord, 'commandId' | 'name' | 'args' | 'by' | 'reason'>,
  sentAtMs: number,
): CommandRecord {
  return {
    ...command,
    via: 'signal',
    receivedAtMs: sentAtMs,
    appliedAtMs: null,
    outcome: 'unconfirmed',
    refusedBecause: null,
    effect: 'Sent and kept by the server; no orchestrator process has answered yet.',
    answers: [],
  };
}

/** The console's line over a connection to a fabric. */
export function lineTo(access: FabricAccess): ConsoleLine {
  return {
    signal: async (name, args) => {
      try {
        await access.call(() => orchestratorOf(access).signal(name, args));
      } catch (error) {
        throw error instanceof WorkflowNotFoundError ? notOpen(access) : error;
      }
    },
    outcome: (commandId, deadlineMs, givenUp) =>
      awaitOutcome(access, commandId, deadlineMs, givenUp),
    status: () => fetchWholeStatus(access),
    governance: () => fetchGovernance(access),
    close: () => access.close(),
  };
}
