/**
 * The owner's commands as a mission schedules them. Name and arguments are checked with the file, so
 * that a slip shows before the run starts and not minutes into it.
 */
import { z } from 'zod';
import { filledJob } from './jobs.ts';
import { RANGES, number, object, name, label, text, whole } from './fields.ts';
import { LIMITS } from '../limits.ts';

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const DURATION = /^(\d{1,9}(?:\.\d{1,3})?) ?(ms|s|m|h)$/;
export const AT_MS_MAX = 30 * 24 * 3_600_000;
const error = 'a time such as "2s", "500ms" or "1.5m", or a number of ms, 30 days at the most';

/** A point in time of a run, in ms or as text. */
export const at = z
  .union(
    [
      z.number({ error }).min(0, { error }).max(AT_MS_MAX, { error }),
      z.string({ error }).max(16, { error }).regex(DURATION, { error }),
    ],
    { error },
  )
  .describe(
    'When: a number of ms after the start, or text with a unit (ms, s, m, h), such as "2s". Give this or `outcomes`.',
  );

const shard = name().describe('The shard that it is for.');

function command<Name extends string, Args extends z.core.$ZodLooseShape>(
  commandName: Name,
  args: Args,
  says: string,
) {
  const schema = z.strictObject(args);
  const takesNothing = Object.keys(args).length === 0;
  return object({
    at: at.optional(),
    outcomes: whole({ min: 1, max: RANGES.jobsPerFeed.max })
      .optional()
      .describe('When: once so many jobs of the whole run have ended. Give this or `at`.'),
    command: z.literal(commandName).describe(says),
    args: takesNothing
      ? schema.prefault({} as z.input<typeof schema>).describe('None.')
      : schema.describe('Its arguments.'),
    reason: text(200).default('mission timeline').describe('Why; stands in the report.'),
  });
}

const submittedJob = object({
  id: label().describe('The id of the job, unique in the run.'),
  shard,
  ...filledJob,
  payload: z.json().default(null).describe('What the agent is handed. Default null.'),
}).describe('One job.');

/** One entry of `timeline`, told apart by `command`. */
export const timelineEntry = z.discriminatedUnion('command', [
  command('pauseAll', {}, 'Stops leasing on every shard.'),
  command('resumeAll', {}, 'Lets every shard lease again.'),
  command('pauseShard', { shard }, 'Stops leasing on one shard.'),
  command('resumeShard', { shard }, 'Lets one shard lease again.'),
  command(
    'updateSpilloverLimit',
    { shard, limit: whole(RANGES.spilloverLimit).describe('Jobs.') },
    'Sets the queue depth above which a shard sheds.',
  ),
  command(
    'updateLatencyBudget',
    { shard, ms: whole(RANGES.latencyBudgetMs).describe('Milliseconds.') },
    "Sets a shard's latency budget.",
  ),
  command(
    'setTickInterval',
    { seconds: number(RANGES.tickSeconds).describe('Seconds.') },
    "Sets the orchestrator's cadence.",
  ),
  command('checkpoint', {}, 'Writes a checkpoint.'),
  command(
    'submitJobs',
    { jobs: z.array(submittedJob).min(1).max(LIMITS.submitBatchJobsMax).describe('The jobs.') },
    'Submits jobs by hand.',
  ),
]);

export type TimelineEntry = z.output<typeof timelineEntry>;

/** The time of an entry in ms, or null where it waits for outcomes. */
export function dueMs({ at: due }: TimelineEntry): number | null {
  return due === undefined ? null : timeInMs(due);
}

/** A time as the schema takes it, in ms. */
export function timeInMs(due: number | string): number {
  if (typeof due === 'number') return due;
  const [, digits, unit] = DURATION.exec(due) ?? [];
  return Number(digits) * (UNITS_MS[unit ?? ''] ?? Number.NaN);
}

/** False for a time written with a unit that passes what a number may be. */
export function dueInRange(entry: TimelineEntry): boolean {
  return (dueMs(entry) ?? 0) <= AT_MS_MAX;
}
