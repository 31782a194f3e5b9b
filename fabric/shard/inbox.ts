/**
 * The inbox: jobs handed to the shard one by one or in small batches, bodies and all. It is bounded by
 * jobs and by bytes; what does not fit is refused job by job, with a way on.
 */
import { LIMITS } from '../limits.ts';
import type { JobTraits } from '../job.ts';
import type { AcceptedClass } from '../ledger.ts';
import type { SubmittedJob } from '../messages.ts';
import { fromList, range, size } from '../ordinals.ts';
import { explain, reason } from '../reasons.ts';
import { count, log, note, type Draft } from './draft.ts';
import { isInReach } from './feeds.ts';
import { enqueue, holdBodies } from './queue.ts';

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
  let bytes = state.inline.bytes;
  state.inline = { ...state.inline, submitted: state.inline.submitted + jobs.length };
  for (const job of jobs) {
    const size = JSON.stringify(bodyOf(job)).length + 1;
    const because = refusal(draft, job, state.inline.jobs + taken.length, bytes + size);
    if (because === null) {
      bytes += size;
      taken.push(job);
    } else {
      refused.push({ id: job.id, because });
    }
  }
  if (taken.length > 0) accept(draft, taken);
  return { accepted: taken.map((job) => job.id), refused };
}

function refusal(draft: Draft, job: SubmittedJob, held: number, bytes: number): string | null {
  const { state } = draft;
  const { shard } = state;
  const feed = inboxFeed(shard);
  const { kind, skills } = job;
  const why = !isInReach(state, skills)
    ? reason('no-capable-node', { jobs: 1, kind, skills: skills.join(', ') })
    : state.closingAtMs !== null
      ? reason('closing')
      : held >= LIMITS.inboxJobsMax
        ? reason('inbox-full', { shard, held, limit: LIMITS.inboxJobsMax })
        : state.queue.length >= LIMITS.classesMax
          ? reason('inbox-full', { shard, held, limit: held })
          : bytes > LIMITS.inboxBytesMax
            ? reason('inbox-bytes', { shard, held: bytes, limit: LIMITS.inboxBytesMax })
            : null;
  if (why === null) return null;
  // A refused job gets no ordinal.
  count(draft, { refused: 1, valueRefused: job.value });
  log(draft, { type: 'refuse', feed, ordinals: [], value: job.value, reason: why });
  return explain(why);
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
    const ids = members.map((ordinal) => jobs[ordinal - start]!.id);
    classes.push({ ...traits, ordinals, ids });
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
