/**
 * The spillover planner: from the shards' reports to moves, and nothing else. A shard sheds what is above
 * its spillover limit, or what would wait longer than its latency budget, to its targets in their order:
 * never more than a target has headroom for, and never so much that link and expected wait there would
 * pass the budget. Jobs that no node of a shard can do go where a node can.
 */
import type { LoadReport, NodeReport } from '../messages.ts';
import { reason, type Reason } from '../reasons.ts';
import { someCanDo } from '../shard/skills.ts';
import type { OpenOrder } from './state.ts';

/** What a plan takes from a shard's report: the ledger keeps it, so that anyone can plan again. */
export type PlannedReport = Pick<
  LoadReport,
  | 'shard'
  | 'queued'
  | 'shedding'
  | 'outgoing'
  | 'unpulled'
  | 'demand'
  | 'skillSets'
  | 'jobsPerSecond'
  | 'paused'
  | 'closed'
  | 'policy'
> & { readonly nodes: readonly Pick<NodeReport, 'state' | 'slots'>[] };

export interface PlanInput {
  /** In the order of the mission, which breaks all ties. */
  readonly shards: readonly string[];
  readonly reports: Readonly<Record<string, PlannedReport>>;
  /** One-way, by origin and target: only those to an origin's spill targets are looked at. */
  readonly linkMs: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Orders that their origins' reports do not show yet. */
  readonly openOrders: readonly Pick<OpenOrder, 'from' | 'to' | 'jobs'>[];
  /** Shards that have had jobs none of their nodes can do for a while. */
  readonly stranded: readonly string[];
}

export interface Move {
  readonly from: string;
  readonly to: string;
  readonly jobs: number;
  /** Queue depth at the origin that the move leaves. */
  readonly floor: number;
  readonly strandedOnly: boolean;
}

export interface Plan {
  readonly moves: readonly Move[];
  readonly reasons: readonly Reason[];
}

/** A target is filled to this share of its limit, so that it does not shed in turn. */
const HEADROOM_SHARE = 0.8;

interface Work {
  readonly input: PlanInput;
  /** Jobs that are on their way to each shard, this plan's included. */
  readonly incoming: Record<string, number>;
  readonly moves: Move[];
  readonly reasons: Reason[];
}

/** Plans from what is known now. Pure; the same input gives the same plan. */
export function planSpillover(input: PlanInput): Plan {
  const incoming: Record<string, number> = {};
  for (const shard of input.shards) {
    const report = input.reports[shard];
    for (const [to, jobs] of Object.entries(report?.outgoing ?? {})) {
      incoming[to] = (incoming[to] ?? 0) + jobs;
    }
  }
  for (const { to, jobs } of input.openOrders) incoming[to] = (incoming[to] ?? 0) + jobs;
  const work: Work = { input, incoming, moves: [], reasons: [] };
  for (const shard of input.shards) {
    const report = input.reports[shard];
    if (!report || report.closed) continue;
    if (input.stranded.includes(shard)) planStranded(work, report);
    planExcess(work, report);
  }
  return { moves: work.moves, reasons: work.reasons };
}

/** True when a plan could find something to do for this shard. */
export function wantsPlan(report: PlannedReport): boolean {
  if (report.closed) return false;
  return report.queued - report.shedding > depthKept(report) || hasStranded(report);
}

export function hasStranded(report: PlannedReport): boolean {
  return report.demand.some((each) => each.stranded);
}

/**
 * The queue depth that a shard keeps: its limit, or less where jobs at its end would wait longer than
 * the budget. Without a node that works, nothing is known of the wait and the limit alone counts.
 */
export function depthKept({ policy, jobsPerSecond, paused }: PlannedReport): number {
  if (paused || jobsPerSecond <= 0) return policy.spilloverLimit;
  const inBudget = Math.floor((policy.latencyBudgetMs * jobsPerSecond) / 1000);
  return Math.min(policy.spilloverLimit, inBudget);
}

function planExcess(work: Work, report: PlannedReport): void {
  const { policy, shard } = report;
  if (policy.spillTargets.length === 0) return;
  const floor = depthKept(report);
  const ordered = work.input.openOrders
    .filter((order) => order.from === shard)
    .reduce((sum, order) => sum + order.jobs, 0);
  const mine = work.moves.filter((move) => move.from === shard);
  const planned = mine.reduce((sum, move) => sum + move.jobs, 0);
  const queued = report.queued - report.shedding - ordered - planned;
  let excess = queued - floor;
  if (excess <= 0) return;
  const { spilloverLimit: limit, latencyBudgetMs: budgetMs } = policy;
  work.reasons.push(
    floor === limit
      ? reason('over-limit', { shard, queued, excess, limit })
      : reason('over-budget', { shard, waitMs: waitMs(report, queued), budgetMs }),
  );
  for (const to of policy.spillTargets) {
    const jobs = Math.min(excess, roomAt(work, report, to), movable(work, report, to));
    if (jobs <= 0) continue;
    excess -= jobs;
    move(work, { from: shard, to, jobs, floor, strandedOnly: false });
    if (excess <= 0) return;
  }
  work.reasons.push(reason('nowhere-to-go', { shard, jobs: excess }));
}

