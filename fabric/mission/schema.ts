/**
 * The mission file: everything that a run is told before it starts, and nothing that it could find out
 * itself. `config/schemas/mission.schema.json` is made from here, so every field says what it means
 * and what it is when left out.
 */
import { z } from 'zod';
import { LIMITS } from '../limits.ts';
import { adapter } from './adapter.ts';
import { missionFault } from './faults.ts';
import { RANGES, filePath, name, number, object, text, whole } from './fields.ts';
import { blueprint, filledJob, placedBlueprint } from './jobs.ts';
import { offerDefaults } from './node-fields.ts';
import { timelineEntry } from './timeline.ts';

const policy = object({
  tickMs: whole({ min: RANGES.tickSeconds.min * 1000, max: RANGES.tickSeconds.max * 1000 })
    .default(1_000)
    .describe("The orchestrator's cadence in ms. Default 1,000."),
  attemptsMax: whole({ min: 1, max: 20 })
    .default(3)
    .describe('Tries of one job before it is failed. Default 3.'),
  hopsMax: whole({ min: 0, max: 16 })
    .default(3)
    .describe('How many times one job may be moved between shards. Default 3.'),
  leaseTargetMs: whole({ min: 10, max: 600_000 })
    .default(500)
    .describe('How long one lease should take in ms; its size follows from it. Default 500.'),
  leaseJobsMax: whole({ min: 1, max: LIMITS.leaseJobsMax })
    .default(5_000)
    .describe('Jobs in one lease at the most. Default 5,000.'),
  pageJobs: whole({ min: 1, max: LIMITS.pageJobsMax })
    .default(5_000)
    .describe(
      'Jobs pulled from a feed at a time; as many more are pulled ahead as the nodes can hold. Default 5,000.',
    ),
  unmatchedSkills: z
    .enum(['refuse', 'wait'])
    .default('refuse')
    .describe(
      'What a job gets that no node in reach can do: refused, or left waiting. Default refuse.',
    ),
  leaseTimeoutMs: whole({ min: 1_000, max: 86_400_000 })
    .default(60_000)
    .describe(
      'A lease that takes longer, in ms, is given up and its jobs are requeued. Default 60,000.',
    ),
  historyEventsMax: whole({ min: 50, max: 2_000 })
    .default(LIMITS.historyEventsMax)
    .describe('Events of one workflow run before it continues as new. Default 600.'),
  checkpointEveryMs: whole({ min: 0, max: 86_400_000 })
    .default(60_000)
    .describe(
      'How often a checkpoint is written while work goes on, in ms; 0 for only when asked for and at the end. Default 60,000.',
    ),
});

const axis = number({ min: -1e12, max: 1e12 });

const position = object({
  xKm: axis.describe('Kilometres; the Sun lies along −x.'),
  yKm: axis.describe('Kilometres.'),
  zKm: axis.describe('Kilometres.'),
}).describe(
  'Where it is, in km from Earth. Needed for a shard that is not one of the five regions; moves one that is.',
);

const shard = object({
  spilloverLimit: whole(RANGES.spilloverLimit)
    .default(1_000)
    .describe('The queue depth, in jobs, above which it sheds. Default 1,000.'),
  spillTargets: z
    .array(name())
    .max(LIMITS.shardsMax)
    .default([])
    .describe('Shards that it sheds to, in this order. Default none: it never sheds.'),
  latencyBudgetMs: whole(RANGES.latencyBudgetMs)
    .default(60_000)
    .describe(
      'The most that link and expected wait may come to for its jobs, in ms. Default 60,000.',
    ),
  position: position.optional(),
}).describe('One region with its own registry, router and nodes.');

/** One agent host of a mission, or several equal ones. */
export const node = object({
  id: name().describe('Unique in the mission.'),
  shard: name().describe('The shard that it works for.'),
  count: whole({ min: 1, max: LIMITS.nodesPerShardMax })
    .default(1)
    .describe('Above 1: so many equal nodes, `<id>-1` to `<id>-n`. Default 1.'),
  ...offerDefaults,
  adapter,
}).describe('One agent host, or several equal ones.');

const take = whole(RANGES.jobsPerFeed)
  .optional()
  .describe('Only its first so many jobs. Left out: all.');

