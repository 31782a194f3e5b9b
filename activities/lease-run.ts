/**
 * One lease on a node, from the grant to its result: bodies fetched, jobs handed to the adapter, what
 * came of each written to one segment.
 */
import { hash } from 'node:crypto';
import type { JobBody, TravellingSlice } from '../fabric/job.ts';
import { LIMITS } from '../fabric/limits.ts';
import type { FailedJob, Segment } from '../fabric/ledger.ts';
import type { LeaseGrant, LeaseResult } from '../fabric/messages.ts';
import type { LeaseOrder } from './contracts.ts';
import { each, fromList } from '../fabric/ordinals.ts';
import type { FeedSpec } from '../fabric/policy.ts';
import type { Adapter, AdapterJob, JobOutcome } from './adapters/adapter.ts';
import type { FeedReaders } from './feed/index.ts';
import type { ResultRecord } from './results.ts';
import { requireRoom, RESULT_BYTES_MAX, RESULT_LEVELS_MAX } from './results.ts';
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

interface EndedJob {
  readonly job: HeldJob;
  readonly record: ResultRecord;
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
  const ended: EndedJob[] = [];
  const name = segmentName(grant, host.session);
  const resultOf = (records: number, segment: Segment | null): LeaseResult => ({
    items: itemsOf(grant, ended.slice(0, records)),
    segment,
    busyMs: performance.now() - startedMs,
  });
  const writer = new SegmentWriter(host.resultsFolder, name, (records) =>
    reins.onProgress(resultOf(records, writer.synced)),
  );
  const end = (job: HeldJob, outcome: JobOutcome, ms: number): void => {
    const record = recordOf(job, outcome, ms);
    ended.push({ job, record });
    writer.add(record);
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

function itemsOf(grant: LeaseGrant, ended: readonly EndedJob[]): LeaseResult['items'] {
  return grant.items.map((_, item) => {
    const own = ended.filter(({ job }) => job.item === item).map(({ record }) => record);
    const completed = own.filter(({ status }) => status === 'completed');
    const failed = own.filter(({ status }) => status === 'failed');
    return {
      completed: fromList(completed.map(({ ordinal }) => ordinal)),
      failed: failed.map(({ ordinal, code }): FailedJob => [ordinal, code ?? 'unknown']),
    };
  });
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

function recordOf(job: HeldJob, outcome: JobOutcome, ms: number): ResultRecord {
  const { feed, ordinal, attempt, value, body } = job;
  const about = { feed, ordinal, id: body.id, kind: body.kind, attempt, value };
  const rounded = Math.round(ms * 1_000) / 1_000;
  const failed = (code: string, message: string): ResultRecord => ({
    ...about,
    status: 'failed',
    code: code.slice(0, CODE_CHARS_MAX),
    message: cut(message),
    resultSha256: '',
    ms: rounded,
  });
  if (outcome.status === 'failed') return failed(outcome.code, outcome.message);
  const result = outcome.result ?? null;
  if (isNestedDeeper(result, RESULT_LEVELS_MAX)) {
    return failed('bad-result', `the result has more than ${RESULT_LEVELS_MAX} levels`);
  }
  const json = JSON.stringify(result);
  const bytes = Buffer.byteLength(json);
  if (bytes > RESULT_BYTES_MAX) {
    const message = `the result has ${bytes} bytes as JSON; at most ${RESULT_BYTES_MAX} are kept`;
    return failed('result-too-large', message);
  }
  const resultSha256 = hash('sha256', json);
  return { ...about, status: 'completed', result, resultSha256, ms: rounded };
}

/** Walks level by level: what is nested too deep for the stack must not end the lease. */
function isNestedDeeper(value: unknown, levelsMax: number): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > levelsMax) return true;
    level = level.flatMap((each) =>
      typeof each === 'object' && each !== null ? (Object.values(each) as unknown[]) : [],
    );
  }
  return false;
}

function cut(message: string): string {
  return message.slice(0, LIMITS.failureMessageCharsMax);
}
