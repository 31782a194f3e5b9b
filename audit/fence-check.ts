/**
 * Fences: a lease is granted to a node that is there, under its incarnation and a number never used before;
 * it ends once, under the fence it was given; and an answer that came late was for a lease given up or ended.
 */
import type { LedgerEntry, LedgerEvent } from '../fabric/ledger.ts';
import type { Findings } from './findings.ts';

interface Held {
  readonly fence: string;
  readonly node: string;
}

/** One chain's leases. */
class ChainFences {
  readonly open = new Map<number, Held>();
  /** Leases that were given up, by number, with the entry that did. */
  readonly givenUp = new Map<number, number>();
  readonly nodes = new Map<string, { incarnation: number; isThere: boolean }>();
  last = -1;
}

const GONE: readonly string[] = ['lost', 'left', 'removed'];

export class FenceCheck {
  leases = 0;
  lateAnswers = 0;
  readonly #chains = new Map<string, ChainFences>();
  readonly #findings: Findings;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  apply(chain: string, entry: LedgerEntry): void {
    const fences = this.#chains.get(chain) ?? new ChainFences();
    this.#chains.set(chain, fences);
    switch (entry.type) {
      case 'node':
        return this.#node(fences, entry);
      case 'forked':
        for (const { node, incarnation } of entry.held?.nodes ?? []) {
          fences.nodes.set(node, { incarnation, isThere: false });
        }
        return;
      case 'lease':
        return this.#grant(fences, entry);
      case 'outcome':
        return this.#end(fences, entry, 'has an outcome');
      case 'requeue':
        this.#end(fences, entry, 'is given up');
        fences.givenUp.set(entry.lease, entry.seq);
        return;
      case 'late':
        this.lateAnswers += 1;
        if (fences.open.get(entry.lease)?.fence === entry.fence) {
          this.#fail(`an answer for lease ${entry.lease} is called late while the lease is held`);
        }
        return;
      default:
        return;
    }
  }

  /** `closed` names the chains that were closed: no lease of theirs may be in flight. */
  close(closed: ReadonlySet<string>): void {
    for (const [chain, { open }] of this.#chains) {
      if (!closed.has(chain)) continue;
      for (const [lease, { fence }] of open) {
        this.#findings.fail(
          'fences',
          `${chain}: lease ${lease} (fence ${fence}) never ended`,
          null,
        );
      }
    }
  }

  #node({ nodes }: ChainFences, entry: Extract<LedgerEvent, { type: 'node' }>): void {
    const { node, incarnation, change } = entry;
    const known = nodes.get(node)?.incarnation ?? 0;
    if (change === 'registered' && incarnation <= known) {
      this.#fail(`${node} registers as incarnation ${incarnation}, after ${known}`);
    }
    nodes.set(node, { incarnation, isThere: !GONE.includes(change) });
  }

  #grant(fences: ChainFences, entry: Extract<LedgerEvent, { type: 'lease' }>): void {
    const { lease, fence, node } = entry;
    this.leases += 1;
    const there = fences.nodes.get(node);
    if (!there?.isThere) this.#fail(`lease ${lease} goes to ${node}, which is not there`);
    else if (fence !== `${there.incarnation}.${lease}`) {
      this.#fail(
        `lease ${lease} has fence ${fence}; ${node} is at incarnation ${there.incarnation}`,
      );
    }
    if (lease <= fences.last) this.#fail(`lease ${lease} comes after lease ${fences.last}`);
    fences.last = Math.max(fences.last, lease);
    fences.open.set(lease, { fence, node });
  }

  #end(
    { open, givenUp }: ChainFences,
    { lease, fence, node }: Extract<LedgerEvent, { type: 'outcome' | 'requeue' }>,
    what: string,
  ): void {
    const held = open.get(lease);
    open.delete(lease);
    if (held?.fence === fence && held.node === node) return;
    const at = givenUp.get(lease);
    const why =
      at !== undefined
        ? `which was given up at entry ${at}`
        : held
          ? `which is held under fence ${held.fence} by ${held.node}`
          : 'which is not in flight';
    this.#fail(`lease ${lease} ${what} under fence ${fence} of ${node}, ${why}`);
  }

  #fail(what: string): void {
    this.#findings.fail('fences', what);
  }
}
