/**
 * What became of the faults that a mission did to its own fabric: how long until work went on, and how
 * many jobs may have run again. Both are read from the ledger, which knows nothing of faults: it names
 * leases that were lost, and when outcomes came.
 */
import type { JobRef, LedgerEntry } from '../fabric/ledger.ts';
import { intersect, isEmpty, size } from '../fabric/ordinals.ts';
import { isoTime } from './numbers.ts';
import type { RunRecords } from './records.ts';
import type { InjectedFault } from './reported-run.ts';
import type { Report } from './schema.ts';

type FaultSection = Report['faults'][number];

/** Why a lease came back of which no job was begun, as the shard writes it. */
const NOT_BEGUN = 'it had not started';

interface FaultFacts {
  readonly fault: InjectedFault;
  /** Jobs of leases that were lost with it. */
  readonly lost: JobRef[];
  recoveredAtMs: number | null;
}

/**
 * One section a fault, in the order of time. A lost lease belongs to the latest fault before it that may
 * have cost it. Reads the ledger twice where there are faults, and not at all where there are none.
 */
export async function faultSections(
  faults: readonly InjectedFault[],
  records: RunRecords,
): Promise<FaultSection[]> {
  const all = [...faults]
    .sort((a, b) => a.atMs - b.atMs)
    .map((fault): FaultFacts => ({ fault, lost: [], recoveredAtMs: null }));
  if (all.length === 0) return [];
  await readAll(records, (entry) => takeLoss(all, entry));
  await readAll(records, (entry) => takeAnswer(all, entry));
  return all.map(({ fault, lost, recoveredAtMs }) => ({
    kind: fault.kind,
    target: fault.target,
    at: isoTime(fault.atMs),
    backAfterMs: fault.backAtMs === undefined ? null : fault.backAtMs - fault.atMs,
    recoveredAfterMs: recoveredAtMs === null ? null : recoveredAtMs - fault.atMs,
    reexecutedJobs: lost.reduce((sum, { ordinals }) => sum + size(ordinals), 0),
  }));
}

function takeLoss(all: readonly FaultFacts[], entry: LedgerEntry): void {
  if (entry.type !== 'requeue' || entry.why === NOT_BEGUN) return;
  const cause = all.findLast(
    ({ fault: { atMs, nodes } }) =>
      atMs <= entry.at && (nodes.length === 0 || nodes.includes(entry.node)),
  );
  cause?.lost.push(...entry.jobs);
}

/** Where jobs were lost, work goes on with the first outcome of one of them; else with any outcome. */
function takeAnswer(all: readonly FaultFacts[], entry: LedgerEntry): void {
  if (entry.type !== 'outcome') return;
  for (const facts of all) {
    const { fault, lost, recoveredAtMs } = facts;
    if (entry.at <= fault.atMs || (recoveredAtMs ?? Infinity) <= entry.at) continue;
    const awaited = fault.nodes.length === 0 ? [] : lost;
    if (entry.items.some((item) => answers(item, awaited))) facts.recoveredAtMs = entry.at;
  }
}

type Item = Extract<LedgerEntry, { type: 'outcome' }>['items'][number];

function answers({ feed, completed, failed, retried }: Item, awaited: readonly JobRef[]): boolean {
  const ended = [...failed, ...retried].map(([ordinal]) => ordinal);
  if (awaited.length === 0) return ended.length > 0 || !isEmpty(completed);
  return awaited.some(
    (lost) =>
      lost.feed === feed &&
      (!isEmpty(intersect(lost.ordinals, completed)) ||
        ended.some((ordinal) => !isEmpty(intersect(lost.ordinals, [ordinal, ordinal + 1])))),
  );
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
