/**
 * The queue: classes in the order of leasing, and the pages that carry bodies of inline jobs.
 * Order: priority (high first), arrival (old first), then the number of the class, so that it never
 * depends on anything but the jobs.
 */
import { jsonBytes } from '../bytes.ts';
import type { BodyPage, JobBody, JobClass, JobSlice, TravellingSlice } from '../job.ts';
import type { JobRef } from '../ledger.ts';
import { LIMITS } from '../limits.ts';
import { each, isEmpty, rank, size, union, type Ordinals } from '../ordinals.ts';
import type { Draft } from './draft.ts';
import type { ShardState } from './state.ts';

export function compareClasses(a: JobClass, b: JobClass): number {
  return b.priority - a.priority || a.arrivedAtMs - b.arrivedAtMs || a.id - b.id;
}

/** Puts jobs into the queue, joined to a class that differs in nothing but its jobs and its age. */
export function enqueue(draft: Draft, slice: JobSlice, notBeforeMs = 0): void {
  if (isEmpty(slice.ordinals)) return;
  const { state } = draft;
  const at = state.queue.findIndex((candidate) => isAlike(candidate, slice, notBeforeMs));
  const twin = state.queue[at];
  if (twin) {
    const ordinals = union(twin.ordinals, slice.ordinals);
    state.queue = state.queue.with(at, { ...twin, ordinals });
    return;
  }
  const added: JobClass = { ...slice, id: state.next.classId, notBeforeMs };
  state.next = { ...state.next, classId: state.next.classId + 1 };
  let low = 0;
  let high = state.queue.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareClasses(state.queue[middle]!, added) <= 0) low = middle + 1;
    else high = middle;
  }
  state.queue = state.queue.toSpliced(low, 0, added);
}

/** Replaces the ordinals of a queued class, dropping it when none are left. */
export function shrink(draft: Draft, classId: number, rest: Ordinals): void {
  const { state } = draft;
  const at = state.queue.findIndex((candidate) => candidate.id === classId);
  const found = state.queue[at];
  if (!found) throw new Error(`no class ${classId} in the queue`);
  state.queue = isEmpty(rest)
    ? state.queue.toSpliced(at, 1)
    : state.queue.with(at, { ...found, ordinals: rest });
}

export function queuedJobs(state: ShardState): number {
  let jobs = 0;
  for (const each of state.queue) jobs += size(each.ordinals);
  return jobs;
}

/**
 * True when the queue holds as many classes, or as many pieces of them, as a state may have: then no page
 * is pulled and nothing is taken in until some of it is done.
 */
export function isRegistryFull({ queue }: ShardState, more = 0): boolean {
  if (queue.length + more >= LIMITS.classesMax) return true;
  let fragments = 0;
  for (const { ordinals } of queue) fragments += ordinals.length / 2;
  return fragments >= LIMITS.fragmentsMax;
}

/** A part of a class without what belongs to the queue. */
export function sliceOf(jobs: JobClass, ordinals: Ordinals): JobSlice {
  const { id: _id, notBeforeMs: _notBeforeMs, ...traits } = jobs;
  return { ...traits, ordinals };
}

export function refOf(slice: JobSlice): JobRef {
  const { feed, origin, attempt, ordinals } = slice;
  return { feed, origin, attempt, ordinals };
}

/** The slice with the bodies that its receiver can't read from a feed. */
export function withBodies(state: ShardState, slice: JobSlice): TravellingSlice {
  if (slice.page === null) return slice;
  const page = pageOf(state, slice.page);
  const bodies: JobBody[] = [];
  for (const ordinal of each(slice.ordinals)) {
    bodies.push(page.bodies[rank(page.ordinals, ordinal)]!);
  }
  return { ...slice, bodies };
}

/** Keeps bodies under a key that no other page has. */
export function holdBodies(
  draft: Draft,
  key: string,
  ordinals: Ordinals,
  bodies: readonly JobBody[],
): void {
  const { state } = draft;
  if (key in state.pages) throw new Error(`page ${key} is there already`);
  const page = { ordinals, bodies, bytes: jsonBytes(bodies), open: bodies.length };
  state.pages = { ...state.pages, [key]: page };
  const { inline } = state;
  state.inline = {
    ...inline,
    jobs: inline.jobs + page.open,
    bytes: inline.bytes + page.bytes,
  };
}

/** Says that so many jobs of a page have ended or left; the last one takes the bodies with it. */
export function releaseBodies(draft: Draft, key: string | null, jobs: number): void {
  if (key === null || jobs === 0) return;
  const { state } = draft;
  const page = pageOf(state, key);
  const open = page.open - jobs;
  if (open < 0) throw new Error(`page ${key} has released more jobs than it holds`);
  const { [key]: _, ...others } = state.pages;
  state.pages = open === 0 ? others : { ...others, [key]: { ...page, open } };
  const { inline } = state;
  state.inline = {
    ...inline,
    jobs: inline.jobs - jobs,
    bytes: inline.bytes - (open === 0 ? page.bytes : 0),
  };
}

function pageOf(state: ShardState, key: string): BodyPage {
  const page = state.pages[key];
  if (!page) throw new Error(`no page ${key}`);
  return page;
}

function isAlike(a: JobClass, b: JobSlice, notBeforeMs: number): boolean {
  return (
    a.feed === b.feed &&
    a.page === b.page &&
    a.attempt === b.attempt &&
    a.kind === b.kind &&
    a.priority === b.priority &&
    a.hops === b.hops &&
    a.value === b.value &&
    a.avoidNode === b.avoidNode &&
    a.origin === b.origin &&
    a.latencyBudgetMs === b.latencyBudgetMs &&
    a.estimateMs === b.estimateMs &&
    a.arrivedAtMs === b.arrivedAtMs &&
    a.notBeforeMs === notBeforeMs &&
    a.skills.length === b.skills.length &&
    a.skills.every((skill, i) => skill === b.skills[i])
  );
}
