/**
 * One lease on a node, from the grant to its result: bodies fetched, jobs handed to the adapter, what
 * came of each written to one segment.
 */
import type { JobBody, TravellingSlice } from '../fabric/job.ts';
import { LIMITS } from '../fabric/limits.ts';
import type { FailedJob, Segment } from '../fabric/ledger.ts';
import type { LeaseGrant, LeaseResult } from '../fabric/messages.ts';
import type { LeaseOrder } from './contracts.ts';
import { each, fromList } from '../fabric/ordinals.ts';
import type { FeedSpec } from '../fabric/policy.ts';
import type { Adapter, AdapterJob, JobOutcome } from './adapters/adapter.ts';
import type { FeedReaders } from './feed/index.ts';
import { requireRoom, RESULT_BYTES_MAX, RESULT_LEVELS_MAX } from './results.ts';
import type { JobEnd } from './segment-lines.ts';
import { SegmentWriter } from './segment-writer.ts';

export interface LeaseHost {
  readonly runId: string;
  readonly session: string;
  readonly adapter: Adapter;
  /** The run's feeds by id. */
  readonly feeds: ReadonlyMap<string, FeedSpec>;
  readonly readers: FeedReaders;
  readonly resultsFolder: string;
}

/** What the desk tells a lease while it runs. */
export interface LeaseReins {
  readonly mayStart: () => boolean;
  /** By `performance.now()`. */
  readonly endByMs: number;
  readonly abandoned: AbortSignal;
  /** Told what has been done and synced, whenever that is more. */
  readonly onProgress: (result: LeaseResult) => void;
}

interface HeldJob extends AdapterJob {
  readonly item: number;
  readonly value: number;
}

interface EndedItem {
  /** Its place in the grant. */
  readonly item: number;
  readonly ordinal: number;
  /** Of a failure. */
  readonly code: string | null;
}

const CODE_CHARS_MAX = 64;
/** Of an execution's id, from its end: the beginning may be a time. */
const EXECUTION_CHARS = 12;

/**
 * Does the jobs of the grant. Jobs whose bodies can't be had fail as `feed-unreadable`; jobs not begun
 * are named nowhere in the result. Rejects with `ResultsUnwritable` when the results can't be written,
 * and when they could not be the last time and still can't, before any job has begun.
 */
export async function runJobs(
  host: LeaseHost,
  grant: LeaseOrder,
  reins: LeaseReins,
): Promise<LeaseResult> {
  await requireRoom(host.resultsFolder);
  const startedMs = performance.now();
  const ended: EndedItem[] = [];
  const name = segmentName(grant, host.session);
  const resultOf = (records: number, segment: Segment | null): LeaseResult => ({
    items: itemsOf(grant, ended, records),
    segment,
    busyMs: performance.now() - startedMs,
  });
  const writer = new SegmentWriter(host.resultsFolder, name, (records) =>
    reins.onProgress(resultOf(records, writer.synced)),
  );
  const end = (job: HeldJob, outcome: JobOutcome, ms: number): void => {
    const end = endOf(outcome);
    const { feed, ordinal, attempt, value, body, item } = job;
    ended.push({ item, ordinal, code: end.status === 'failed' ? end.code : null });
    const rounded = Math.round(ms * 1_000) / 1_000;
    writer.add({ feed, ordinal, id: body.id, kind: body.kind, attempt, value, ms: rounded, end });
  };
  const jobs: HeldJob[] = [];
  for (const [item, slice] of grant.items.entries()) {
    const held = await heldJobs(host, slice, item);
    if ('jobs' in held) jobs.push(...held.jobs);
    else for (const job of held.unreadable) end(job, held.outcome, 0);
  }
  const onDone = (at: number, outcome: JobOutcome, ms: number): void => {
    end(jobs[at]!, outcome, ms);
  };
  if (jobs.length > 0) await host.adapter.run({ ...reins, jobs, onDone });
  return resultOf(ended.length, await writer.end());
}

/** Of one attempt at one lease and of no other: a file of that name is never written anew. */
function segmentName({ shard, node, fence, execution }: LeaseOrder, session: string): string {
  return `${shard}.${node}.${fence}.${session}.${execution.slice(-EXECUTION_CHARS)}.ndjson`;
}

