/** The records of a run in virtual time, for its report: the ledger in memory, and results drawn anew. */
import { createHash } from 'node:crypto';
import type { LedgerEvent } from '../fabric/ledger.ts';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import { each } from '../fabric/ordinals.ts';
import type { SimulatedRun } from '../fabric/simulate/simulate.ts';
import type { ResultRecord, RunRecords } from '../reporting/records.ts';
import type { MissionJobs } from './simulated-jobs.ts';

type Outcome = Extract<LedgerEvent, { type: 'outcome' }>;

/** The port over what was simulated. Results have digests alone, which is all that a report needs. */
export function simulatedRecords(
  { ledger }: SimulatedRun,
  { nodes }: RunSpec,
  jobs: MissionJobs,
): RunRecords {
  const adapters = new Map(nodes.map(({ id, adapter }) => [id, adapter.type]));
  const outcomes = new Map<string, Outcome>();
  for (const entry of [...ledger.values()].flat()) {
    if (entry.type === 'outcome' && entry.segment) outcomes.set(entry.segment.name, entry);
  }
  return {
    chains: () => Promise.resolve([...ledger.keys()]),
    async *entries(chain) {
      const digest = createHash('sha256');
      for (const entry of ledger.get(chain) ?? []) {
        digest.update(`${JSON.stringify(entry)}\n`);
        yield entry;
      }
      return await Promise.resolve(`sha256:${digest.digest('hex')}`);
    },
    results({ name }) {
      const outcome = outcomes.get(name);
      if (!outcome) return Promise.reject(new Error('no outcome points at it'));
      const adapter = adapters.get(outcome.node) ?? 'simulated';
      const records = recordsOf(outcome, (feed, ordinal) =>
        jobs.resultSha256(feed, ordinal, adapter),
      );
      return Promise.resolve([...records]);
    },
  };
}

function* recordsOf(
  { items }: Outcome,
  resultSha256: (feed: string, ordinal: number) => string,
): Generator<ResultRecord> {
  for (const { feed, attempt, completed, failed, retried } of items) {
    const about = (ordinal: number) => ({
      feed,
      ordinal,
      id: `${feed}-${ordinal}`,
      kind: 'simulated',
      attempt,
    });
    for (const ordinal of each(completed)) {
      const digest = resultSha256(feed, ordinal);
      yield { ...about(ordinal), status: 'completed', resultSha256: digest };
    }
    for (const [ordinal, code] of [...failed, ...retried]) {
      yield { ...about(ordinal), status: 'failed', code };
    }
  }
}
