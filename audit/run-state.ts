/**
 * Policy and state of a run at any point of its ledger: the entries up to there, replayed. What a shard
 * keeps to itself, such as jobs of a feed not pulled yet, stands in no ledger and is not part of it.
 */
import type { LedgerEntry, LedgerEvent } from '../fabric/ledger.ts';
import type { NodeLife } from '../fabric/messages.ts';
import type { ShardPolicy } from '../fabric/policy.ts';
import { lifeOf } from '../fabric/shard/node-service.ts';
import { Findings } from './findings.ts';
import { JobReplay } from './job-replay.ts';
import { PauseCheck, type Switch } from './pause-check.ts';

/** In the order in which they are told. */
export const COUNTS = [
  'accepted',
  'refused',
  'queued',
  'leased',
  'inTransit',
  'completed',
  'failed',
  'cancelled',
  'spilledIn',
  'spilledOut',
] as const;

export type Counts = Readonly<Record<(typeof COUNTS)[number], number>>;

export interface ShardAt {
  /** Null before the shard was opened. */
  readonly policy: ShardPolicy | null;
  /** Whose pause it is under, by what it has acknowledged. */
  readonly pausedBy: readonly Switch[];
  readonly jobs: Counts;
  readonly nodes: Readonly<Record<string, NodeLife>>;
}

export interface RunAt {
  /** Null before the run was opened. */
  readonly tickMs: number | null;
  /** True from when a pause of all was applied until a resume of all was. */
  readonly paused: boolean;
  /** Of all shards together. */
  readonly jobs: Counts;
  readonly shards: Readonly<Record<string, ShardAt>>;
}

type Command = Extract<LedgerEvent, { type: 'command' }>;
type NodeAt = Parameters<typeof lifeOf>[0];

const NEW_NODE: NodeAt = { state: 'left', service: 'open', incarnation: 0, ejectedUntilMs: null };

/** What each change of a node makes of it. */
const CHANGED: Readonly<Record<Extract<LedgerEvent, { type: 'node' }>['change'], Partial<NodeAt>>> =
  {
    registered: { state: 'ready', ejectedUntilMs: null },
    suspect: { state: 'suspect' },
    back: { state: 'ready' },
    lost: { state: 'lost' },
    left: { state: 'left' },
    cordoned: { service: 'cordoned' },
    uncordoned: { service: 'open' },
    draining: { service: 'draining' },
    removed: { service: 'removed' },
    ejected: { ejectedUntilMs: Infinity },
    readmitted: { ejectedUntilMs: null },
  };

export class RunState {
  // What contradicts itself is for `audit verify` to find.
  readonly #jobs = new JobReplay(new Findings(), () => true);
  readonly #pauses = new PauseCheck(new Findings());
  readonly #policies = new Map<string, ShardPolicy>();
  readonly #nodes = new Map<string, Map<string, NodeAt>>();
  #tickMs: number | null = null;
  #paused = false;

  /** Takes one entry, causes before effects. */
  apply(chain: string, entry: LedgerEntry): void {
    this.#jobs.apply(chain, entry);
    this.#pauses.apply(chain, entry);
    const isFabric = chain === 'orchestrator';
    if (entry.type === 'open' && isFabric) {
      this.#tickMs = (entry.policy as { readonly tickMs: number }).tickMs;
    } else if (entry.type === 'open') {
      this.#policies.set(chain, entry.policy as ShardPolicy);
    } else if (entry.type === 'forked') {
      if (isFabric) this.#paused = entry.off.includes('fabric');
      for (const { node, incarnation, service } of entry.held?.nodes ?? []) {
        this.#changeNode(chain, node, { incarnation, service, state: 'lost' });
      }
    } else if (entry.type === 'node') {
      const { node, incarnation, change } = entry;
      this.#changeNode(chain, node, { incarnation, ...CHANGED[change] });
    } else if (entry.type === 'command' && entry.outcome === 'applied') {
      if (isFabric) this.#govern(entry);
      else this.#tune(chain, entry);
    }
  }

  /** All of it as it is now. */
  now(): RunAt {
    const names = [...this.#policies.keys(), ...this.#nodes.keys()];
    const shards = [...new Set(names)].sort().map((name) => [name, this.#shard(name)] as const);
    const sum = (key: keyof Counts): number =>
      shards.reduce((total, [, { jobs }]) => total + jobs[key], 0);
    return {
      tickMs: this.#tickMs,
      paused: this.#paused,
      jobs: countsOf(sum),
      shards: Object.fromEntries(shards),
    };
  }

  #shard(name: string): ShardAt {
    const sums = this.#jobs.balance.of(name);
    const nodes = [...(this.#nodes.get(name) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      policy: this.#policies.get(name) ?? null,
      pausedBy: this.#pauses.off(name),
      jobs: countsOf((key) => sums[key]),
      nodes: Object.fromEntries(nodes.map(([id, node]) => [id, lifeOf(node, 0)])),
    };
  }

  #changeNode(shard: string, id: string, change: Partial<NodeAt>): void {
    const nodes = this.#nodes.get(shard) ?? new Map<string, NodeAt>();
    this.#nodes.set(shard, nodes.set(id, { ...(nodes.get(id) ?? NEW_NODE), ...change }));
  }

  #govern({ name, args }: Command): void {
    if (name === 'pauseAll' || name === 'resumeAll') this.#paused = name === 'pauseAll';
    const { seconds } = args as { readonly seconds?: number };
    if (name === 'setTickInterval') this.#tickMs = Math.round(seconds! * 1_000);
  }

  #tune(shard: string, { name, args }: Command): void {
    if (name === 'registerNode') {
      this.#changeNode(shard, (args as { readonly node: string }).node, {});
    }
    const policy = this.#policies.get(shard);
    if (!policy) return;
    const { limit, ms } = args as { readonly limit?: number; readonly ms?: number };
    if (name === 'updateSpilloverLimit') {
      this.#policies.set(shard, { ...policy, spilloverLimit: limit! });
    }
    if (name === 'updateLatencyBudget') {
      this.#policies.set(shard, { ...policy, latencyBudgetMs: ms! });
    }
  }
}

function countsOf(count: (key: keyof Counts) => number): Counts {
  return Object.fromEntries(COUNTS.map((key) => [key, count(key)])) as Counts;
}
