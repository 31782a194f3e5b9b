/**
 * The audit of a run from its files alone. Nothing is taken from the workflows' own state: the chains are
 * replayed entry by entry, in one sequence over all shards, and every invariant of the design that a ledger
 * can show is checked on the way. A run that did nothing does not pass.
 */
import { JobTable, type JobRow } from '../reporting/job-table.ts';
import { outcomeDigest } from '../reporting/outcome-digest.ts';
import { ProblemList } from '../reporting/problems.ts';
import { readResults } from '../reporting/read-results.ts';
import type { RunRecords } from '../reporting/records.ts';
import { TransferCheck } from '../reporting/transfer-check.ts';
import { inCausalOrder, type ChainEnd } from './causal-order.ts';
import { CommandCheck } from './command-check.ts';
import { FenceCheck } from './fence-check.ts';
import { CHECKS, Findings, type CheckName, type Finding } from './findings.ts';
import { JobReplay } from './job-replay.ts';
import { PauseCheck } from './pause-check.ts';
import { PlanCheck } from './plan-check.ts';
import { checkReport } from './report-check.ts';
import { ResultCheck } from './result-check.ts';

export interface AuditOptions {
  /** Records of a run of the same mission, for I6. */
  readonly against?: RunRecords;
  /** The run's report as parsed JSON, where there is one. */
  readonly report?: unknown;
  /**
   * The run is known to have ended: a chain without its last entry is a failure. So it is, unasked, once the
   * orchestrator's chain is closed, which is the last to be.
   */
  readonly mustBeClosed?: boolean;
  /**
   * All that the workflows recorded is there, closed or not, as of a run in virtual time. Else a chain that
   * is not closed may trail its workflow, and what it does not say yet contradicts nothing.
   */
  readonly isWhole?: boolean;
}

export interface AuditedCheck {
  readonly name: CheckName;
  readonly title: string;
  /** How much was looked at, in words. */
  readonly counted: string;
  readonly held: boolean;
  readonly failures: number;
  /** The first of them. */
  readonly shown: readonly Finding[];
}

export interface Audit {
  readonly held: boolean;
  /** True when every chain was closed; else what needs the end of a run was not asked. */
  readonly closed: boolean;
  readonly entries: number;
  readonly outcomeDigest: string;
  readonly checks: readonly AuditedCheck[];
}

/**
 * Audits one run. Reads each chain and each segment once, with one group and one segment in memory, and
 * about 70 bytes a job. Failures are findings; it throws only where the list of chains can't be had.
 */
export async function verifyRun(records: RunRecords, options: AuditOptions = {}): Promise<Audit> {
  const audit = new RunAudit(options.isWhole ?? false);
  await audit.readLedger(records, options.mustBeClosed ?? false);
  await audit.results.read(records, audit.table);
  const digest = outcomeDigest(audit.table);
  const report =
    options.report === undefined
      ? null
      : checkReport(audit.findings, options.report, {
          chains: audit.chains,
          jobs: audit.jobs(),
          outcomeDigest: digest,
        });
  const against = options.against ? await audit.compare(options.against, digest) : null;
  return audit.verdict(digest, report, against);
}

class RunAudit {
  readonly findings = new Findings();
  readonly chains = new Map<string, ChainEnd>();
  readonly table = new JobTable(this.findings);
  readonly results = new ResultCheck(this.findings);
  readonly #closed = new Set<string>();
  readonly #transfers = new TransferCheck(this.findings);
  readonly #replay = new JobReplay(this.findings, (chain) => this.#mayTrail(chain));
  readonly #fences = new FenceCheck(this.findings);
  readonly #pauses = new PauseCheck(this.findings);
  readonly #plans = new PlanCheck(this.findings);
  readonly #commands = new CommandCheck(this.findings);
  readonly #isWhole: boolean;
  #transferEntries = 0;

  constructor(isWhole: boolean) {
    this.#isWhole = isWhole;
  }

