/**
 * I7: commands and ledger entries match one to one, refusals included. In the orchestrator's chain a command
 * is received once and ends once; every shard that it is for has one entry of its own about it, no other
 * shard has one, and what a shard was told by hand stands in the orchestrator's chain too.
 */
import type { Fork } from '../fabric/forked-chain.ts';
import type { LedgerEntry, LedgerEvent } from '../fabric/ledger.ts';
import type { Findings, Position } from './findings.ts';

type CommandEntry = Extract<LedgerEvent, { type: 'command' }>;

/** A command as the orchestrator's chain has it. */
interface Ordered {
  readonly name: string;
  readonly args: unknown;
  readonly via: string;
  readonly at: Position;
  outcome: CommandEntry['outcome'];
  /** Entries that end it. */
  ends: number;
}

interface Taken {
  readonly name: string;
  readonly via: string;
  readonly outcome: string;
  readonly at: Position;
}

/** What the shards of a command are told, and whether all of them, the one that it names, or its node's. */
const RELAYED: Readonly<
  Record<string, { readonly as: string; readonly to: 'all' | 'one' | 'node' }>
> = {
  pauseAll: { as: 'fabricPause', to: 'all' },
  resumeAll: { as: 'fabricResume', to: 'all' },
  setTickInterval: { as: 'setTickInterval', to: 'all' },
  pauseShard: { as: 'pause', to: 'one' },
  resumeShard: { as: 'resume', to: 'one' },
  updateSpilloverLimit: { as: 'updateSpilloverLimit', to: 'one' },
  updateLatencyBudget: { as: 'updateLatencyBudget', to: 'one' },
  cordonNode: { as: 'cordonNode', to: 'node' },
  uncordonNode: { as: 'uncordonNode', to: 'node' },
  drainNode: { as: 'drainNode', to: 'node' },
  removeNode: { as: 'removeNode', to: 'node' },
  updateNode: { as: 'updateNode', to: 'node' },
  registerNode: { as: 'registerNode', to: 'one' },
};

/** Which shards have to have a command, and as what. */
interface Expected {
  readonly as: string;
  /** No other shard may have it. */
  readonly shards: readonly string[];
  /** Once it is applied: whether every one of them has it, or one. */
  readonly needs: 'every' | 'some';
}

export class CommandCheck {
  readonly #findings: Findings;
  readonly #ordered = new Map<string, Ordered>();
  /** By command, then by shard. */
  readonly #taken = new Map<string, Map<string, Taken>>();
  /** The shards that each node has registered with: one, unless it was moved. */
  readonly #nodes = new Map<string, Set<string>>();
  #shards: readonly string[] = [];
  /** Commands that a lost ledger held. */
  readonly #before = new Set<string>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** Those that the orchestrator's chain begins with. */
  get shards(): readonly string[] {
    return this.#shards;
  }

  get commands(): number {
    return this.#ordered.size;
  }

  apply(chain: string, entry: LedgerEntry): void {
    if (entry.type === 'open' && chain === 'orchestrator') {
      const { shards } = entry.policy as { shards?: Record<string, unknown> };
      this.#shards = Object.keys(shards ?? {});
    }
    if (entry.type === 'node' && entry.change === 'registered') {
      this.#addNode(entry.node, chain);
    }
    if (entry.type === 'forked') this.#takeUp(chain, entry);
    if (entry.type !== 'command' || this.#before.has(entry.commandId)) return;
    const at = { chain, seq: entry.seq };
    if (chain === 'orchestrator') this.#order(entry, at);
    else this.#take(chain, entry, at);
  }

  /** What a lost ledger held about a command can't be matched any more. */
  #takeUp(chain: string, { commandIds, held }: Fork): void {
    for (const id of commandIds) this.#before.add(id);
    for (const { node } of held?.nodes ?? []) this.#addNode(node, chain);
  }

