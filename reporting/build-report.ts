/**
 * Builds the report of a run. What jobs came to is read from the ledger and the results alone; the
 * fabric's own counts are only held against it. No clock and no file is touched here: a run of real
 * processes and one in virtual time differ by the records they hand over.
 */
import { faultTarget } from '../fabric/mission/faults.ts';
import type { Governance } from '../fabric/orchestrator/status.ts';
import { claimsEnded, crossCheck } from './cross-check.ts';
import { faultSections } from './fault-facts.ts';
import { gatherResults, type FirstPage } from './first-page.ts';
import { judgeGates } from './gates.ts';
import { limitSections, namePeaks } from './history-limits.ts';
import { readLedgerFacts, type CheckpointEntry, type LedgerFacts } from './ledger-facts.ts';
import { isoTime, quotient, rounded } from './numbers.ts';
import { outcomeDigest } from './outcome-digest.ts';
import { ProblemList } from './problems.ts';
import { readResults } from './read-results.ts';
import type { RunRecords } from './records.ts';
import type { ReportedRun, RunStatus } from './reported-run.ts';
import { resumeToken } from './resume-token.ts';
import { REPORT_SCHEMA, type Report } from './schema.ts';
import { nodeSections, policySection, shardSections } from './shard-section.ts';

/** A report, and what its scenario puts before the numbers. */
export interface BuiltReport {
  readonly report: Report;
  readonly firstPage: FirstPage | null;
}

/**
 * Reads the records once, streaming, and builds the report. Contradictions become problems in it, and
 * a failed gate; it throws only where the list of chains itself can't be had.
 */
export async function buildReport(run: ReportedRun, records: RunRecords): Promise<BuiltReport> {
  const { spec, result } = run;
  const problems = new ProblemList();
  const facts = await readLedgerFacts(records, claimsEnded(result.status), problems);
  const results = gatherResults(spec.presentation);
  await readResults(records, facts.table, problems, results.take);
  crossCheck(run, facts, problems);
  namePeaks(run.history.peaks, problems);
  const firstPage = results.present();
  const faults = await faultSections(run.faults ?? [], records);
  const report = { ...assemble(run, facts, problems), faults };
  return { report: firstPage ? { ...report, triage: firstPage.data } : report, firstPage };
}

function assemble(run: ReportedRun, facts: LedgerFacts, problems: ProblemList): Report {
  const { spec, result, engine } = run;
  const { status } = result;
  const counts = countsOf(status, facts);
  const times = timesOf(status, facts);
  const { jobs, value, cost } = counts;
  const ended = jobs.completed + jobs.failed + jobs.cancelled;
  const shards = shardSections(status);
  const overBudget = Object.values(shards).reduce((sum, at) => sum + at.latencyMs.overBudget, 0);
  const completionRatio =
    jobs.submitted === 0 ? 1 : Math.min(1, quotient(jobs.completed, jobs.submitted));
  const failureRate = quotient(jobs.failed, jobs.completed + jobs.failed);
  const gates = judgeGates(spec.gates, spec.mode, {
    failureRate,
    completionRatio,
    overBudgetRatio: quotient(overBudget, jobs.completed + jobs.failed),
    durationMs: times.durationMs,
    undone: jobs.submitted - jobs.completed - jobs.failed - jobs.refused,
    problems: problems.total,
  });
  const { events, bytes, runs, peaks } = run.history;
  const perJob = { eventsPerJob: quotient(events, ended), bytesPerJob: quotient(bytes, ended) };
  const { kind, address, serverVersion, durability } = engine;
  return {
    schema: REPORT_SCHEMA,
    scenario: spec.scenario,
    title: spec.title,
    runId: spec.runId,
    seed: spec.seed,
    fabric: spec.fabric,
    passed: gates.every((gate) => gate.passed),
    engine: { kind, address, serverVersion, durability },
    jobs,
    completionRatio,
    failureRate,
    value,
    cost,
    shards,
    nodes: nodeSections(status),
    governance: governanceSection(result.governance),
    checkpoints: facts.checkpoints.map((entry) => checkpointSection(spec, entry)),
    ...(facts.forkedFrom === null ? {} : { forkedFrom: forkSection(facts.forkedFrom) }),
    faults: [],
    faultsNotDone: (run.faultsNotDone ?? []).map((fault) => ({
      kind: fault.kind,
      target: faultTarget(fault),
      dueMs: fault.atMs,
      dueOutcomes: fault.atOutcomes,
    })),
    timings: { ...times, jobsPerSecond: quotient(ended * 1_000, times.durationMs) },
    history: { events, bytes, ...perJob, runs, limits: peaks === null ? [] : limitSections(peaks) },
    gates,
    problems: problems.kept.map((problem) => ({ ...problem })),
    problemCounts: problems.counts,
    outcomeDigest: outcomeDigest(facts.table),
    ledger: ledgerSection(spec.folders.ledger, facts),
  };
}