  /** Replays all chains, then asks what only the whole of them shows. */
  async readLedger(records: RunRecords, mustBeClosed: boolean): Promise<void> {
    const { findings } = this;
    const seqs = new Map<string, number>();
    const order = inCausalOrder(records, (chain, end) => {
      this.chains.set(chain, end);
      if (end.broken !== null) findings.fail('chains', `${chain}: ${end.broken}`, null);
    });
    for await (const { chain, entry } of order) {
      const { seq } = entry;
      findings.position = { chain, seq };
      const expected = seqs.get(chain) ?? 0;
      if (seq !== expected) findings.fail('chains', `it stands where entry ${expected} should`);
      seqs.set(chain, expected + 1);
      if (entry.type === 'close') this.#closed.add(chain);
      if (entry.type.startsWith('transfer-')) this.#transferEntries += 1;
      this.#replay.apply(chain, entry);
      this.#fences.apply(chain, entry);
      this.#pauses.apply(chain, entry);
      this.#plans.apply(chain, entry);
      this.#commands.apply(chain, entry);
      this.#transfers.apply(chain, entry);
      this.table.apply(entry);
      if (entry.type === 'outcome') this.results.apply(entry, findings.position);
    }
    findings.position = null;
    this.#close(mustBeClosed);
  }

  /** Jobs by what the ledger says became of them. */
  jobs() {
    const { open, refused, completed, failed, cancelled } = this.table.sums();
    const accepted = open.jobs + completed.jobs + failed.jobs + cancelled.jobs;
    return {
      accepted,
      refused: refused.jobs,
      completed: completed.jobs,
      failed: failed.jobs,
      cancelled: cancelled.jobs,
    };
  }

  /** I6: the outcomes of another run of the same mission, from its files. */
  async compare(records: RunRecords, digest: string): Promise<string> {
    const problems = new ProblemList();
    const other = new JobTable(problems);
    const order = inCausalOrder(records, (chain, { broken }) => {
      if (broken !== null) problems.add('ledger-broken', `${chain}: ${broken}`);
    });
    for await (const { entry } of order) other.apply(entry);
    await readResults(records, other, problems);
    for (const { what } of problems.kept) {
      this.findings.fail('I6', `the other run does not hold itself: ${what}`, null);
    }
    const theirs = outcomeDigest(other);
    if (theirs !== digest) {
      this.findings.fail('I6', `${digest} here, ${theirs} there`, null);
      for (const what of differences(this.table, other)) this.findings.fail('I6', what, null);
    }
    return `${digest} here and ${theirs} there`;
  }

  verdict(digest: string, report: string | null, against: string | null): Audit {
    const counted = this.#counted(report, against);
    const checks = (Object.keys(CHECKS) as CheckName[]).flatMap((name): AuditedCheck[] => {
      const words = counted[name];
      if (words === null) return [];
      const failures = this.findings.count(name);
      const shown = this.findings.kept(name);
      return [{ name, title: CHECKS[name], counted: words, held: failures === 0, failures, shown }];
    });
    return {
      held: checks.every(({ held }) => held),
      closed: this.#isClosed(),
      entries: this.#replay.entries,
      outcomeDigest: digest,
      checks,
    };
  }

