/**
 * What a shard tells the orchestrator, and when: on a change at most once a tick, at once when the queue
 * crosses the spillover limit (before anything is leased, so that the planner sees the whole of it), when
 * the shard becomes idle or busy (where it does so for every job, a few times a second), after a command, and
 * when it has closed.
 */
import { percentile } from '../histogram.ts';
import { ledgerProblem } from '../ledger.ts';
import type { LoadReport, NodeReport } from '../messages.ts';
import { size } from '../ordinals.ts';
import { clockText, counted, explain } from '../reasons.ts';
import { mayDispatch, send, type Draft } from './draft.ts';
import { jobsPerSecond } from './dispatch.ts';
import { unpulledJobs } from './feeds.ts';
import { queuedJobs } from './queue.ts';
import { lifeOf, takesLeases } from './node-service.ts';
import { canDo } from './skills.ts';
import type { NodeState, ShardState } from './state.ts';
import { resultsProblem } from './unwritten.ts';

/** Skill sets that a report names: stranded jobs beyond them wait for the next report. */
const SKILL_SETS_MAX = 64;
/**
 * A shard that becomes busy or idle says so at once, but not more often than this: jobs that come one by one
 * would each cost two reports, and the orchestrator's time is what limits how many of them there may be.
 */
const TURN_MS = 200;

/** Jobs that have arrived and are not leased, the unpulled part of feeds included. */
export function queueDepth(state: ShardState, nowMs: number): number {
  return queuedJobs(state) + unpulledJobs(state, nowMs);
}

/** All work has ended, and the ledger holds how: whoever is told can rely on it whatever is lost. */
export function isIdle(state: ShardState): boolean {
  return isWorkDone(state) && state.ledger.backlog.length === 0;
}

/** Everything accepted has ended, every feed is read to its end, nothing is on its way out. */
export function isWorkDone(state: ShardState): boolean {
  return (
    state.queue.length === 0 &&
    state.leases.length === 0 &&
    state.outbox.length === 0 &&
    state.feeds.every((feed) => feed.failure !== null || feed.cursor >= feed.spec.total)
  );
}

/** Closed, and all of its ledger is on disk. */
export function isEnded(state: ShardState): boolean {
  return state.closed && state.ledger.backlog.length === 0;
}

/** Reports at once when the queue has crossed the limit since the last report. */
export function reportCrossing(draft: Draft): void {
  const { state, nowMs } = draft;
  const depth = queueDepth(state, nowMs);
  if (depth > state.queuedMax) state.queuedMax = depth;
  const over = depth > state.policy.spilloverLimit;
  if (over !== state.report.over) sendReport(draft, over);
}

/** Reports when it is time to. */
export function reportIfDue(draft: Draft): void {
  const { state, nowMs } = draft;
  const { report } = state;
  const turnAt = turnAtMs(state);
  const turned = (turnAt !== null && nowMs >= turnAt) || isEnded(state);
  const changed = report.due || queueDepth(state, nowMs) !== report.depth;
  const elapsed = nowMs >= report.sentAtMs + state.fabricPolicy.tickMs;
  if (turned || (changed && elapsed)) sendReport(draft, report.over);
}

/** When the shard is to say that it has become idle or busy; null where the last report said so. */
export function turnAtMs(state: ShardState): number | null {
  const { idle, turnedAtMs } = state.report;
  if (isIdle(state) === idle) return null;
  return turnedAtMs === undefined ? 0 : turnedAtMs + TURN_MS;
}

function sendReport(draft: Draft, over: boolean): void {
  const { state, nowMs } = draft;
  const seq = state.report.seq + 1;
  const body = loadReport(state, nowMs, seq);
  const { queued: depth, idle } = body;
  const turned = idle === state.report.idle ? {} : { turnedAtMs: nowMs };
  state.report = {
    ...state.report,
    seq,
    sentAtMs: nowMs,
    due: false,
    depth,
    over,
    idle,
    ...turned,
  };
  send(draft, null, { kind: 'load', body });
}

/** The shard's load as it stands, under the given number. */
export function loadReport(state: ShardState, nowMs: number, seq: number): LoadReport {
  const feedJobs = state.feeds.reduce((sum, feed) => sum + feed.spec.total, 0);
  const ready = state.nodes.filter((node) => takesLeases(node, nowMs));
  return {
    shard: state.shard,
    seq,
    atMs: nowMs,
    queued: queueDepth(state, nowMs),
    queuedMax: state.queuedMax,
    leased: state.leases.reduce((sum, lease) => sum + lease.jobs, 0),
    inTransit: state.outbox.reduce((sum, entry) => sum + entry.jobs, 0),
    submitted: feedJobs + state.inline.submitted,
    tally: state.tally,
    spillovers: state.spillovers,
    nodes: state.nodes.map((node) => nodeReport(state, node, nowMs)),
    jobsPerSecond: jobsPerSecond(state, nowMs),
    paused: !(state.switches.fabric && state.switches.shard),
    policy: state.policy,
    planSeen: state.planSeen,
    outgoing: outgoing(state),
    shedding: state.orders.reduce((sum, order) => sum + order.jobs, 0),
    demand: demand(state, nowMs),
    unpulled: unpulledJobs(state, nowMs),
    skillSets: distinct(ready.map((node) => node.spec.skills)),
    latencyMs: {
      p50: percentile(state.latency, 0.5),
      p95: percentile(state.latency, 0.95),
      p99: percentile(state.latency, 0.99),
      overBudget: state.overBudget,
    },
    idle: isIdle(state),
    closed: isEnded(state),
    ledger: { entries: state.ledger.nextSeq, head: state.ledger.head },
    problem: problemOf(state),
    direct: state.direct,
  };
}