/** What the first so many that ended come to, by the items of the grant. */
function itemsOf(
  grant: LeaseGrant,
  ended: readonly EndedItem[],
  count: number,
): LeaseResult['items'] {
  const items = grant.items.map(() => ({ completed: [] as number[], failed: [] as FailedJob[] }));
  for (let i = 0; i < count; i++) {
    const { item, ordinal, code } = ended[i]!;
    if (code === null) items[item]!.completed.push(ordinal);
    else items[item]!.failed.push([ordinal, code]);
  }
  return items.map(({ completed, failed }) => ({ completed: fromList(completed), failed }));
}

/** A result of nothing begun: every job goes back to the shard. */
export function untouched(grant: LeaseGrant): LeaseResult {
  const items = grant.items.map(() => ({ completed: [], failed: [] }));
  return { items, segment: null, busyMs: 0 };
}

type Held =
  { readonly jobs: HeldJob[] } | { readonly unreadable: HeldJob[]; readonly outcome: JobOutcome };

async function heldJobs(host: LeaseHost, slice: TravellingSlice, item: number): Promise<Held> {
  const { feed, attempt, value, kind } = slice;
  const ordinals = [...each(slice.ordinals)];
  const jobOf = (ordinal: number, body: JobBody): HeldJob => ({
    feed,
    ordinal,
    attempt,
    body,
    idempotencyKey: `${host.runId}/${feed}/${ordinal}`,
    item,
    value,
  });
  try {
    const bodies = slice.bodies ?? (await bodiesOf(host, slice));
    if (bodies.length !== ordinals.length) {
      throw new Error(`${ordinals.length} jobs came with ${bodies.length} bodies`);
    }
    return { jobs: ordinals.map((ordinal, i) => jobOf(ordinal, bodies[i]!)) };
  } catch (error) {
    const message = cut(error instanceof Error ? error.message : String(error));
    const nobody = (ordinal: number): JobBody => ({
      id: `${feed}-${ordinal}`,
      kind,
      payload: null,
    });
    const unreadable = ordinals.map((ordinal) => jobOf(ordinal, nobody(ordinal)));
    return { unreadable, outcome: { status: 'failed', code: 'feed-unreadable', message } };
  }
}

async function bodiesOf({ feeds, readers }: LeaseHost, slice: TravellingSlice): Promise<JobBody[]> {
  const spec = feeds.get(slice.feed);
  if (!spec) throw new Error(`the run has no feed "${slice.feed}"`);
  const reader = await readers.open(spec);
  return reader.bodies(slice.ordinals);
}

function endOf(outcome: JobOutcome): JobEnd {
  const failed = (code: string, message: string): JobEnd => ({
    status: 'failed',
    code: code.slice(0, CODE_CHARS_MAX),
    message: cut(message),
  });
  if (outcome.status === 'failed') return failed(outcome.code, outcome.message);
  const result = outcome.result ?? null;
  if (isNestedDeeper(result, RESULT_LEVELS_MAX)) {
    return failed('bad-result', `the result has more than ${RESULT_LEVELS_MAX} levels`);
  }
  const json = JSON.stringify(result);
  // A code unit takes three bytes at the most.
  const bytes = json.length * 3 <= RESULT_BYTES_MAX ? 0 : Buffer.byteLength(json);
  if (bytes <= RESULT_BYTES_MAX) return { status: 'completed', json };
  const message = `the result has ${bytes} bytes as JSON; at most ${RESULT_BYTES_MAX} are kept`;
  return failed('result-too-large', message);
}

/** What is nested too deep for the stack must not end the lease: it is looked into no deeper than that. */
function isNestedDeeper(value: unknown, levelsMax: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levelsMax === 0) return true;
  for (const key in value) {
    const inner = (value as Record<string, unknown>)[key];
    if (isNestedDeeper(inner, levelsMax - 1)) return true;
  }
  return false;
}

function cut(message: string): string {
  return message.slice(0, LIMITS.failureMessageCharsMax);
}