  #close(mustBeClosed: boolean): void {
    const closed = this.#isClosed();
    if (mustBeClosed || this.#closed.has('orchestrator')) {
      for (const chain of this.chains.keys()) {
        if (this.#closed.has(chain)) continue;
        this.findings.fail('chains', `${chain} is not closed: its last entries are missing`, null);
      }
      for (const shard of this.#commands.shards) {
        if (this.chains.has(shard)) continue;
        this.findings.fail(
          'chains',
          `${shard} has no chain, and the orchestrator's names it`,
          null,
        );
      }
    }
    this.#replay.close();
    // Where a chain trails, what one job came to may stand in another; the replay knows of those.
    if (closed || this.#isWhole) this.table.close(closed);
    this.#transfers.close(closed, (chain) => this.#mayTrail(chain));
    this.#fences.close(this.#closed);
    this.#plans.close(this.#closed);
    this.#commands.close(this.#closed);
    this.#demandWork();
  }

  /** A run that did nothing holds every invariant, and says nothing. */
  #demandWork(): void {
    const { accepted, completed, failed } = this.jobs();
    const fail = (what: string): void => this.findings.fail('work', what, null);
    if (this.#replay.entries === 0) return fail('the ledger is empty: there is nothing to audit');
    if (!this.chains.has('orchestrator')) fail("there is no chain of the orchestrator's");
    if (this.chains.size < 2) fail('there is no chain of a shard');
    if (accepted === 0) return fail('no job was accepted: the run did nothing');
    if (completed + failed === 0) fail('no job was worked on to its end: the run did nothing');
  }

  #mayTrail(chain: string): boolean {
    return !this.#isWhole && !this.#closed.has(chain);
  }

  #isClosed(): boolean {
    return (
      this.chains.size > 0 && [...this.chains.keys()].every((chain) => this.#closed.has(chain))
    );
  }

  #counted(report: string | null, against: string | null): Record<CheckName, string | null> {
    const { accepted, refused, completed, failed, cancelled } = this.jobs();
    const entries = this.#replay.entries;
    const { untold } = this.#replay;
    const behind = untold > 0 ? `, ${n(untold, 'job')} of transfers whose origin trails` : '';
    const leases = n(this.#fences.leases, 'lease');
    return {
      chains: `${n(this.chains.size, 'chain')}, ${n(entries, 'entry')}`,
      work: `${n(accepted, 'job')} accepted, ${n(refused)} refused`,
      I1: `${n(completed)} completed, ${n(failed)} failed, ${n(cancelled)} cancelled of ${n(accepted)}`,
      I2: `${n(entries, 'entry')}${behind}`,
      I3: `${leases}, ${n(this.#transferEntries, 'entry')} about transfers`,
      I4: `${n(this.#plans.plans, 'plan')} made again, ${n(this.#plans.moves, 'move')}`,
      I5: n(this.#pauses.pauses, 'pause'),
      I7: n(this.#commands.commands, 'command'),
      fences: `${leases}, ${n(this.#fences.lateAnswers, 'late answer')} refused`,
      transfers: n(this.#transferEntries, 'entry'),
      results: `${n(this.results.segments, 'segment')}, ${n(this.results.records, 'record')}`,
      report,
      I6: against,
    };
  }
}

/** The first jobs that came out differently. */
const DIFFERENCES_MAX = 5;

function differences(mine: JobTable, other: JobTable): string[] {
  const found: string[] = [];
  const told = (row: JobRow | null): string =>
    row === null
      ? 'unknown'
      : `${row.status} at attempt ${row.attempts}${row.code && ` (${row.code})`} ${row.resultSha256.slice(0, 12)}`;
  for (const [table, against] of [
    [mine, other],
    [other, mine],
  ] as const) {
    for (const row of table.rows()) {
      if (found.length >= DIFFERENCES_MAX) return found;
      const { feed, ordinal } = row;
      const there = against.row(feed, ordinal);
      if (told(row) === told(there) || (table === other && there !== null)) continue;
      const [here, elsewhere] = table === mine ? [row, there] : [there, row];
      found.push(`job ${feed}/${ordinal} is ${told(here)} here, ${told(elsewhere)} there`);
    }
  }
  return found;
}

/** The number, with the word for so many of them where one is given. */
function n(count: number, word?: string): string {
  const number = count.toLocaleString('en-US');
  if (word === undefined) return number;
  return `${number} ${count === 1 ? word : word.endsWith('y') ? `${word.slice(0, -1)}ies` : `${word}s`}`;
}
