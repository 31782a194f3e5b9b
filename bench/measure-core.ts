/**
 * Drives one shard's core alone, as fast as it decides: jobs taken in, leased in batches of 100, ended and
 * recorded. Nodes answer at once, and the ledger's appends are confirmed.
 */
import type { LeaseGrant, LeaseResult, SubmittedJob } from '../fabric/messages.ts';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import { range, size } from '../fabric/ordinals.ts';
import { decide } from '../fabric/shard/decide.ts';
import type { ShardEffect, ShardEvent } from '../fabric/shard/events.ts';
import { openShard, type ShardState } from '../fabric/shard/state.ts';

export const LEASE_JOBS = 100;
const SUBMIT_JOBS = 500;
const NODES = 4;
const SLOTS = 4;

export interface Measured {
  readonly completed: number;
  readonly jobsPerSecond: number;
  readonly decisions: number;
  readonly leases: number;
}

function specOf(feedJobs: number): RunSpec {
  const traits = { skills: [], priority: 5, value: 1, latencyBudgetMs: null };
  const blueprint = { kind: 'range', count: feedJobs, ...traits, durationMs: 0, failureRate: 0 };
  return {
    schema: 'planetary-fabric/run@1',
    runId: 'bench',
    fabric: 'bench',
    scenario: 'bench',
    title: 'bench',
    seed: 1,
    mode: 'service',
    policy: {
      tickMs: 1_000,
      attemptsMax: 3,
      hopsMax: 3,
      leaseTargetMs: 100,
      leaseJobsMax: LEASE_JOBS,
      pageJobs: 5_000,
      unmatchedSkills: 'refuse',
      leaseTimeoutMs: 60_000,
      checkpointEveryMs: 0,
      historyEventsMax: 600,
    },
    timeScale: 1,
    shards: [
      {
        name: 'earth',
        policy: { spilloverLimit: 1_000_000, spillTargets: [], latencyBudgetMs: 60_000 },
        linkMs: {},
      },
    ],
    nodes: [],
    feeds:
      feedJobs === 0
        ? []
        : [
            {
              id: 'ranges',
              shard: 'earth',
              arrivals: { mode: 'at-once' },
              source: { type: 'synthetic', seed: 1, blueprints: [blueprint] },
              total: feedJobs,
            },
          ],
    timeline: [],
    gates: [],
    presentation: null,
    folders: { ledger: '', results: '', reports: '' },
  };
}

/**
 * Drives one shard until `jobs` have ended: handed in as room allows where `isInline`, else read as ranges
 * of a feed.
 */
export function measure(jobs: number, isInline: boolean): Measured {
  let state: ShardState = openShard(specOf(isInline ? 0 : jobs), 'earth', 0);
  let nowMs = 0;
  let submitted = 0;
  let decisions = 0;
  let events: ShardEvent[] = [{ on: 'opened' }, ...registrations()];
  const startedMs = performance.now();
  while (state.tally.completed < jobs) {
    if (isInline && submitted < jobs && state.inline.jobs + SUBMIT_JOBS <= 2_000) {
      events.push(submission(submitted));
      submitted += SUBMIT_JOBS;
    }
    nowMs += 1;
    const decision = decide(state, events, nowMs);
    state = decision.state;
    decisions += 1;
    events = decision.effects.flatMap(answerTo);
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const leases = state.tally.leasesGranted;
  const { completed } = state.tally;
  return { completed, jobsPerSecond: completed / seconds, decisions, leases };
}

function registrations(): ShardEvent[] {
  return Array.from({ length: NODES }, (_, i) => ({
    on: 'nodeRegistered',
    node: {
      id: `node-${i}`,
      shard: 'earth',
      skills: ['a', 'b'],
      slots: SLOTS,
      pricePerJob: 0.1,
      image: 'none',
      runtime: 'node',
      tags: [],
    },
    session: 's',
  }));
}

export const KINDS = ['scan', 'fetch', 'plan', 'check', 'sum', 'sort', 'draw', 'send'];

/** Jobs of 8 classes, each next to one of another class. */
function submission(from: number): ShardEvent {
  const jobs = Array.from({ length: SUBMIT_JOBS }, (_, i): SubmittedJob => {
    const sort = (from + i) % KINDS.length;
    return {
      id: `job-${from + i}`,
      kind: KINDS[sort]!,
      payload: { n: from + i },
      skills: sort % 2 === 0 ? ['a'] : ['b'],
      priority: sort,
      value: sort + 1,
      latencyBudgetMs: null,
      estimateMs: 1,
    };
  });
  const commandId = `submit-${from}`;
  const about = { by: 'bench', reason: '', via: 'orchestrator' };
  return { on: 'command', command: { commandId, name: 'submitJobs', args: { jobs }, ...about } };
}

/** The outside at its fastest. */
function answerTo(effect: ShardEffect): ShardEvent[] {
  switch (effect.do) {
    case 'lease':
      return [done(effect.grant)];
    case 'append':
      return [{ on: 'appended', throughSeq: effect.entries.at(-1)!.seq, head: 'h' }];
    case 'pull': {
      const { feed, from, count } = effect;
      const traits = { kind: 'range', skills: [], priority: 5, latencyBudgetMs: null };
      const ordinals = range(from, from + count);
      const classes = [{ ...traits, value: 1, estimateMs: 1, ordinals }];
      return [{ on: 'page', feed: feed.id, from, count, classes }];
    }
    default:
      return [];
  }
}

function done({ lease, fence, items }: LeaseGrant): ShardEvent {
  const jobs = items.reduce((sum, item) => sum + size(item.ordinals), 0);
  const result: LeaseResult = {
    items: items.map(({ ordinals }) => ({ completed: ordinals, failed: [] })),
    segment: { name: `${lease}`, records: jobs, sha256: '' },
    busyMs: jobs,
  };
  return { on: 'leaseEnded', lease, fence, result };
}