/** What keeps the shard from its work, in words; null where nothing does. */
function problemOf(state: ShardState): string | null {
  const failed = state.feeds.find((feed) => feed.failure !== null);
  const feed = failed ? `feed ${failed.spec.id}: ${failed.failure}` : null;
  const found = [ledgerProblem(state.ledger), resultsProblem(state), feed];
  return found.filter((each) => each !== null).join(' ') || null;
}

function nodeReport(state: ShardState, node: NodeState, nowMs: number): NodeReport {
  const { spec, incarnation, completed, failed, leasesLost, cost } = node;
  const leases = state.leases.filter((lease) => lease.node === spec.id).length;
  const counts = { completed, failed, leasesLost, cost };
  return {
    ...counts,
    id: spec.id,
    shard: state.shard,
    state: lifeOf(node, nowMs),
    incarnation,
    slots: spec.slots,
    leases,
    serviceMs: node.serviceMs,
    health: node.health,
    lastHeartbeatAtMs: node.lastSeenAtMs,
    spec,
  };
}

function outgoing(state: ShardState): LoadReport['outgoing'] {
  const jobs: Record<string, number> = {};
  for (const { transfer, jobs: moved } of state.outbox) {
    jobs[transfer.to] = (jobs[transfer.to] ?? 0) + moved;
  }
  for (const order of state.orders) jobs[order.to] = (jobs[order.to] ?? 0) + order.jobs;
  return jobs;
}

/** What could be moved, by skills. Sets beyond the cap wait for a later report. */
function demand(state: ShardState, nowMs: number): LoadReport['demand'] {
  const ready = state.nodes.filter((node) => takesLeases(node, nowMs));
  const found = new Map<string, LoadReport['demand'][number]>();
  for (const { skills, ordinals, hops } of state.queue) {
    if (hops >= state.fabricPolicy.hopsMax) continue;
    const key = skills.join('\n');
    const known = found.get(key);
    if (!known && found.size >= SKILL_SETS_MAX) continue;
    const stranded = known?.stranded ?? !ready.some((node) => canDo(node.spec.skills, skills));
    found.set(key, { skills, jobs: (known?.jobs ?? 0) + size(ordinals), stranded });
  }
  return [...found.values()];
}

function distinct(sets: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const byKey = new Map(sets.map((skills) => [skills.join('\n'), skills]));
  return [...byKey.values()].slice(0, SKILL_SETS_MAX);
}

/** What the shard is doing, in a word. */
export function phase(state: ShardState): 'running' | 'paused' | 'closing' | 'closed' {
  if (state.closed) return 'closed';
  if (state.closingAtMs !== null) return 'closing';
  return mayDispatch(state) ? 'running' : 'paused';
}

/** The shard in a few lines of words, for the Web UI. */
export function describeShard(state: ShardState, nowMs: number): string {
  const report = loadReport(state, nowMs, state.report.seq);
  const { tally, policy } = report;
  const spilled = Object.entries(report.spillovers).map(([to, jobs]) => `${jobs} to ${to}`);
  const nodes = report.nodes.map(
    (node) =>
      `- **${node.id}** ${node.state}: ${counted(node.leases, 'lease')}, ${node.completed} done, ${counted(node.failed, 'failed attempt')}`,
  );
  const decisions = state.decisions
    .toReversed()
    .map(({ at, reason }) => `- ${clockText(at)} ${explain(reason)}`);
  return [
    `### ${state.shard}: ${phase(state)}`,
    ...(report.problem === null ? [] : [`**Problem** ${report.problem}`]),
    `**Queue** ${report.queued} waiting (limit ${policy.spilloverLimit}), ${report.leased} leased, ${report.inTransit} in transit; most ever ${report.queuedMax}`,
    `**Done** ${tally.completed} completed, ${tally.failed} failed, ${tally.retried} retried, ${tally.refused} refused of ${tally.accepted} accepted`,
    `**Spillover** ${spilled.join(', ') || 'none sent'}; ${tally.spilledIn} taken in`,
    `**Latency** budget ${policy.latencyBudgetMs} ms, p50 ${report.latencyMs.p50} ms, p95 ${report.latencyMs.p95} ms, ${report.latencyMs.overBudget} over budget`,
    '#### Nodes',
    ...(nodes.length > 0 ? nodes : ['none yet']),
    '#### Last decisions, newest first',
    ...(decisions.length > 0 ? decisions : ['none yet']),
  ]
    .join('\n\n')
    .replaceAll('\n\n- ', '\n- ');
}