  #addNode(node: string, chain: string): void {
    this.#nodes.set(node, (this.#nodes.get(node) ?? new Set()).add(chain));
  }

  /** `closed` names the chains that were closed: of others the last entries may be missing. */
  close(closed: ReadonlySet<string>): void {
    if (!closed.has('orchestrator')) return;
    for (const [commandId, ordered] of this.#ordered) this.#match(commandId, ordered, closed);
    for (const [commandId, byShard] of this.#taken) {
      const ordered = this.#ordered.get(commandId);
      for (const [shard, { name, via, at }] of byShard) {
        if (ordered) continue;
        const where = `${name} (${commandId}) came to ${shard} by ${via}`;
        this.#fail(`${where} and stands nowhere in the orchestrator's chain`, at);
      }
    }
  }

  #order(entry: CommandEntry, at: Position): void {
    const { commandId, name, args, via, outcome } = entry;
    const isEnd = outcome === 'applied' || outcome === 'refused';
    const known = this.#ordered.get(commandId);
    if (!known) {
      this.#ordered.set(commandId, { name, args, via, at, outcome, ends: isEnd ? 1 : 0 });
      if (via !== 'shard' && outcome !== 'received') {
        this.#fail(`${name} (${commandId}) is ${outcome} and was never received`, at);
      }
      return;
    }
    if (via === 'shard' || outcome === 'received' || outcome === known.outcome) {
      this.#fail(`${name} (${commandId}) is recorded again as ${outcome}`, at);
    } else if (known.ends > 0) {
      this.#fail(`${name} (${commandId}) is ${outcome} after it was ${known.outcome}`, at);
    }
    known.outcome = outcome;
    if (isEnd) known.ends += 1;
  }

  #take(shard: string, { commandId, name, via, outcome }: CommandEntry, at: Position): void {
    const byShard = this.#taken.get(commandId) ?? new Map<string, Taken>();
    this.#taken.set(commandId, byShard);
    if (byShard.has(shard)) this.#fail(`${name} (${commandId}) is carried out twice`, at);
    else byShard.set(shard, { name, via, outcome, at });
  }

  #match(commandId: string, ordered: Ordered, closed: ReadonlySet<string>): void {
    const { name, via, outcome, at } = ordered;
    const taken = this.#taken.get(commandId) ?? new Map<string, Taken>();
    const what = `${name} (${commandId})`;
    if (outcome === 'received') this.#fail(`${what} was received and has no outcome`, at);
    if (via === 'shard') {
      const isThere = [...taken.values()].some((each) => each.via === 'shard');
      if (!isThere && closed.has(argsOf(ordered).shard ?? '')) {
        this.#fail(`${what} is said to have come to a shard, which knows nothing of it`, at);
      }
      return;
    }
    const expected = this.#expected(ordered);
    for (const [shard, { name: as, via: how, outcome: answered, at: where }] of taken) {
      if (how === 'shard') continue;
      // What is refused as a whole, no shard has carried out.
      const agrees = outcome !== 'refused' || answered === 'refused';
      const isRight = expected === null || (expected.as === as && expected.shards.includes(shard));
      if (!agrees || !isRight)
        this.#fail(`${what} is ${outcome}, and ${shard} has it as ${as}`, where);
    }
    if (outcome !== 'applied' || expected === null) return;
    const { shards, needs } = expected;
    const silent = shards.filter((shard) => !taken.has(shard) && closed.has(shard));
    if (needs === 'every') {
      for (const shard of silent) this.#fail(`${what} is applied, and ${shard} has no entry`, at);
    } else if (silent.length === shards.length && this.#shards.every((each) => closed.has(each))) {
      this.#fail(`${what} is applied, and no shard of its node has an entry`, at);
    }
  }

  /** Who has to be told what, or null where the ledger alone doesn't say. */
  #expected(ordered: Ordered): Expected | null {
    if (ordered.name === 'close') return { as: '', shards: [], needs: 'every' };
    const relayed = RELAYED[ordered.name];
    if (!relayed) return null;
    const { as, to } = relayed;
    const { shard, node } = argsOf(ordered);
    if (to === 'all') return { as, shards: this.#shards, needs: 'every' };
    if (to === 'one') return { as, shards: shard === undefined ? [] : [shard], needs: 'every' };
    // A shard that was taken for the node's, and has not seen it, refuses.
    const isApplied = ordered.outcome === 'applied';
    const shards = isApplied ? [...(this.#nodes.get(node ?? '') ?? [])] : this.#shards;
    return { as, shards, needs: 'some' };
  }

  #fail(what: string, at: Position): void {
    this.#findings.fail('I7', what, at);
  }
}

function argsOf({ args }: Ordered): { readonly shard?: string; readonly node?: string } {
  return typeof args === 'object' && args !== null ? args : {};
}
