/**
 * What a mission says about jobs: the traits they share, and blueprints, which stand for many jobs of
 * one sort.
 */
import { z } from 'zod';
import { TRAIT_DEFAULTS } from '../job.ts';
import { RANGES, label, number, object, skills, whole } from './fields.ts';

const kind = label().describe('What sort of job it is; adapters and reports go by it.');

const traits = {
  skills: skills().default([]).describe('Skills that a node must have, all of them. Default none.'),
  priority: whole(RANGES.priority)
    .default(TRAIT_DEFAULTS.priority)
    .describe('0 (last) to 9 (first). Default 5.'),
  value: number(RANGES.value)
    .default(TRAIT_DEFAULTS.value)
    .describe('What one such job is worth. Default 1.'),
  latencyBudgetMs: whole(RANGES.latencyBudgetMs)
    .nullable()
    .default(null)
    .describe("Its own latency budget in ms. Default null: its shard's."),
};

/** Traits of real jobs. */
export const filledJob = {
  kind,
  ...traits,
  estimateMs: number(RANGES.durationMs)
    .nullable()
    .default(null)
    .describe('How long one job is expected to take, in ms. Default null: not known.'),
};

const blueprintShape = {
  kind,
  count: whole(RANGES.jobsPerFeed).describe('How many of them.'),
  ...traits,
  durationMs: number(RANGES.durationMs)
    .default(0)
    .describe('Mean simulated service time of one job in ms. Default 0.'),
  failureRate: number({ min: 0, max: 1 })
    .default(0)
    .describe('Share of attempts that fail, 0 to 1, drawn from the seed. Default 0.'),
};

/** Simulated jobs of one sort. */
export const blueprint = object(blueprintShape).describe('Simulated jobs of one sort.');

export type MissionBlueprint = z.output<typeof blueprint>;

/** The same directly on a mission, where it names its shard. */
export const placedBlueprint = (shard: z.ZodString) =>
  object({ shard: shard.describe('The shard they come from.'), ...blueprintShape }).describe(
    'Simulated jobs of one sort, for one shard.',
  );