const source = z
  .discriminatedUnion('type', [
    object({
      type: z.literal('synthetic').describe('Simulated jobs, made from the seed.'),
      blueprints: z.array(blueprint).min(1).max(64).describe('Sorts of jobs, one after another.'),
    }),
    object({
      type: z.literal('ndjson').describe('A file of one JSON job a line.'),
      path: filePath().describe('The file, relative to the mission.'),
      take,
    }),
    object({
      type: z.literal('geojson').describe('A GeoJSON file as USGS publishes: one job a feature.'),
      path: filePath().describe('The file, relative to the mission.'),
      take,
      ...filledJob,
    }),
  ])
  .describe('Where its jobs come from.');

const arrivals = z
  .discriminatedUnion('mode', [
    object({ mode: z.literal('at-once').describe('All jobs are there at the start.') }),
    object({
      mode: z.literal('rate').describe('Jobs come one by one.'),
      perSecond: number({ min: 0.001, max: 10_000_000 }).describe('Jobs a second of the run.'),
    }),
    object({
      mode: z.literal('event-time').describe('Jobs come at the times in the file, made shorter.'),
      timeScale: number(RANGES.timeScale)
        .optional()
        .describe("How many times faster than the file's own time. Default: the mission's."),
    }),
  ])
  .prefault({ mode: 'at-once' })
  .describe('When its jobs arrive. Default at-once.');

const feed = object({
  id: name().describe('Unique in the mission.'),
  shard: name().describe('The shard that pulls it.'),
  source,
  arrivals,
}).describe('A row of jobs for one shard.');

const share = number({ min: 0, max: 1 }).optional();

const gates = object({
  failureRate: share.describe('Passes when at most this share of the jobs that ended failed.'),
  completionRatio: share.describe('Passes when at least this share of the jobs was completed.'),
  overBudgetRatio: share.describe('Passes when at most this share was over its latency budget.'),
  durationMs: number({ min: 1, max: RANGES.latencyBudgetMs.max })
    .optional()
    .describe('Passes when the run took at most so many ms.'),
}).describe('Conditions that the run must meet to end with exit code 0. Default none.');

/** A whole mission. Cross-references between its parts are looked at by `checkMission`. */
export const missionSchema = object({
  $schema: z.string().optional().describe('Address of this schema, for editors.'),
  scenario: name().describe('Short name; becomes part of the run id.'),
  title: text(120).optional().describe('For people. Default: the scenario.'),
  seed: whole(RANGES.seed).default(1).describe('Everything drawn comes from it. Default 1.'),
  mode: z
    .enum(['mission', 'service'])
    .default('mission')
    .describe('mission ends when its jobs have ended, service runs until `down`. Default mission.'),
  timeScale: number(RANGES.timeScale)
    .default(1)
    .describe('How many times faster than reality links (and event times) are. Default 1.'),
  policy: policy.prefault({}).describe('Settings of the whole run.'),
  shards: z.record(name(), shard).describe('The regions by name.'),
  nodes: z.array(node).max(512).default([]).describe('Agent hosts. Default none.'),
  feeds: z.array(feed).max(256).default([]).describe('Where jobs come from. Default none.'),
  blueprints: z
    .array(placedBlueprint(name()))
    .max(256)
    .default([])
    .describe('Simulated jobs, all there at the start: one feed `<shard>-blueprints` a shard.'),
  timeline: z
    .array(timelineEntry)
    .max(LIMITS.timelineMax)
    .default([])
    .describe("The owner's commands on a schedule. Default none."),
  faults: z
    .array(missionFault)
    .max(LIMITS.faultsMax)
    .default([])
    .describe('What is done to its own processes, to show that it bears it. Default none.'),
  gates: gates.prefault({}),
  presentation: z
    .enum(['earthquake-triage'])
    .nullable()
    .default(null)
    .describe("What the report's first page shows beside the fabric's numbers. Default null."),
})
  .describe('A mission of the Planetary Orchestrator Fabric.')
  .meta({ title: 'Mission' });

/** A mission as its file may give it. */
export type MissionInput = z.input<typeof missionSchema>;
/** A mission with its defaults filled in. */
export type Mission = z.output<typeof missionSchema>;
export type MissionFeed = Mission['feeds'][number];
export type MissionNode = Mission['nodes'][number];
