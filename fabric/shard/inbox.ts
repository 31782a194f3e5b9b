/**
 * The inbox: jobs handed to the shard one by one or in small batches, bodies and all. It is bounded by
 * jobs and by bytes; what does not fit is refused job by job, with a way on.
 */
import { jsonBytes } from '../bytes.ts';
import { isBehind, type AcceptedClass, type LedgerEntry, type LedgerState } from '../ledger.ts';
import { LIMITS } from '../limits.ts';
import type { JobTraits } from '../job.ts';
import type { SubmittedJob } from '../messages.ts';
import { fromList, NONE, range, size } from '../ordinals.ts';
import { explain, reason, type Reason } from '../reasons.ts';
import { count, log, note, type Draft } from './draft.ts';
import { isInReach } from './feeds.ts';
import { enqueue, holdBodies, isRegistryFull } from './queue.ts';

export interface Submission {
  readonly accepted: readonly string[];
  readonly refused: readonly { id: string; because: string }[];
}

/** The feed that submitted jobs of a shard belong to. No feed of a mission can have such a name. */
export const inboxFeed = (shard: string): string => `inbox.${shard}`;

/** Takes as many of the jobs as the inbox has room for and some node in reach can do. */
export function submitJobs(draft: Draft, jobs: readonly SubmittedJob[]): Submission {
  const { state } = draft;
  const refused: { id: string; because: string }[] = [];
  const taken: SubmittedJob[] = [];
  const refusals = new Refusals();
  let bytes = Math.max(state.inline.bytes, unwrittenBytes(state.ledger));
  state.inline = { ...state.inline, submitted: state.inline.submitted + jobs.length };
  for (const job of jobs) {
    const size = jsonBytes(bodyOf(job)) + 1;
    const why = refusal(draft, job, state.inline.jobs + taken.length, bytes + size);
    if (why === null) {
      bytes += size;
      taken.push(job);
    } else {
      refusals.add(why, job.value);
      refused.push({ id: job.id, because: explain(why) });
    }
  }
  refusals.record(draft, inboxFeed(state.shard));
  if (taken.length > 0) accept(draft, taken);
  return { accepted: taken.map((job) => job.id), refused };
}

/** Refused jobs of one submission, gathered by their reason: one entry in the ledger for each. */
class Refusals {
  readonly #byReason = new Map<string, { why: Reason; jobs: number; value: number }>();

  add(why: Reason, value: number): void {
    const key = JSON.stringify(why);
    const known = this.#byReason.get(key) ?? { why, jobs: 0, value: 0 };
    this.#byReason.set(key, { why, jobs: known.jobs + 1, value: known.value + value });
  }

  record(draft: Draft, feed: string): void {
    for (const { why, jobs, value } of this.#byReason.values()) {
      count(draft, { refused: jobs, valueRefused: value });
      log(draft, { type: 'refuse', feed, ordinals: NONE, jobs, value, reason: why });
    }
  }
}

/** Bytes of bodies that only the backlog of the ledger holds, beside the inbox itself. */
function unwrittenBytes({ backlog }: LedgerState): number {
  return backlog.reduce((sum, entry) => sum + (isSubmission(entry) ? jsonBytes(entry) : 0), 0);
}

/** True for the entry of jobs that were handed in: it is written at once, for it holds their bodies. */
export function isSubmission(entry: LedgerEntry): boolean {
  return entry.type === 'accept' && entry.classes.some(({ payloads }) => payloads !== undefined);
}

function refusal(draft: Draft, job: SubmittedJob, held: number, bytes: number): Reason | null {
  const { state } = draft;
  const { shard } = state;
  const { kind, skills } = job;
  if (!isInReach(state, skills)) {
    return reason('no-capable-node', { jobs: 1, kind, skills: skills.join(', ') });
  }
  if (state.closingAtMs !== null) return reason('closing');
  if (isBehind(state.ledger)) {
    return reason('ledger-behind', { entries: state.ledger.backlog.length });
  }
  if (held >= LIMITS.inboxJobsMax) {
    return reason('inbox-full', { shard, held: state.inline.jobs, limit: LIMITS.inboxJobsMax });
  }
  if (isRegistryFull(state)) {
    return reason('registry-full', { shard, classes: state.queue.length });
  }
  if (bytes <= LIMITS.inboxBytesMax) return null;
  return reason('inbox-bytes', { shard, held: state.inline.bytes, limit: LIMITS.inboxBytesMax });
}

function accept(draft: Draft, jobs: readonly SubmittedJob[]): void {
  const { state, nowMs } = draft;
  const feed = inboxFeed(state.shard);
  const start = state.inline.next;
  const page = `inbox/${start}`;
  state.inline = { ...state.inline, next: start + jobs.length };
  holdBodies(draft, page, range(start, start + jobs.length), jobs.map(bodyOf));
  const classes: AcceptedClass[] = [];
  for (const [key, members] of byTraits(jobs, start)) {
    const traits = JSON.parse(key) as JobTraits;
    const ordinals = fromList(members);
    const own = members.map((ordinal) => jobs[ordinal - start]!);
    const ids = own.map(({ id }) => id);
    classes.push({ ...traits, ordinals, ids, payloads: own.map(({ payload }) => payload) });
    const birth = { feed, origin: state.shard, attempt: 1, hops: 0, avoidNode: null };
    enqueue(draft, { ...traits, ...birth, arrivedAtMs: nowMs, page, ordinals });
    count(draft, { accepted: size(ordinals), valueAccepted: size(ordinals) * traits.value });
  }
  log(draft, { type: 'accept', feed, classes });
  note(draft, reason('jobs-submitted', { jobs: jobs.length }));
}

/** Ordinals of jobs that share all traits, in the order in which their traits first come. */
function byTraits(jobs: readonly SubmittedJob[], start: number): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const [i, job] of jobs.entries()) {
    const key = JSON.stringify(traitsOf(job));
    const members = groups.get(key);
    if (members) members.push(start + i);
    else groups.set(key, [start + i]);
  }
  return groups;
}

function traitsOf(job: SubmittedJob): JobTraits {
  const { kind, skills, priority, latencyBudgetMs, value, estimateMs } = job;
  return { kind, skills: [...skills].sort(), priority, latencyBudgetMs, value, estimateMs };
}

function bodyOf({ id, kind, payload }: SubmittedJob): {
  id: string;
  kind: string;
  payload: unknown;
} {
  return { id, kind, payload };
}
