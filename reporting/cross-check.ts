/**
 * The fabric's own counts, held against what its ledger adds up to. They come from different places (the
 * state of the workflows, and the files), so a job that was lost or counted twice shows here.
 */
import type { ChainFacts, LedgerFacts } from './ledger-facts.ts';
import type { ProblemList } from './problems.ts';
import type { ReportedRun, RunStatus } from './reported-run.ts';

/** Sums of money and value are added in another order, so they may differ in the last digits. */
const TOLERANCE = 1e-6;

/** True when the fabric says that nothing is open: every job, lease and transfer must then be settled. */
export function claimsEnded({ totals }: RunStatus): boolean {
  return totals.queued === 0 && totals.leased === 0 && totals.inTransit === 0;
}

/**
 * True when every shard says besides that its feeds are read to their end. Before that, jobs that are
 * submitted may not have arrived: a feed with arrivals of its own has empty queues between two of them,
 * and a fabric that is closed then was never handed the rest.
 */
function claimsComplete(status: RunStatus, shards: number): boolean {
  const reports = Object.values(status.shards);
  return claimsEnded(status) && reports.length >= shards && reports.every(({ idle }) => idle);
}

/** Adds a problem for every count that differs. */
export function crossCheck(
  { spec, result }: Pick<ReportedRun, 'spec' | 'result'>,
  facts: LedgerFacts,
  problems: ProblemList,
): void {
  const { status, governance } = result;
  const check = (where: string, what: string, fabric: number, ledger: number): void => {
    if (Math.abs(fabric - ledger) <= TOLERANCE * Math.max(1, Math.abs(fabric))) return;
    const said = `the fabric says ${fabric}, its ledger adds up to ${ledger}`;
    problems.add('count-mismatch', `${where}: ${what}: ${said}`);
  };
  checkTotals(status, facts, check);
  if (claimsComplete(status, spec.shards.length)) {
    const { accepted, refused } = ledgerTotals(facts);
    check('fabric', 'submitted', status.totals.submitted, accepted + refused);
  }
  for (const shard of Object.keys(status.shards)) {
    checkShard(status, facts, shard, check, problems);
  }
  for (const { commandId, name, outcome } of governance.commands) {
    // One that was only received had no outcome to record when the run closed.
    if (outcome === 'received' || facts.commandIds.has(commandId)) continue;
    problems.add('command-unrecorded', `${name} (${commandId}) stands nowhere in the ledger`);
  }
  for (const { shard, problem } of Object.values(status.shards)) {
    if (problem !== null) problems.add('shard-stopped', `${shard}: ${problem}`);
  }
}

type Check = (where: string, what: string, fabric: number, ledger: number) => void;

function checkTotals({ totals }: RunStatus, facts: LedgerFacts, check: Check): void {
  const ledger = ledgerTotals(facts);
  check('fabric', 'accepted', totals.accepted, ledger.accepted);
  check('fabric', 'refused', totals.refused, ledger.refused);
  check('fabric', 'completed', totals.completed, ledger.completed);
  check('fabric', 'failed', totals.failed, ledger.failed);
  check('fabric', 'cancelled', totals.cancelled, ledger.cancelled);
}

function ledgerTotals({ table }: LedgerFacts) {
  const { open, refused, completed, failed, cancelled } = table.sums();
  return {
    accepted: open.jobs + completed.jobs + failed.jobs + cancelled.jobs,
    refused: refused.jobs,
    completed: completed.jobs,
    failed: failed.jobs,
    cancelled: cancelled.jobs,
  };
}

/**
 * A closed shard has said how its chain ends: groups that are missing there can't be seen from the chain
 * itself. In virtual time chains have no digests.
 */
function checkTail(
  { shard, closed, ledger }: RunStatus['shards'][string],
  { entries = 0, head = '' }: Partial<ChainFacts>,
  problems: ProblemList,
): void {
  if (!closed || !ledger.head.startsWith('sha256:') || ledger.head === head) return;
  const said = `${ledger.entries} entries up to ${ledger.head}`;
  const what = `${shard}: the shard wrote ${said}; on disk are ${entries} up to "${head}"`;
  problems.add('ledger-broken', what);
}

function checkShard(
  status: RunStatus,
  facts: LedgerFacts,
  shard: string,
  check: Check,
  problems: ProblemList,
): void {
  const { tally, spillovers, nodes } = status.shards[shard]!;
  const chain: Partial<ChainFacts> = facts.chains.get(shard) ?? {};
  checkTail(status.shards[shard]!, chain, problems);
  check(shard, 'completed', tally.completed, chain.completed ?? 0);
  check(shard, 'failed', tally.failed, chain.failed ?? 0);
  check(shard, 'retried', tally.retried, chain.retried ?? 0);
  check(shard, 'leases', tally.leasesGranted, chain.leases ?? 0);
  const moved = facts.spillovers.get(shard) ?? new Map<string, number>();
  for (const to of new Set([...Object.keys(spillovers), ...moved.keys()])) {
    check(shard, `jobs handed to ${to}`, spillovers[to] ?? 0, moved.get(to) ?? 0);
  }
  for (const node of nodes) {
    const attempts = facts.attemptsByNode.get(node.id) ?? { completed: 0, failed: 0 };
    check(node.id, 'completed', node.completed, attempts.completed);
    check(node.id, 'cost', node.cost, facts.costByNode.get(node.id) ?? 0);
  }
}
