/** The parts of the report's schema that tell of shards, nodes and the owner. */
import { z } from 'zod';
import { NODE_LIVES } from '../fabric/messages.ts';
import { amount, count, instant, ratio, words } from './schema-fields.ts';

const policy = z.strictObject({
  spilloverLimit: count('Queue depth above which it sheds.'),
  spillTargets: z.array(words()).describe('Where it sheds to, in this order.'),
  latencyBudgetMs: amount('The most that link and wait may come to for a job of this origin.'),
});

/** One shard. */
export const shard = z.strictObject({
  jobs: z
    .strictObject({
      submitted: count('Jobs of its feeds and jobs submitted to it.'),
      accepted: count('Jobs it took on as their origin.'),
      refused: count('Jobs it refused.'),
      completed: count('Jobs that completed here, wherever they came from.'),
      failed: count('Jobs that failed for good here.'),
      cancelled: count('Jobs cancelled here.'),
      retried: count('Failed attempts that were tried again.'),
      queued: count('Jobs queued at the end.'),
      leased: count('Jobs with a node at the end.'),
      inTransit: count('Jobs sent off and not yet taken at the end.'),
    })
    .describe('Jobs by what this shard did with them.'),
  queueDepth: z
    .strictObject({
      now: count('At the end.'),
      max: count('The most it ever was.'),
      series: z
        .array(z.tuple([amount('ms since the start.'), count('Jobs.')]))
        .describe('`[ms since the start, jobs]`, in order of time.'),
    })
    .describe('Jobs that had arrived and were with no node.'),
  spilledIn: count('Jobs taken over from other shards.'),
  spilledOut: count('Jobs handed to other shards.'),
  spillovers: z.record(z.string(), count('Jobs.')).describe('Jobs handed over, by target.'),
  latencyMs: z
    .strictObject({
      budget: amount('Its latency budget at the end.'),
      p50: amount('Half of the jobs took at most this, from arrival to result.'),
      p95: amount('95% took at most this.'),
      p99: amount('99% took at most this.'),
      overBudget: count('Jobs that took longer than their budget; they were done all the same.'),
    })
    .describe('Time from arrival to result, in ms; within about 19%, as it is counted in steps.'),
  leases: z
    .strictObject({
      granted: count('Batches given to nodes.'),
      lost: count('Batches that a node did not answer for; their jobs were queued again.'),
      lateAnswers: count('Answers that came after that, and were refused.'),
    })
    .describe('Batches of jobs given to nodes.'),
  paused: z.boolean().describe('Whether it was paused at the end.'),
  policy: policy.describe('Its policy at the end.'),
});

/** Every node. */
export const nodes = z.array(
  z.strictObject({
    id: words().describe('Its id.'),
    shard: words().describe('The shard that it serves.'),
    state: z.enum(NODE_LIVES).describe('Its state at the end.'),
    incarnation: count('How many times it has registered.'),
    completed: count('Jobs it completed.'),
    failed: count('Attempts that failed on it.'),
    leasesLost: count('Batches it did not answer for.'),
    lastHeartbeatAt: instant('A point in time.')
      .nullable()
      .describe(
        'When it last registered or ended a lease; a missed heartbeat is told by its state.',
      ),
    slots: count('Batches it works on at the same time.'),
    serviceMs: amount('In ms.')
      .nullable()
      .describe('Mean time a job took it lately; null before its first.'),
    health: ratio('Share of recent attempts that succeeded.'),
    cost: amount('What it asks for its attempts.'),
    pricePerJob: amount('What it asks for one.'),
    skills: z.array(words()).describe('What it can do.'),
    image: words().describe('The image it runs from, or empty.'),
    runtime: words().describe('What it runs on, or empty.'),
    tags: z.array(words()).describe('Words its owner gave it.'),
  }),
);

const command = z.strictObject({
  commandId: words().describe('Its id.'),
  name: words().describe('What was asked for.'),
  args: z.unknown().describe('With what.'),
  by: words().describe('Who asked.'),
  reason: words().describe('Why.'),
  via: words().describe('By which way: signal, update, timeline, or straight to a shard.'),
  receivedAt: instant('When it came.'),
  appliedAt: instant('A point in time.').nullable().describe('When it took effect, if it did.'),
  outcome: z
    .enum(['received', 'applied', 'refused', 'unconfirmed'])
    .describe('unconfirmed: not every shard had answered in time.'),
  refusedBecause: words().nullable().describe('Why it was refused.'),
  effect: words().describe('What it changed, in words.'),
});

const snapshot = z.strictObject({
  at: instant('From when on this held.'),
  commandId: words().nullable().describe("The command that led to it; null for the mission's own."),
  tickMs: amount("The orchestrator's cadence."),
  fabricPaused: z.boolean().describe('Whether all was paused.'),
  shards: z
    .record(
      z.string(),
      z.strictObject({
        paused: z.boolean().describe('Whether this shard was.'),
        policy: policy.describe('Its policy.'),
      }),
    )
    .describe('By shard.'),
});

/** Who set what, when and why. */
export const governance = z
  .strictObject({
    snapshots: z.array(snapshot).describe('What held from when on.'),
    commands: z.array(command).describe('Everything that was asked, in the order it came.'),
    commandsDropped: count('Older commands, which only the ledger still holds.'),
  })
  .describe('Who set what, when and why, and what it changed.');
