/**
 * I4: what the planner moved is what its rules give. Every plan is made again from the input it recorded, by
 * the pure planner of today, and must come out the same; apart from that planner every move is held against
 * limit, headroom and budget as they stood in the input; and what shards sent under an order is no more than
 * was ordered, to whom it was ordered.
 */
import type { LedgerEntry, LedgerEvent } from '../fabric/ledger.ts';
import { size } from '../fabric/ordinals.ts';
import { planSpillover, type Move } from '../fabric/orchestrator/plan.ts';
import { planInputOf, type RecordedInput } from '../fabric/orchestrator/planning.ts';
import type { TransferEntry } from '../reporting/transfer-check.ts';
import type { Findings, Position } from './findings.ts';

type PlanEvent = Extract<LedgerEvent, { type: 'plan' }>;

/** What an order allowed, and what was sent under it. */
interface Order {
  readonly from: string;
  readonly to: string;
  readonly jobs: number;
}

interface Carried {
  readonly from: string;
  readonly to: string;
  jobs: number;
  readonly at: Position;
}

/** Rounding to whole jobs, in ms of expected wait. */
const WAIT_TOLERANCE_MS = 1;

export class PlanCheck {
  plans = 0;
  moves = 0;
  readonly #findings: Findings;
  readonly #orders = new Map<number, Order>();
  readonly #carried = new Map<string, Carried>();
  #nextPlan = 1;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  apply(chain: string, entry: LedgerEntry): void {
    if (entry.type === 'plan') return this.#plan(entry);
    if (entry.type === 'forked' && entry.held === null) this.#nextPlan = entry.plans + 1;
    if (entry.type === 'transfer-out') this.#carry(chain, entry, entry.seq);
    // What its target refused is the origin's again, and an order may be carried out once more with it.
    if (entry.type === 'transfer-back') {
      const carried = this.#carried.get(`${entry.plan}/${chain}/${entry.peer}`);
      if (carried) carried.jobs -= jobsOf(entry);
    }
  }

  /** Matches orders with what was sent. Of a run that was not closed the orders may not be on disk. */
  close(closed: ReadonlySet<string>): void {
    for (const [key, { from, to, jobs, at }] of this.#carried) {
      const plan = Number(key.split('/')[0]);
      const order = this.#orders.get(plan);
      if (!order) {
        if (!closed.has('orchestrator')) continue;
        this.#findings.fail(
          'I4',
          `${from} sent ${jobs} jobs to ${to} by order ${plan}, which stands nowhere`,
          at,
        );
      } else if (order.from !== from || order.to !== to || jobs > order.jobs) {
        const ordered = `order ${plan} was ${order.jobs} from ${order.from} to ${order.to}`;
        this.#findings.fail('I4', `${from} sent ${jobs} jobs to ${to}; ${ordered}`, at);
      }
    }
  }

  #plan({ plan, input, moves }: PlanEvent): void {
    const recorded = input as RecordedInput;
    const made = moves as readonly Move[];
    this.plans += 1;
    this.moves += made.length;
    if (plan !== this.#nextPlan) this.#fail(`plan ${plan} stands where ${this.#nextPlan} should`);
    this.#nextPlan = plan + made.length;
    for (const [i, { from, to, jobs }] of made.entries()) {
      this.#orders.set(plan + i, { from, to, jobs });
    }
    const again = planSpillover(planInputOf(recorded)).moves;
    if (JSON.stringify(again) !== JSON.stringify(made)) {
      this.#fail(`plan ${plan} made ${told(made)}; planned again it makes ${told(again)}`);
    }
    for (const what of unlawful(recorded, made)) this.#fail(`plan ${plan}: ${what}`);
  }

  #carry(chain: string, entry: TransferEntry, seq: number): void {
    const key = `${entry.plan}/${chain}/${entry.peer}`;
    const known = this.#carried.get(key);
    if (known) known.jobs += jobsOf(entry);
    else {
      const at = { chain, seq };
      this.#carried.set(key, { from: chain, to: entry.peer, jobs: jobsOf(entry), at });
    }
  }

  #fail(what: string): void {
    this.#findings.fail('I4', what);
  }
}

/** Moves that leave their origin less than it may keep, or give their target more than it may take. */
function unlawful({ shards, openOrders }: RecordedInput, moves: readonly Move[]): string[] {
  const found: string[] = [];
  const byName = new Map(shards.map((report) => [report.shard, report]));
  const incoming = new Map<string, number>();
  const left = new Map<string, number>();
  const add = (to: string, jobs: number): void =>
    void incoming.set(to, (incoming.get(to) ?? 0) + jobs);
  for (const report of shards) {
    left.set(report.shard, report.queued - report.shedding);
    for (const [to, jobs] of Object.entries(report.outgoing)) add(to, jobs);
  }
  for (const { from, to, jobs } of openOrders) {
    add(to, jobs);
    left.set(from, (left.get(from) ?? 0) - jobs);
  }
  for (const { from, to, jobs, strandedOnly } of moves) {
    const [origin, target] = [byName.get(from), byName.get(to)];
    const what = `${jobs} jobs from ${from} to ${to}`;
    add(to, jobs);
    left.set(from, (left.get(from) ?? 0) - jobs);
    if (!origin || !target || jobs <= 0 || !origin.policy.spillTargets.includes(to)) {
      found.push(`${what}, which is none of its targets`);
      continue;
    }
    if (target.paused || target.closed) found.push(`${what}, which is paused or closed`);
    // Jobs that can be done nowhere else go past limits and budgets.
    if (strandedOnly) continue;
    const { spilloverLimit, latencyBudgetMs } = origin.policy;
    const canKeep =
      origin.paused || origin.jobsPerSecond <= 0
        ? Infinity
        : (latencyBudgetMs * origin.jobsPerSecond) / 1000;
    const keeps = Math.floor(Math.min(spilloverLimit, canKeep));
    if (left.get(from)! < keeps)
      found.push(`${what} leave it ${left.get(from)}; it keeps ${keeps}`);
    const queued = target.queued + incoming.get(to)!;
    const limit = target.policy.spilloverLimit;
    if (queued > limit) found.push(`${what} make ${queued} there; its limit is ${limit}`);
    const latencyMs = (origin.linkMs[to] ?? 0) + (queued * 1000) / target.jobsPerSecond;
    if (latencyMs > latencyBudgetMs + WAIT_TOLERANCE_MS) {
      found.push(`${what} wait ${Math.round(latencyMs)} ms; the budget is ${latencyBudgetMs} ms`);
    }
  }
  return found;
}

function told(moves: readonly Move[]): string {
  const list = moves.map(({ from, to, jobs }) => `${jobs} from ${from} to ${to}`);
  return list.length === 0 ? 'no moves' : list.join(', ');
}

function jobsOf({ jobs }: { readonly jobs: TransferEntry['jobs'] }): number {
  return jobs.reduce((sum, { ordinals }) => sum + size(ordinals), 0);
}
