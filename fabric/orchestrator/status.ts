/** The fabric as a whole, from the newest reports of its shards. */
import { ledgerProblem } from '../ledger.ts';
import type { LoadReport } from '../messages.ts';
import { clockText, explain } from '../reasons.ts';
import type { CommandRecord, GovernanceSnapshot, OrchestratorState } from './state.ts';

export interface FabricTotals {
  readonly submitted: number;
  readonly accepted: number;
  readonly refused: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly queued: number;
  readonly leased: number;
  readonly inTransit: number;
}

/** The answer of `fabricStatus`. `shards` holds the newest load report of each. */
export interface FabricStatus {
  readonly fabric: string;
  readonly runId: string;
  readonly scenario: string;
  readonly mode: 'mission' | 'service';
  /** `finished`: every accepted job has ended; `closed`: the workflows are about to end too. */
  readonly state: 'opening' | 'running' | 'paused' | 'finished' | 'closing' | 'closed';
  readonly startedAtMs: number;
  readonly finishedAtMs: number | null;
  readonly tickMs: number;
  readonly totals: FabricTotals;
  readonly shards: Readonly<Record<string, LoadReport>>;
  /** `[ms since start, queue depth]`, at most 240 points a shard. */
  readonly series: Readonly<Record<string, readonly (readonly [number, number])[]>>;
  readonly plans: number;
  /** What keeps the orchestrator from its work, in words; shards tell their own. */
  readonly problem?: string | null;
  /** The last decisions in words, newest last. */
  readonly decisions: readonly { readonly atMs: number; readonly text: string }[];
}

/** The answer of `governance`. */
export interface Governance {
  readonly commands: readonly CommandRecord[];
  readonly snapshots: readonly GovernanceSnapshot[];
  /** Older commands that only the ledger still holds. */
  readonly commandsDropped: number;
}

export function fabricStatus(state: OrchestratorState): FabricStatus {
  const { fabric, runId, scenario, mode, startedAtMs, finishedAtMs, tickMs, series, plans } = state;
  return {
    fabric,
    runId,
    scenario,
    mode,
    state: phase(state),
    startedAtMs,
    finishedAtMs,
    tickMs,
    totals: totals(state),
    shards: state.reports,
    series,
    plans,
    problem: ledgerProblem(state.ledger),
    decisions: state.decisions.map(({ at, reason }) => ({ atMs: at, text: explain(reason) })),
  };
}

export function governance({
  commands,
  snapshots,
  commandsDropped,
}: OrchestratorState): Governance {
  return { commands, snapshots, commandsDropped };
}

/** Jobs that have ended, over all shards. */
export function outcomes(state: OrchestratorState): number {
  const { completed, failed, cancelled } = totals(state);
  return completed + failed + cancelled;
}

/** Every shard has reported, is idle, and every accepted job has ended. */
export function allEnded(state: OrchestratorState): boolean {
  const all = state.shards.every((shard) => {
    const report = state.reports[shard];
    return report?.idle === true && report.seq > (state.reportsAwaited[shard] ?? 0);
  });
  if (!all) return false;
  const { accepted, completed, failed, cancelled } = totals(state);
  return accepted === completed + failed + cancelled;
}

/** What the fabric is doing, in a word. */
export function phase(state: OrchestratorState): FabricStatus['state'] {
  if (state.closed) return 'closed';
  if (state.closingAtMs !== null) return 'closing';
  if (state.finishedAtMs !== null) return 'finished';
  if (state.shards.some((shard) => !state.reports[shard])) return 'opening';
  return state.fabricPaused ? 'paused' : 'running';
}

function totals(state: OrchestratorState): FabricTotals {
  const sum = (value: (report: LoadReport) => number): number =>
    Object.values(state.reports).reduce((all, report) => all + value(report), 0);
  const submitted = state.shards.reduce(
    (all, shard) => all + (state.reports[shard]?.submitted ?? state.feedJobs[shard] ?? 0),
    0,
  );
  return {
    submitted,
    accepted: sum(({ tally }) => tally.accepted),
    refused: sum(({ tally }) => tally.refused),
    completed: sum(({ tally }) => tally.completed),
    failed: sum(({ tally }) => tally.failed),
    cancelled: sum(({ tally }) => tally.cancelled),
    queued: sum(({ queued }) => queued),
    leased: sum(({ leased }) => leased),
    inTransit: sum(({ inTransit }) => inTransit),
  };
}

/** The fabric in a few lines of words, for the Web UI. */
export function describeFabric(state: OrchestratorState): string {
  const status = fabricStatus(state);
  const { completed, failed, queued, leased, inTransit, submitted } = status.totals;
  const shards = state.shards.map((shard) => {
    const report = state.reports[shard];
    if (!report) return `- **${shard}** has not reported yet`;
    const { tally, policy } = report;
    const doing = report.closed ? 'closed' : report.paused ? 'paused' : 'running';
    return `- **${shard}** ${doing}: ${report.queued} waiting (limit ${policy.spilloverLimit}), ${report.leased} leased, ${tally.completed} completed, ${tally.failed} failed, ${tally.spilledOut} spilled out, ${tally.spilledIn} in${report.problem === null ? '' : `. ${report.problem}`}`;
  });
  const commands = state.commands
    .slice(-5)
    .toReversed()
    .map((each) => `- ${each.name} by ${each.by}: ${each.outcome}. ${each.effect}`);
  const decisions = distinct(status.decisions).map(
    ({ atMs, text, times }) =>
      `- ${clockText(atMs)} ${text}${times > 1 ? ` (${times} times)` : ''}`,
  );
  return [
    `### ${state.fabric}: ${status.state}`,
    ...((status.problem ?? null) === null ? [] : [`**Problem** ${status.problem}`]),
    `**Jobs** ${completed} completed and ${failed} failed of ${submitted}; ${queued} waiting, ${leased} leased, ${inTransit} in transit`,
    `**Spillover** orders given: ${state.plans}; looked at every ${state.tickMs} ms`,
    `#### Shards\n${shards.join('\n')}`,
    `#### Last owner commands, newest first\n${commands.join('\n') || 'none yet'}`,
    `#### Last decisions, newest first\n${decisions.join('\n') || 'none yet'}`,
  ].join('\n\n');
}

/** Each sentence once, at its newest time, newest first: a planner that waits says the same every tick. */
function distinct(
  decisions: FabricStatus['decisions'],
): { atMs: number; text: string; times: number }[] {
  const found = new Map<string, { atMs: number; text: string; times: number }>();
  for (const { atMs, text } of decisions.toReversed()) {
    const newer = found.get(text);
    if (newer) newer.times += 1;
    else found.set(text, { atMs, text, times: 1 });
  }
  return [...found.values()];
}
