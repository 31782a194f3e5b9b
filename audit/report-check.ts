/**
 * The report of a run, held against its ledger: the counts, the heads of the chains, the digest. A report
 * that was written before the ledger's last entry tells an earlier state and is held to nothing but that.
 */
import { reportSchema, type Report } from '../reporting/schema.ts';
import type { ChainEnd } from './causal-order.ts';
import type { Findings } from './findings.ts';

/** What the audit made of the run itself. */
export interface AuditedRun {
  readonly chains: ReadonlyMap<string, ChainEnd>;
  readonly jobs: Readonly<
    Record<'accepted' | 'refused' | 'completed' | 'failed' | 'cancelled', number>
  >;
  readonly outcomeDigest: string;
}

/** What the report came to, in words for the line of this check. */
export function checkReport(
  findings: Findings,
  given: unknown,
  { chains, jobs, outcomeDigest }: AuditedRun,
): string {
  const parsed = reportSchema.safeParse(given);
  if (!parsed.success) {
    findings.fail('report', 'the report is not one of this version', null);
    return 'not readable';
  }
  const report: Report = parsed.data;
  const isEarlier = [...chains].some(([chain, { head }]) => report.ledger.heads[chain] !== head);
  if (isEarlier) {
    const entries = [...chains.values()].reduce((sum, end) => sum + end.entries, 0);
    if (report.ledger.entries < entries)
      return 'it was written before the last entries of the ledger';
    findings.fail('report', 'the report names other heads of the chains than the ledger has', null);
  }
  let compared = 0;
  const same = (what: string, said: unknown, found: unknown): void => {
    compared += 1;
    if (said === found) return;
    findings.fail(
      'report',
      `${what}: the report says ${String(said)}, the ledger ${String(found)}`,
      null,
    );
  };
  for (const key of ['accepted', 'refused', 'completed', 'failed', 'cancelled'] as const) {
    same(key, report.jobs[key], jobs[key]);
  }
  same('outcome digest', report.outcomeDigest, outcomeDigest);
  return `${compared} numbers and ${chains.size} heads`;
}
