/**
 * What became of the faults that a mission did to its own fabric: how long until work went on, and how
 * many jobs may have run again, read from the ledger. When work went on is the instant at which whoever did
 * the fault saw the outcome on disk; where nobody saw it, the time in the entry stands for it, which is when
 * the task began that took the outcome.
 */
import type { LedgerEntry } from '../fabric/ledger.ts';
import { isoTime } from './numbers.ts';
import type { RunRecords } from './records.ts';
import { Recovery, takeLoss } from './recovery.ts';
import type { InjectedFault } from './reported-run.ts';
import type { Report } from './schema.ts';

type FaultSection = Report['faults'][number];

/**
 * One section a fault, in the order of time. Reads the ledger twice where there are faults, and not at all
 * where there are none.
 */
export async function faultSections(
  faults: readonly InjectedFault[],
  records: RunRecords,
): Promise<FaultSection[]> {
  const all = [...faults].sort((a, b) => a.atMs - b.atMs).map((fault) => new Recovery(fault));
  if (all.length === 0) return [];
  await readAll(records, (entry) => takeLoss(all, entry));
  const answeredMs = new Map<Recovery, number>();
  await readAll(records, (entry) => {
    for (const each of all) {
      const earliest = answeredMs.get(each) ?? Infinity;
      if (entry.at < earliest && each.isAnsweredBy(entry)) answeredMs.set(each, entry.at);
    }
  });
  return all.map((each) => {
    const { kind, target, atMs, backAtMs, answeredAtMs = answeredMs.get(each) } = each.fault;
    const after = (ms: number | undefined): number | null => (ms === undefined ? null : ms - atMs);
    return {
      kind,
      target,
      at: isoTime(atMs),
      backAfterMs: after(backAtMs),
      recoveredAfterMs: after(answeredAtMs),
      reexecutedJobs: each.reexecutedJobs,
    };
  });
}

/** A chain that can't be read is told of elsewhere; what could be read of it counts. */
async function readAll(records: RunRecords, take: (entry: LedgerEntry) => void): Promise<void> {
  for (const chain of await records.chains()) {
    try {
      for await (const entry of records.entries(chain)) take(entry);
    } catch {
      continue;
    }
  }
}