/** Jobs that wait for skills which no ready node of their shard has. */
function planStranded(work: Work, report: PlannedReport): void {
  const { shard, policy } = report;
  for (const to of policy.spillTargets) {
    const target = work.input.reports[to];
    const wanted = report.demand
      .filter((each) => each.stranded && someCanDo(target?.skillSets ?? [], each.skills))
      .reduce((sum, each) => sum + each.jobs, 0);
    const underWay = onTheWay(work, shard, to);
    const jobs = Math.min(wanted - underWay, roomForStranded(work, to));
    if (jobs > 0) move(work, { from: shard, to, jobs, floor: 0, strandedOnly: true });
  }
}

function onTheWay({ input, moves }: Work, from: string, to: string): number {
  const all = [...input.openOrders, ...moves];
  return all.reduce(
    (sum, each) => (each.from === from && each.to === to ? sum + each.jobs : sum),
    0,
  );
}

function move(work: Work, planned: Move): void {
  work.moves.push(planned);
  work.incoming[planned.to] = (work.incoming[planned.to] ?? 0) + planned.jobs;
}

/**
 * Room for jobs that can't be done where they are: as ever, or as many as the target's nodes take at
 * once, which then never wait in its queue. The latency budget does not hold them back: a job that can
 * meet it nowhere is still done, and reported as over budget.
 */
function roomForStranded({ input, incoming, reasons }: Work, to: string): number {
  const target = input.reports[to];
  if (!target || target.closed || target.paused || target.jobsPerSecond <= 0) {
    reasons.push(
      target?.paused === true
        ? reason('target-paused', { target: to })
        : reason('target-no-node', { target: to }),
    );
    return 0;
  }
  const ready = target.nodes.filter((node) => node.state === 'ready');
  const slots = ready.reduce((sum, node) => sum + node.slots, 0);
  const headroom = Math.floor(target.policy.spilloverLimit * HEADROOM_SHARE);
  return Math.max(headroom, slots) - target.queued - (incoming[to] ?? 0);
}

/** Jobs of the origin that the target could take now; why not, where it is none. */
function roomAt({ input, incoming, reasons }: Work, origin: PlannedReport, to: string): number {
  const target = input.reports[to];
  const refuse = (why: Reason): number => {
    reasons.push(why);
    return 0;
  };
  if (!target || target.closed || target.jobsPerSecond <= 0) {
    return refuse(reason('target-no-node', { target: to }));
  }
  if (target.paused) return refuse(reason('target-paused', { target: to }));
  if (target.shedding > 0 || target.queued > depthKept(target)) {
    return refuse(reason('target-shedding', { target: to }));
  }
  const queued = target.queued + (incoming[to] ?? 0);
  const limit = target.policy.spilloverLimit;
  const headroom = Math.floor(limit * HEADROOM_SHARE) - queued;
  if (headroom <= 0) return refuse(reason('target-full', { target: to, queued, limit }));
  const linkMs = input.linkMs[origin.shard]?.[to] ?? 0;
  const budgetMs = origin.policy.latencyBudgetMs;
  const inBudget = Math.floor(((budgetMs - linkMs) * target.jobsPerSecond) / 1000) - queued;
  if (inBudget > 0) return Math.min(headroom, inBudget);
  const latencyMs = linkMs + waitMs(target, queued + 1);
  return refuse(reason('target-over-budget', { target: to, latencyMs, linkMs, budgetMs }));
}

/** Queued jobs that a node of the target could do; of jobs not pulled yet it is not known. */
function movable({ input }: Work, origin: PlannedReport, to: string): number {
  const skillSets = input.reports[to]?.skillSets ?? [];
  const known = origin.demand
    .filter(({ skills }) => someCanDo(skillSets, skills))
    .reduce((sum, { jobs }) => sum + jobs, 0);
  return known + origin.unpulled;
}

function waitMs({ jobsPerSecond }: PlannedReport, queued: number): number {
  return jobsPerSecond > 0 ? Math.round((queued * 1000) / jobsPerSecond) : 0;
}
