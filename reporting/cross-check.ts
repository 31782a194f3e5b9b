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

/** Adds a problem for every count that differs. */
export function crossCheck(
  { result }: Pick<ReportedRun, 'result'>,
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
  for (const shard of Object.keys(status.shards)) checkShard(status, facts, shard, check);
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

function checkTotals(status: RunStatus, { table }: LedgerFacts, check: Check): void {
  const { totals } = status;
  const sums = table.sums();
  const { open, completed, failed, cancelled } = sums;
  const accepted = open.jobs + completed.jobs + failed.jobs + cancelled.jobs;
  check('fabric', 'accepted', totals.accepted, accepted);
  check('fabric', 'refused', totals.refused, sums.refused.jobs);
  check('fabric', 'completed', totals.completed, completed.jobs);
  check('fabric', 'failed', totals.failed, failed.jobs);
  check('fabric', 'cancelled', totals.cancelled, cancelled.jobs);
  if (claimsEnded(status)) {
    check('fabric', 'submitted', totals.submitted, accepted + sums.refused.jobs);
  }
}

function checkShard(status: RunStatus, facts: LedgerFacts, shard: string, check: Check): void {
  const { tally, spillovers, nodes } = status.shards[shard]!;
  const chain: Partial<ChainFacts> = facts.chains.get(shard) ?? {};
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
