/**
 * A simulated run as its files would tell it, in memory: the chains as they were appended, and the segments
 * as the nodes wrote them, whatever the shards made of them. Works for any copy of the core.
 */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { LedgerEntry } from '../../fabric/ledger.ts';
import type { LeaseGrant, LeaseResult } from '../../fabric/messages.ts';
import { each } from '../../fabric/ordinals.ts';
import type { simulate, SimulatedRun, SimulationOrder } from '../../fabric/simulate/simulate.ts';
import type { ResultRecord, RunRecords } from '../../reporting/records.ts';

/** One append as a workflow asked for it. */
export interface Append {
  readonly chain: string;
  readonly head: string;
  readonly entries: readonly LedgerEntry[];
}

export interface RecordedRun {
  readonly run: SimulatedRun;
  readonly records: RunRecords;
  /** Those that were carried out, in the order asked for; the same one again is there again. */
  readonly appends: readonly Append[];
  /** What nodes wrote, by segment. */
  readonly segments: ReadonlyMap<string, readonly ResultRecord[]>;
}

/** Simulates the mission with the given core, and keeps what its files would hold. */
export function recordRun(simulated: typeof simulate, order: SimulationOrder): RecordedRun {
  const segments = new Map<string, ResultRecord[]>();
  const appends: Append[] = [];
  const noteAppends = (chain: string, effects: readonly { do: string }[]): void => {
    for (const effect of effects) {
      if (effect.do !== 'append') continue;
      const { head, entries } = effect as unknown as Append;
      appends.push({ chain, head, entries });
    }
  };
  const run = simulated({
    ...order,
    watch: {
      ...order.watch,
      worked: (grant, result) => keep(segments, grant, result),
      shard: (_, after, effects) => noteAppends(after.shard, effects),
      orchestrator: (_, __, effects) => noteAppends('orchestrator', effects),
    },
  });
  // One that was asked for when the engine was lost may never have been carried out.
  const isCarriedOut = ({ chain, entries }: Append): boolean => {
    const [first] = entries;
    const there = run.ledger.get(chain)?.find(({ seq }) => seq === first?.seq);
    return isDeepStrictEqual(there, first);
  };
  const records = recordsOf(run.ledger, segments);
  return { run, records, appends: appends.filter(isCarriedOut), segments };
}

function recordsOf(
  ledger: SimulatedRun['ledger'],
  segments: ReadonlyMap<string, readonly ResultRecord[]>,
): RunRecords {
  return {
    chains: () => Promise.resolve([...ledger.keys()]),
    async *entries(chain) {
      const digest = createHash('sha256');
      for (const entry of ledger.get(chain) ?? []) {
        digest.update(JSON.stringify(entry));
        yield entry;
      }
      return await Promise.resolve(`sha256:${digest.digest('hex')}`);
    },
    results({ name }) {
      const records = segments.get(name);
      return records ? Promise.resolve(records) : Promise.reject(new Error('no node wrote it'));
    },
  };
}

function keep(
  segments: Map<string, ResultRecord[]>,
  grant: LeaseGrant,
  { segment, items }: LeaseResult,
): void {
  if (segment === null) return;
  const records = items.flatMap(({ completed, failed }, i): ResultRecord[] => {
    const { feed, attempt, kind } = grant.items[i]!;
    const about = (ordinal: number) => ({ feed, ordinal, id: `${ordinal}`, kind, attempt });
    return [
      ...[...each(completed)].map((ordinal): ResultRecord => {
        const result = { feed, ordinal };
        return { ...about(ordinal), status: 'completed', result };
      }),
      ...failed.map(([ordinal, code]): ResultRecord => ({
        ...about(ordinal),
        status: 'failed',
        code,
      })),
    ];
  });
  segments.set(segment.name, records);
}
