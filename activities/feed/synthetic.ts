/**
 * Simulated feeds: blueprints in a row, so that the traits and the body of any job follow from its
 * ordinal by a look at where it falls, and nothing is stored.
 */
import type { JobBody, JobTraits } from '../../fabric/job.ts';
import { each } from '../../fabric/ordinals.ts';
import type { Blueprint, FeedSource, FeedSpec } from '../../fabric/policy.ts';
import type { SimulatedPayload } from '../../fabric/simulated-job.ts';
import type { FeedReader } from './reader.ts';
import { PageSorter, pageRoom } from './reader.ts';

interface BlueprintRange {
  readonly end: number;
  readonly kind: string;
  readonly traits: JobTraits;
  /** One object for all jobs of the blueprint: a lease of a thousand jobs makes no thousand copies. */
  readonly payload: SimulatedPayload;
}

type SyntheticSource = Extract<FeedSource, { type: 'synthetic' }>;

/** Reads a feed of blueprints. A job's id is `<feed>-<ordinal>`. */
export function syntheticReader(spec: FeedSpec, source: SyntheticSource): FeedReader {
  let end = 0;
  const ranges = source.blueprints.map((blueprint): BlueprintRange => {
    end += blueprint.count;
    const { kind, durationMs, failureRate } = blueprint;
    const payload = { durationMs, failureRate, seed: source.seed };
    return { end, kind, traits: traitsOf(blueprint), payload };
  });
  const total = Math.min(spec.total, end);
  return {
    page: (from, count) => {
      const until = from + pageRoom(from, count, total);
      const sorter = new PageSorter(from);
      let at = from;
      for (const range of ranges) {
        const jobs = Math.min(range.end, until) - at;
        if (jobs <= 0) continue;
        if (!sorter.add(range.traits, jobs)) break;
        at += jobs;
      }
      return Promise.resolve(sorter.page());
    },
    bodies: (ordinals) => {
      const bodies: JobBody[] = [];
      let at = 0;
      for (const ordinal of each(ordinals)) {
        if (ordinal >= total) {
          const why = `feed "${spec.id}" has no job ${ordinal}: it holds ${total}`;
          return Promise.reject(new RangeError(why));
        }
        while (ranges[at]!.end <= ordinal) at++;
        const { kind, payload } = ranges[at]!;
        bodies.push({ id: `${spec.id}-${ordinal}`, kind, payload });
      }
      return Promise.resolve(bodies);
    },
  };
}

function traitsOf(blueprint: Blueprint): JobTraits {
  const { kind, skills, priority, latencyBudgetMs, value, durationMs } = blueprint;
  return { kind, skills, priority, latencyBudgetMs, value, estimateMs: durationMs };
}