function checkpointSection(
  { fabric, runId }: ReportedRun['spec'],
  { epoch, path, sha256, positions, at }: CheckpointEntry,
): Report['checkpoints'][number] {
  const token = resumeToken({ fabric, runId, checkpoint: { epoch, sha256, positions } });
  return { path, sha256, at: isoTime(at), resumeToken: token };
}

function forkSection({
  epoch,
  sha256,
  ended,
}: NonNullable<LedgerFacts['forkedFrom']>): Report['forkedFrom'] {
  return { checkpoint: epoch, sha256, endedBefore: ended };
}

type Counts = Pick<Report, 'jobs' | 'value' | 'cost'>;

function countsOf({ totals }: RunStatus, { table, costByNode }: LedgerFacts): Counts {
  const sums = table.sums();
  const { open, refused, completed, failed, cancelled } = sums;
  const all = [open, refused, completed, failed, cancelled];
  const byNode = [...costByNode].sort(([a], [b]) => (a < b ? -1 : 1));
  const total = byNode.reduce((sum, [, cost]) => sum + cost, 0);
  return {
    jobs: {
      submitted: totals.submitted,
      accepted: open.jobs + completed.jobs + failed.jobs + cancelled.jobs,
      refused: refused.jobs,
      completed: completed.jobs,
      failed: failed.jobs,
      cancelled: cancelled.jobs,
      queued: totals.queued,
      leased: totals.leased,
      inTransit: totals.inTransit,
    },
    value: {
      submitted: rounded(all.reduce((sum, { value }) => sum + value, 0)),
      completed: rounded(completed.value),
      failed: rounded(failed.value),
      cancelled: rounded(cancelled.value),
      refused: rounded(refused.value),
    },
    cost: {
      total: rounded(total),
      byNode: Object.fromEntries(byNode.map(([node, cost]) => [node, rounded(cost)])),
    },
  };
}

function timesOf(
  { startedAtMs, finishedAtMs }: RunStatus,
  { chains }: LedgerFacts,
): Omit<Report['timings'], 'jobsPerSecond'> {
  const last = [...chains.values()].reduce((most, { lastAtMs }) => Math.max(most, lastAtMs), 0);
  const finishedMs = finishedAtMs ?? Math.max(startedAtMs, last);
  return {
    startedAt: isoTime(startedAtMs),
    finishedAt: isoTime(finishedMs),
    durationMs: Math.max(0, finishedMs - startedAtMs),
  };
}

function ledgerSection(path: string, { chains }: LedgerFacts): Report['ledger'] {
  return {
    path,
    entries: [...chains.values()].reduce((sum, { entries }) => sum + entries, 0),
    heads: Object.fromEntries([...chains].map(([chain, { head }]) => [chain, head])),
  };
}

function governanceSection(governance: Governance): Report['governance'] {
  const { commands, snapshots, commandsDropped } = governance;
  return {
    snapshots: snapshots.map(({ atMs, commandId, tickMs, fabricPaused, shards }) => ({
      at: isoTime(atMs),
      commandId,
      tickMs,
      fabricPaused,
      shards: Object.fromEntries(
        Object.entries(shards).map(([name, { paused, policy }]) => [
          name,
          { paused, policy: policySection(policy) },
        ]),
      ),
    })),
    commands: commands.map((command) => ({
      commandId: command.commandId,
      name: command.name,
      args: command.args,
      by: command.by,
      reason: command.reason,
      via: command.via,
      receivedAt: isoTime(command.receivedAtMs),
      appliedAt: command.appliedAtMs === null ? null : isoTime(command.appliedAtMs),
      outcome: command.outcome,
      refusedBecause: command.refusedBecause,
      effect: command.effect,
    })),
    commandsDropped,
  };
}
