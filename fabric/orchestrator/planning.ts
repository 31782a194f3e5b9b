/** When a plan is made, and what is done with it: orders to the origins, and an entry in the ledger. */
import { isBehind, isOnDisk } from '../ledger.ts';
import { reason } from '../reasons.ts';
import { log, note, send, type Draft } from './draft.ts';
import {
  hasStranded,
  planSpillover,
  wantsPlan,
  type PlanInput,
  type PlannedReport,
} from './plan.ts';
import type { OpenOrder, OrchestratorState } from './state.ts';

/** Nodes that are just starting, or coming back, are waited for before jobs are moved for their skills. */
const STRANDED_GRACE_MS = 3_000;
/** An order that its origin's reports do not show is sent again, and in the end planned anew. */
const ORDER_RESEND_MS = 1_000;
const ORDER_LIFE_MS = 10_000;

/** Plans if it is time to, or if a report has asked for it. */
export function planIfDue(draft: Draft): void {
  const { state, nowMs } = draft;
  if (state.closingAtMs !== null) return;
  const isTick = nowMs >= state.nextTickAtMs;
  if (isTick) {
    const missed = Math.floor((nowMs - state.nextTickAtMs) / state.tickMs);
    state.nextTickAtMs += (missed + 1) * state.tickMs;
    tendOrders(draft);
  }
  // What can't be recorded is not ordered.
  if ((isTick || draft.planNow) && !isBehind(state.ledger)) plan(draft);
}

/** True while some shard could have work for a planner. */
export function needsTicks(state: OrchestratorState): boolean {
  return Object.values(state.reports).some(
    (report) => report.policy.spillTargets.length > 0 && wantsPlan(report),
  );
}

/** Keeps since when each shard has had jobs that its nodes cannot do. */
export function watchStranded(draft: Draft, shard: string): void {
  const { state, nowMs } = draft;
  const report = state.reports[shard];
  const { [shard]: since, ...others } = state.strandedSinceMs;
  state.strandedSinceMs =
    report && hasStranded(report) ? { ...others, [shard]: since ?? nowMs } : others;
}

/** As with a transfer, no order leaves before the ledger holds the plan that it comes from. */
export function sendOrders(draft: Draft): void {
  const { state } = draft;
  state.openOrders = state.openOrders.map((open) =>
    open.sentAtMs === null && isOnDisk(state.ledger, open.seq) ? sendOrder(draft, open) : open,
  );
}

/** True while an order is only waiting for the ledger before it is sent. */
export function waitsForLedger({ openOrders }: OrchestratorState): boolean {
  return openOrders.some(({ sentAtMs }) => sentAtMs === null);
}

function tendOrders(draft: Draft): void {
  const { state, nowMs } = draft;
  state.openOrders = state.openOrders
    .filter((open) => nowMs < open.plannedAtMs + ORDER_LIFE_MS)
    .map((open) => {
      const isOverdue = open.sentAtMs !== null && nowMs >= open.sentAtMs + ORDER_RESEND_MS;
      return isOverdue ? sendOrder(draft, open) : open;
    });
}

function sendOrder(draft: Draft, open: OpenOrder): OpenOrder {
  send(draft, open.from, { kind: 'offload', body: open.order });
  return { ...open, sentAtMs: draft.nowMs };
}

function plan(draft: Draft): void {
  const { state, nowMs } = draft;
  const stranded = state.shards.filter((shard) => {
    const since = state.strandedSinceMs[shard];
    return since !== undefined && nowMs - since >= STRANDED_GRACE_MS;
  });
  const { shards, reports, linkMs, openOrders } = state;
  const input: PlanInput = { shards, reports, linkMs, openOrders, stranded };
  const { moves, reasons } = planSpillover(input);
  for (const why of reasons) note(draft, why);
  if (moves.length === 0) return;
  const first = state.plans + 1;
  const seq = state.ledger.nextSeq;
  log(draft, { type: 'plan', plan: first, input: recorded(state, input), moves });
  for (const [i, { from, to, jobs, floor, strandedOnly }] of moves.entries()) {
    const number = first + i;
    const targetSkills = reports[to]?.skillSets ?? [];
    const order = { plan: number, to, jobs, floor, targetSkills, strandedOnly };
    const open = { from, to, jobs, order, seq, plannedAtMs: nowMs, sentAtMs: null };
    state.openOrders = [...state.openOrders, open];
  }
  state.plans += moves.length;
  const jobs = moves.reduce((sum, each) => sum + each.jobs, 0);
  note(draft, reason('tick-planned', { moves: moves.length, jobs }));
}

/** A plan's input as the ledger keeps it: all that it was decided by, in the order of the mission. */
export interface RecordedInput {
  readonly shards: readonly (PlannedReport & {
    /** The number of the report. */
    readonly seq: number;
    /** To its spill targets. */
    readonly linkMs: Readonly<Record<string, number>>;
  })[];
  readonly openOrders: PlanInput['openOrders'];
  readonly stranded: readonly string[];
}

function recorded(state: OrchestratorState, { openOrders, stranded }: PlanInput): RecordedInput {
  const reports = state.shards.flatMap((shard) => state.reports[shard] ?? []);
  const shards = reports.map((report) => ({
    shard: report.shard,
    seq: report.seq,
    queued: report.queued,
    shedding: report.shedding,
    outgoing: report.outgoing,
    unpulled: report.unpulled,
    demand: report.demand,
    skillSets: report.skillSets,
    jobsPerSecond: report.jobsPerSecond,
    paused: report.paused,
    closed: report.closed,
    policy: report.policy,
    nodes: report.nodes.map(({ state: life, slots }) => ({ state: life, slots })),
    linkMs: Object.fromEntries(
      report.policy.spillTargets.map((to) => [to, state.linkMs[report.shard]?.[to] ?? 0]),
    ),
  }));
  const open = openOrders.map(({ from, to, jobs }) => ({ from, to, jobs }));
  return { shards, openOrders: open, stranded };
}

/** The input that a recorded plan was decided by. */
export function planInputOf({ shards, openOrders, stranded }: RecordedInput): PlanInput {
  const byName = <T>(value: (report: RecordedInput['shards'][number]) => T): Record<string, T> =>
    Object.fromEntries(shards.map((report) => [report.shard, value(report)]));
  return {
    shards: shards.map(({ shard }) => shard),
    reports: byName((report) => report),
    linkMs: byName(({ linkMs }) => linkMs),
    openOrders,
    stranded,
  };
}
