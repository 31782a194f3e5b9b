/**
 * From a checked mission to the parts of a run: nodes counted out, links worked out, feeds sized. Pure:
 * what has to be read from files is handed in.
 */
import { linkMs, positionOf, type Position } from '../topology.ts';
import type { Arrivals, Blueprint, FeedSpec } from '../policy.ts';
import { runAdapter } from './adapter.ts';
import type { MissionBlueprint } from './jobs.ts';
import type { Gate, RunNode, RunShard, TimelineCommand } from './run-spec.ts';
import type { Mission, MissionFeed, MissionNode } from './schema.ts';
import { scaleCounts, takeFirst } from './scale.ts';
import { dueMs } from './timeline.ts';

/** The ids that a node entry stands for: its own, or `<id>-1` to `<id>-n` for a count above 1. */
export function nodeIds({ id, count }: Pick<MissionNode, 'id' | 'count'>): string[] {
  return count === 1 ? [id] : Array.from({ length: count }, (_, i) => `${id}-${i + 1}`);
}

/** Every node by itself. `pathOf` makes a path of the file absolute. */
export function runNodes(
  { nodes }: Pick<Mission, 'nodes'>,
  pathOf: (path: string) => string,
): RunNode[] {
  return nodes.flatMap((node) =>
    nodeIds(node).map((id) => ({
      id,
      shard: node.shard,
      skills: sorted(node.skills),
      slots: node.slots,
      pricePerJob: node.pricePerJob,
      image: node.image,
      runtime: node.runtime,
      tags: node.tags,
      adapter: runAdapter(node.adapter, pathOf),
    })),
  );
}

/** Every shard with its links to all others, in the order of the file. */
export function runShards({ shards, timeScale }: Mission): RunShard[] {
  const names = Object.keys(shards);
  return names.map((name) => {
    const { spilloverLimit, spillTargets, latencyBudgetMs } = shards[name]!;
    const from = placeOf(shards, name);
    const links = names
      .filter((other) => other !== name)
      .map((other) => [other, linkMs(from, placeOf(shards, other), timeScale)] as const);
    return {
      name,
      policy: { spilloverLimit, spillTargets, latencyBudgetMs },
      linkMs: Object.fromEntries(links),
    };
  });
}

export function runTimeline({ timeline }: Mission): TimelineCommand[] {
  return timeline.map((entry) => ({
    atMs: dueMs(entry),
    atOutcomes: entry.outcomes ?? null,
    name: entry.command,
    args:
      entry.command === 'submitJobs' ? { jobs: entry.args.jobs.map(withoutComment) } : entry.args,
    reason: entry.reason,
  }));
}

function withoutComment<T extends { $comment?: string | undefined }>(job: T): Omit<T, '$comment'> {
  const { $comment: _, ...rest } = job;
  return rest;
}

/** The gates that were set, in one fixed order. */
export function runGates({ gates }: Mission): Gate[] {
  return GATES.flatMap((name) => {
    const limit = gates[name];
    return limit === undefined ? [] : [{ name, limit }];
  });
}

const GATES = ['failureRate', 'completionRatio', 'overBudgetRatio', 'durationMs'] as const;

/** The mission's own blueprints as one feed a shard, in the order in which shards are first named. */
export function shorthandFeeds({ blueprints, seed }: Mission): FeedSpec[] {
  const shards = [...new Set(blueprints.map((each) => each.shard))];
  return shards.map((shard) => {
    const own = blueprints.filter((each) => each.shard === shard);
    return synthetic(`${shard}-blueprints`, shard, { mode: 'at-once' }, seed, own);
  });
}

/** A simulated feed of the mission. */
export function syntheticFeed(
  { id, shard, arrivals }: MissionFeed,
  blueprints: readonly MissionBlueprint[],
  { seed, timeScale }: Mission,
): FeedSpec {
  return synthetic(id, shard, runArrivals(arrivals, timeScale), seed, blueprints);
}

/** When a feed's jobs arrive, with the mission's time scale where the feed names none. */
export function runArrivals(arrivals: MissionFeed['arrivals'], timeScale: number): Arrivals {
  if (arrivals.mode === 'rate') return { mode: 'rate', perSecond: arrivals.perSecond };
  if (arrivals.mode === 'at-once') return { mode: 'at-once' };
  return { mode: 'event-time', timeScale: arrivals.timeScale ?? timeScale };
}

/**
 * Sizes feeds to `jobs` in all. Where every feed is simulated, all counts are scaled in proportion;
 * otherwise the first `jobs` in the order of the mission are taken. Feeds left with none are dropped.
 * `jobs` must not be more than the feeds hold unless all are simulated.
 */
export function sizeFeeds(feeds: readonly FeedSpec[], jobs: number | null): FeedSpec[] {
  if (jobs === null) return feeds.filter((feed) => feed.total > 0);
  const counts = feeds.map(countsOf);
  const resize = allSynthetic(feeds) ? scaleCounts : takeFirst;
  const resized = resize(counts.flat(), jobs);
  let at = 0;
  return feeds
    .map((feed, i) => withCounts(feed, resized.slice(at, (at += counts[i]!.length))))
    .filter((feed) => feed.total > 0);
}

export function allSynthetic(feeds: readonly FeedSpec[]): boolean {
  return feeds.every((feed) => feed.source.type === 'synthetic');
}

function countsOf({ source, total }: FeedSpec): number[] {
  return source.type === 'synthetic' ? source.blueprints.map(({ count }) => count) : [total];
}

function withCounts(feed: FeedSpec, counts: readonly number[]): FeedSpec {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (feed.source.type !== 'synthetic') return cutFeed(feed, total);
  const blueprints = feed.source.blueprints
    .map((each, i) => ({ ...each, count: counts[i]! }))
    .filter(({ count }) => count > 0);
  return { ...feed, total, source: { ...feed.source, blueprints } };
}

/** The first `total` jobs of a feed, its curve ended where the last of them arrives. */
export function cutFeed(feed: FeedSpec, total: number): FeedSpec {
  if (!feed.curve) return { ...feed, total };
  const last = feed.curve.findIndex(([, jobs]) => jobs >= total);
  if (last < 0) return { ...feed, total };
  const curve = [...feed.curve.slice(0, last), [feed.curve[last]![0], total] as const];
  return { ...feed, total, curve };
}

function synthetic(
  id: string,
  shard: string,
  arrivals: Arrivals,
  seed: number,
  parts: readonly MissionBlueprint[],
): FeedSpec {
  const blueprints = parts.map((part): Blueprint => ({
    kind: part.kind,
    count: part.count,
    skills: sorted(part.skills),
    priority: part.priority,
    value: part.value,
    latencyBudgetMs: part.latencyBudgetMs,
    durationMs: part.durationMs,
    failureRate: part.failureRate,
  }));
  const total = blueprints.reduce((sum, { count }) => sum + count, 0);
  return { id, shard, arrivals, source: { type: 'synthetic', seed, blueprints }, total };
}

function placeOf(shards: Mission['shards'], name: string): Position {
  const place = shards[name]?.position ?? positionOf(name);
  if (!place) throw new Error(`shard "${name}" has no position: the mission was not checked`);
  return place;
}

/** Skills in one order and each once, so that equal sets are equal lists. */
function sorted(skills: readonly string[]): string[] {
  return [...new Set(skills)].sort();
}
