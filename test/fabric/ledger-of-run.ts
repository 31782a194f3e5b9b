/** A simulated run as its ledger tells it: the checks of the report over chains that are in memory. */
import { createHash } from 'node:crypto';
import { each } from '../../fabric/ordinals.ts';
import type { SimulatedRun } from '../../fabric/simulate/simulate.ts';
import { JobTable } from '../../reporting/job-table.ts';
import { LeaseCheck } from '../../reporting/lease-check.ts';
import { ProblemList } from '../../reporting/problems.ts';
import { TransferCheck } from '../../reporting/transfer-check.ts';

/** Every contradiction between the chains, and between them and the fabric's own counts. */
export function problemsOf(run: SimulatedRun): string[] {
  const problems = new ProblemList();
  const table = new JobTable(problems);
  const transfers = new TransferCheck(problems);
  const unrecorded = new Set(run.governance.commands.map((command) => command.commandId));
  for (const [chain, entries] of run.ledger) {
    const leases = new LeaseCheck(chain, problems);
    for (const entry of entries) {
      table.apply(entry);
      transfers.apply(chain, entry);
      leases.apply(entry);
      if (entry.type === 'command') unrecorded.delete(entry.commandId);
      // What had been recorded of it was lost.
      if (entry.type === 'forked') for (const id of entry.commandIds) unrecorded.delete(id);
    }
    leases.close(true);
  }
  table.close(true);
  transfers.close(true);
  const { completed, failed, refused } = table.sums();
  const { totals } = run.status;
  const counts = [
    ['completed', completed.jobs, totals.completed],
    ['failed', failed.jobs, totals.failed],
    ['refused', refused.jobs, totals.refused],
    ['ended', completed.jobs + failed.jobs + refused.jobs, totals.submitted],
  ] as const;
  return [
    ...problems.kept.map(({ what }) => what),
    ...counts
      .filter(([, ledger, fabric]) => ledger !== fabric)
      .map(([what, ledger, fabric]) => `${what}: ${ledger} in the ledger, ${fabric} in the fabric`),
    ...[...unrecorded].map((id) => `command ${id} stands nowhere in the ledger`),
  ];
}

/** What became of every job of a feed, by identity: never where, when or by whom. */
export function outcomesOf(run: SimulatedRun): Record<string, string> {
  const outcomes: Record<string, string> = {};
  for (const entries of run.ledger.values()) {
    for (const entry of entries) {
      if (entry.type === 'refuse') {
        for (const ordinal of each(entry.ordinals))
          outcomes[`${entry.feed}/${ordinal}`] = 'refused';
      }
      if (entry.type !== 'outcome') continue;
      for (const { feed, attempt, completed, failed } of entry.items) {
        for (const ordinal of each(completed)) outcomes[`${feed}/${ordinal}`] = `done ${attempt}`;
        for (const [ordinal, code] of failed) outcomes[`${feed}/${ordinal}`] = `${code} ${attempt}`;
      }
    }
  }
  return Object.fromEntries(Object.entries(outcomes).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Digest of every decision that left a trace in the ledger, and of where it all ended. */
export function traceOf(run: SimulatedRun): string {
  const text = JSON.stringify([[...run.ledger], run.status, run.decisions, run.virtualMs]);
  return createHash('sha256').update(text).digest('hex');
}
