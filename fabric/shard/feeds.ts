/**
 * Feeds: when their jobs arrive, how far they are pulled, and what a pulled page becomes. Pulled ahead is
 * what the nodes can hold, and a page at the least (more while jobs are to be shed), so that no lease is
 * short of jobs and memory stays flat however long a feed is.
 */
import type { PageClass } from '../job.ts';
import { isBehind } from '../ledger.ts';
import { LIMITS } from '../limits.ts';
import { size } from '../ordinals.ts';
import { reason } from '../reasons.ts';
import { count, log, mayDispatch, note, type Draft } from './draft.ts';
import { appetite } from './dispatch.ts';
import { enqueue, isRegistryFull, queuedJobs } from './queue.ts';
import { canDo, someCanDo } from './skills.ts';
import type { FeedState, ShardState } from './state.ts';

/** Jobs of the feed that have arrived by now. */
export function arrivedJobs({ spec, openedAtMs }: FeedState, nowMs: number): number {
  const elapsedMs = nowMs - openedAtMs;
  if (spec.arrivals.mode === 'at-once') return spec.total;
  if (spec.arrivals.mode === 'rate') {
    return Math.min(spec.total, Math.floor((elapsedMs * spec.arrivals.perSecond) / 1000) + 1);
  }
  let arrived = 0;
  for (const [offsetMs, jobs] of spec.curve ?? []) {
    if (offsetMs > elapsedMs) break;
    arrived = jobs;
  }
  return Math.min(spec.total, arrived);
}

/** When the job of this ordinal arrives. */
export function arrivalMs({ spec, openedAtMs }: FeedState, ordinal: number): number {
  if (spec.arrivals.mode === 'at-once') return openedAtMs;
  if (spec.arrivals.mode === 'rate') {
    return openedAtMs + Math.ceil((ordinal * 1000) / spec.arrivals.perSecond);
  }
  const step = (spec.curve ?? []).find(([, jobs]) => jobs > ordinal);
  return openedAtMs + (step?.[0] ?? 0);
}

/** Arrived and not pulled. A feed that can't be read holds nothing any more, nor does a closed shard's. */
export function unpulledJobs(state: ShardState, nowMs: number): number {
  if (state.closed) return 0;
  let jobs = 0;
  for (const feed of state.feeds) {
    if (feed.failure === null) jobs += arrivedJobs(feed, nowMs) - feed.cursor;
  }
  return jobs;
}

/** Jobs that may be pulled beside those that wait already: for one round of leases, and what is ordered away. */
export function pageRoom(state: ShardState, nowMs: number): number {
  const ahead = Math.min(appetite(state, nowMs), LIMITS.aheadJobsMax);
  const owed = state.orders.reduce((sum, order) => sum + order.jobs, 0);
  const pulling = state.feeds.reduce((sum, feed) => sum + feed.pulling, 0);
  return Math.max(state.fabricPolicy.pageJobs, ahead) + owed - queuedJobs(state) - pulling;
}

/** Asks for pages as far as there is room for them. */
export function pullPages(draft: Draft): void {
  const { state, nowMs } = draft;
  if (state.closingAtMs !== null || isBehind(state.ledger)) return;
  if (!mayDispatch(state) && state.orders.length === 0) return;
  let room = pageRoom(state, nowMs);
  for (const [at, feed] of state.feeds.entries()) {
    if (room <= 0 || isRegistryFull(state)) return;
    if (feed.pulling > 0 || feed.failure !== null) continue;
    const waiting = arrivedJobs(feed, nowMs) - feed.cursor;
    const pull = Math.min(waiting, state.fabricPolicy.pageJobs, LIMITS.pageJobsMax);
    if (pull <= 0) continue;
    room -= pull;
    state.feeds = state.feeds.with(at, { ...feed, pulling: pull });
    draft.effects.push({ do: 'pull', feed: feed.spec, from: feed.cursor, count: pull });
  }
}

/** Takes a pulled page into the registry. A page that was not asked for, or came twice, is ignored. */
export function acceptPage(
  draft: Draft,
  page: { feed: string; from: number; count: number; classes: readonly PageClass[] },
): void {
  const { state } = draft;
  const at = state.feeds.findIndex((feed) => feed.spec.id === page.feed);
  const feed = state.feeds[at];
  if (!feed || feed.pulling === 0 || feed.cursor !== page.from) return;
  // Asked for before the shard closed: nobody would do these jobs any more, nor say that they are cancelled.
  if (state.closed) return;
  state.feeds = state.feeds.with(at, { ...feed, cursor: page.from + page.count, pulling: 0 });
  const arrivedAtMs = arrivalMs(feed, page.from);
  const taken = page.classes.filter((each) => !refused(draft, page.feed, each));
  for (const { ordinals, ...traits } of taken) {
    const birth = { feed: page.feed, origin: state.shard, attempt: 1, hops: 0, avoidNode: null };
    enqueue(draft, { ...traits, ...birth, arrivedAtMs, page: null, ordinals });
    const jobs = size(ordinals);
    count(draft, { accepted: jobs, valueAccepted: jobs * traits.value });
  }
  if (taken.length === 0) return;
  log(draft, { type: 'accept', feed: page.feed, classes: taken });
  const jobs = taken.reduce((sum, each) => sum + size(each.ordinals), 0);
  const to = page.from + page.count - 1;
  note(draft, reason('page-accepted', { jobs, feed: page.feed, from: page.from, to }));
}

/** A feed that can't be read is set aside, with what was pulled of it kept. */
export function failFeed(draft: Draft, id: string, why: string): void {
  const { state } = draft;
  const at = state.feeds.findIndex((feed) => feed.spec.id === id);
  const feed = state.feeds[at];
  if (!feed || feed.failure !== null) return;
  state.feeds = state.feeds.with(at, { ...feed, pulling: 0, failure: why });
  note(draft, reason('feed-failed', { feed: id, why }));
}

/** True when some node of this shard or of its spill targets can do it, or the mission lets jobs wait. */
export function isInReach(state: ShardState, skills: readonly string[]): boolean {
  return (
    state.fabricPolicy.unmatchedSkills === 'wait' ||
    someCanDo(state.reach, skills) ||
    state.nodes.some((node) => canDo(node.spec.skills, skills))
  );
}

/** A job that nobody in reach can do is refused here, before it is accepted. */
function refused(draft: Draft, feed: string, jobs: PageClass): boolean {
  if (isInReach(draft.state, jobs.skills)) return false;
  const refusedJobs = size(jobs.ordinals);
  const value = refusedJobs * jobs.value;
  const why = reason('no-capable-node', {
    jobs: refusedJobs,
    kind: jobs.kind,
    skills: jobs.skills.join(', '),
  });
  count(draft, { refused: refusedJobs, valueRefused: value });
  const { ordinals } = jobs;
  log(draft, { type: 'refuse', feed, ordinals, jobs: refusedJobs, value, reason: why });
  note(draft, why);
  return true;
}
