/**
 * What became of the faults that a mission did to its own fabric: how long until work went on, and how
 * many jobs may have run again. Both are read from the ledger, which knows nothing of faults: it names
 * leases that were lost, what was left of those of which a lost node's last beat had told, and when
 * outcomes came.
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
 * have cost it. Reads the ledger three times where there are faults, and not at all where there are none.
 */
export async function faultSections(
  faults: readonly InjectedFault[],
  records: RunRecords,
): Promise<FaultSection[]> {
  const all = [...faults]
    .sort((a, b) => a.atMs - b.atMs)
    .map((fault): FaultFacts => ({ fault, lost: [], recoveredAtMs: null }));
  if (all.length === 0) return [];
  const gone = new Set<string>();
  await readAll(records, (entry) => takeGone(gone, entry));
  await readAll(records, (entry) => takeLoss(all, gone, entry));
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

/** Instants at which a node was given up, or found to be another process: then its leases end. */
function takeGone(gone: Set<string>, entry: LedgerEntry): void {
  if (entry.type !== 'node') return;
  if (entry.change === 'lost' || entry.change === 'registered') gone.add(instantOf(entry));
}

function instantOf({ node, at }: { readonly node: string; readonly at: number }): string {
  return `${node} ${at}`;
}

function takeLoss(all: readonly FaultFacts[], gone: ReadonlySet<string>, entry: LedgerEntry): void {
  if (entry.type !== 'requeue' && entry.type !== 'outcome') return;
  const jobs = entry.type === 'requeue' ? requeued(entry) : leftOver(entry, gone);
  if (jobs.length === 0) return;
  const cause = all.findLast(
    ({ fault: { atMs, nodes } }) =>
      atMs <= entry.at && (nodes.length === 0 || nodes.includes(entry.node)),
  );
  cause?.lost.push(...jobs);
}

function requeued({ why, jobs }: Extract<LedgerEntry, { type: 'requeue' }>): readonly JobRef[] {
  return why === NOT_BEGUN ? [] : jobs;
}

/** Of a lease that ended by what its node was last known to have done: the rest, which may have been begun. */
function leftOver(
  entry: Extract<LedgerEntry, { type: 'outcome' }>,
  gone: ReadonlySet<string>,
): readonly JobRef[] {
  if (!gone.has(instantOf(entry))) return [];
  return entry.items.flatMap(({ feed, origin, attempt, back }) =>
    isEmpty(back) ? [] : [{ feed, origin, attempt, ordinals: back }],
  );
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
