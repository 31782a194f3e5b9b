/** What the report tells of shards and nodes, from their newest load reports. */
import type { LoadReport, NodeReport } from '../fabric/messages.ts';
import { isoTime, rounded } from './numbers.ts';
import type { RunStatus } from './reported-run.ts';
import type { Report } from './schema.ts';

type ShardSection = Report['shards'][string];

/** By shard, in the order of code units. */
export function shardSections({ shards, series }: RunStatus): Report['shards'] {
  const names = Object.keys(shards).sort();
  return Object.fromEntries(
    names.map((name) => [name, shardSection(shards[name]!, series[name] ?? [])]),
  );
}

/** Every node, by shard and then by id. */
export function nodeSections({ shards }: RunStatus): Report['nodes'] {
  const names = Object.keys(shards).sort();
  return names.flatMap((name) =>
    shards[name]!.nodes.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(nodeSection),
  );
}

function shardSection(load: LoadReport, series: RunStatus['series'][string]): ShardSection {
  const { tally, policy, latencyMs } = load;
  return {
    jobs: {
      submitted: load.submitted,
      accepted: tally.accepted,
      refused: tally.refused,
      completed: tally.completed,
      failed: tally.failed,
      cancelled: tally.cancelled,
      retried: tally.retried,
      queued: load.queued,
      leased: load.leased,
      inTransit: load.inTransit,
    },
    queueDepth: {
      now: load.queued,
      max: load.queuedMax,
      series: series.map(([ms, jobs]) => [Math.max(0, Math.round(ms)), jobs]),
    },
    spilledIn: tally.spilledIn,
    spilledOut: tally.spilledOut,
    spillovers: { ...load.spillovers },
    latencyMs: {
      budget: policy.latencyBudgetMs,
      p50: latencyMs.p50,
      p95: latencyMs.p95,
      p99: latencyMs.p99,
      overBudget: latencyMs.overBudget,
    },
    leases: {
      granted: tally.leasesGranted,
      lost: tally.leasesLost,
      lateAnswers: tally.lateAnswers,
    },
    paused: load.paused,
    policy: policySection(policy),
  };
}

/** A policy by the fields that the report names, whatever else the fabric may keep in it. */
export function policySection(policy: LoadReport['policy']): ShardSection['policy'] {
  const { spilloverLimit, spillTargets, latencyBudgetMs } = policy;
  return { spilloverLimit, spillTargets: [...spillTargets], latencyBudgetMs };
}

function nodeSection(node: NodeReport): Report['nodes'][number] {
  const { spec } = node;
  return {
    id: node.id,
    shard: node.shard,
    state: node.state,
    incarnation: node.incarnation,
    completed: node.completed,
    failed: node.failed,
    leasesLost: node.leasesLost,
    lastHeartbeatAt: node.lastHeartbeatAtMs > 0 ? isoTime(node.lastHeartbeatAtMs) : null,
    slots: node.slots,
    serviceMs: node.serviceMs === null ? null : rounded(node.serviceMs),
    health: node.health,
    cost: rounded(node.cost),
    pricePerJob: spec.pricePerJob,
    skills: [...spec.skills],
    image: spec.image,
    runtime: spec.runtime,
    tags: [...spec.tags],
  };
}
