/**
 * The jobs of a mission for a run in virtual time. Feeds are read once before it starts, since nothing
 * can be waited for while it lasts; its pages and the fates of its simulated jobs are those of a real run.
 */
import { hash } from 'node:crypto';
import { FeedReaders, type FeedReader } from '../activities/feed/index.ts';
import { PageSorter, pageRoom } from '../activities/feed/reader.ts';
import type { JobTraits } from '../fabric/job.ts';
import { LIMITS } from '../fabric/limits.ts';
import type { AdapterSpec, RunSpec } from '../fabric/mission/run-spec.ts';
import type { FeedSource, FeedSpec } from '../fabric/policy.ts';
import { drawsOf, readSimulated, type SimulatedPayload } from '../fabric/simulated-job.ts';
import type { SimulatedAttempt, SimulatedJobs } from '../fabric/simulate/world.ts';

/** What a job of a real agent takes where nothing is said of it. */
export const AGENT_JOB_MS = 5;

/** Neighbouring jobs of the same traits. */
interface Stretch {
  readonly from: number;
  readonly until: number;
  readonly traits: JobTraits;
}

type PayloadOf = (ordinal: number) => SimulatedPayload;

interface ReadFeed {
  readonly stretches: readonly Stretch[];
  readonly payloadOf: PayloadOf;
}

/** Reads all feeds of the mission. Rejects like a feed's reader, such as for a file that has changed. */
export async function readMissionJobs(spec: RunSpec): Promise<MissionJobs> {
  const readers = new FeedReaders();
  const simulates = spec.nodes.some(({ adapter }) => adapter.type === 'simulated');
  const feeds = new Map<string, ReadFeed>();
  for (const feed of spec.feeds) {
    const reader = await readers.open(feed);
    const { source, total } = feed;
    const payloadOf =
      source.type === 'synthetic'
        ? blueprintPayloads(source)
        : await linePayloads(reader, simulates ? total : 0);
    feeds.set(feed.id, { stretches: await stretchesOf(reader, total), payloadOf });
  }
  return new MissionJobs(feeds);
}

export class MissionJobs implements SimulatedJobs {
  readonly #feeds: ReadonlyMap<string, ReadFeed>;
  /** Of jobs that came with their bodies, by feed and ordinal. */
  readonly #submitted = new Map<string, SimulatedPayload>();

  constructor(feeds: ReadonlyMap<string, ReadFeed>) {
    this.#feeds = feeds;
  }

  page({ id, total }: FeedSpec, from: number, count: number) {
    const { stretches } = this.#feeds.get(id)!;
    const end = from + pageRoom(from, count, total);
    const sorter = new PageSorter(from);
    let at = from;
    for (let i = indexAt(stretches, from); at < end; i++) {
      const { until, traits } = stretches[i]!;
      const jobs = Math.min(until, end) - at;
      if (!sorter.add(traits, jobs)) break;
      at += jobs;
    }
    return sorter.page();
  }

  attempt(job: SimulatedAttempt): { readonly serviceMs: number; readonly code: string | null } {
    const { feed, ordinal, adapter, body, estimateMs } = job;
    if (adapter !== 'simulated') return { serviceMs: estimateMs ?? AGENT_JOB_MS, code: null };
    if (body) this.#submitted.set(`${feed}/${ordinal}`, readSimulated(body.payload));
    const draws = drawsOf(this.#payloadOf(feed, ordinal), feed);
    const { serviceMs, failed } = draws.attempt(ordinal, job.attempt);
    return { serviceMs, code: failed === null ? null : failed.code };
  }

  /** Hex digest of a completed job's result; what a real agent would have answered counts as null. */
  resultSha256(feed: string, ordinal: number, adapter: AdapterSpec['type']): string {
    const result =
      adapter === 'simulated'
        ? drawsOf(this.#payloadOf(feed, ordinal), feed).answer(ordinal)
        : null;
    return hash('sha256', JSON.stringify(result));
  }

  #payloadOf(feed: string, ordinal: number): SimulatedPayload {
    const known = this.#feeds.get(feed)?.payloadOf(ordinal);
    return known ?? this.#submitted.get(`${feed}/${ordinal}`) ?? readSimulated(null);
  }
}

async function stretchesOf(reader: FeedReader, total: number): Promise<Stretch[]> {
  const stretches: Stretch[] = [];
  for (let from = 0; from < total;) {
    const { count, classes } = await reader.page(from, LIMITS.pageJobsMax);
    if (count === 0) throw new Error(`a feed ended at job ${from} of ${total}`);
    const page = classes.flatMap(({ ordinals, ...traits }) =>
      ordinals.flatMap((lo, i) =>
        i % 2 === 0 ? [{ from: lo, until: ordinals[i + 1]!, traits }] : [],
      ),
    );
    for (const stretch of page.sort((a, b) => a.from - b.from)) stretches.push(stretch);
    from += count;
  }
  return stretches;
}

/** Which stretch holds the ordinal; they stand in a row without gaps. */
function indexAt(stretches: readonly Stretch[], ordinal: number): number {
  let lo = 0;
  let hi = stretches.length - 1;
  while (lo < hi) {
    const middle = (lo + hi) >> 1;
    if (stretches[middle]!.until <= ordinal) lo = middle + 1;
    else hi = middle;
  }
  return lo;
}

function blueprintPayloads(source: Extract<FeedSource, { type: 'synthetic' }>): PayloadOf {
  let end = 0;
  const ranges = source.blueprints.map(({ count, durationMs, failureRate }) => {
    end += count;
    return { end, payload: { durationMs, failureRate, seed: source.seed } };
  });
  return (ordinal) => ranges.find((range) => ordinal < range.end)!.payload;
}

async function linePayloads(reader: FeedReader, total: number): Promise<PayloadOf> {
  const payloads: SimulatedPayload[] = [];
  for (let from = 0; from < total; from += LIMITS.pageJobsMax) {
    const bodies = await reader.bodies([from, Math.min(from + LIMITS.pageJobsMax, total)]);
    for (const { payload } of bodies) payloads.push(readSimulated(payload));
  }
  return (ordinal) => payloads[ordinal]!;
}
