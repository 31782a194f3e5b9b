/**
 * The report as written: `planetary-fabric/report@1`. Names here are the outside's to rely on; fields
 * are added and never renamed. `config/schemas/report.schema.json` is made from here.
 */
import { z } from 'zod';
import { LIMIT_NAMES } from './history-limits.ts';
import { PROBLEM_CODES } from './problems.ts';
import { governance, nodes, shard } from './schema-parts.ts';
import { amount, count, digest, instant, ratio, words } from './schema-fields.ts';
import { triageSchema } from './schema-triage.ts';

export const REPORT_SCHEMA = 'planetary-fabric/report@1';

const byWord = <T extends z.ZodType>(value: T) => z.record(z.string(), value);

const engine = z.strictObject({
  kind: z
    .enum(['embedded', 'external', 'virtual'])
    .describe('Who ran the Temporal server; virtual where there was none, in virtual time.'),
  address: words().describe('Its host and port.'),
  serverVersion: words().describe('Version that the server told.'),
  durability: words().describe('How its database is synced, in words.'),
});

const jobs = z.strictObject({
  submitted: count('Jobs that feeds held and that were submitted by hand.'),
  accepted: count('Jobs that a shard took on, by the ledger.'),
  refused: count('Jobs refused with a reason.'),
  completed: count('Jobs with a recorded result.'),
  failed: count('Jobs that failed for good.'),
  cancelled: count('Jobs cancelled: they were still queued when the run closed.'),
  queued: count('Jobs still queued at the end.'),
  leased: count('Jobs still with a node at the end.'),
  inTransit: count('Jobs still between two shards at the end.'),
});

const value = z
  .strictObject({
    submitted: amount('Value of all jobs that were accepted or refused.'),
    completed: amount('Value of completed jobs.'),
    failed: amount('Value of jobs that failed for good.'),
    cancelled: amount('Value of cancelled jobs.'),
    refused: amount('Value of refused jobs.'),
  })
  .describe('What the jobs were worth to their owner, in the units of the mission.');

const cost = z
  .strictObject({
    total: amount('Cost of all attempts.'),
    byNode: byWord(amount('Cost of one node.')).describe('Cost by node.'),
  })
  .describe('What nodes ask for the attempts they made, in the units of the mission.');

const checkpoint = z.strictObject({
  path: words().describe('The file.'),
  sha256: words().describe('Its digest.'),
  at: instant('When it was written.'),
  resumeToken: words().describe('What `resume` takes.'),
});

const forkedFrom = z.strictObject({
  checkpoint: count('Its number, which is the name of its file.'),
  sha256: words().describe('Its digest.'),
  endedBefore: count('Jobs that had ended by then: counted here, and listed nowhere.'),
});

const fault = z.strictObject({
  kind: words().describe('What was done.'),
  target: words().describe('To what.'),
  at: instant('When.'),
  backAfterMs: z
    .number()
    .nullable()
    .describe(
      'ms until the process was ready, the server answered, or node or network were as before again; null if that was not seen.',
    ),
  recoveredAfterMs: z
    .number()
    .nullable()
    .describe(
      'ms until the next outcome was seen on disk, of a node until that of a job it held; null if none came.',
    ),
  reexecutedJobs: count('Jobs of leases that were lost with it: at most so many ran again.'),
});

const faultNotDone = z.strictObject({
  kind: words().describe('What was to be done.'),
  target: words().describe('To what.'),
  dueMs: z.number().nullable().describe('When it was due, in ms since the start; or null.'),
  dueOutcomes: z.int().nullable().describe('After how many outcomes it was due; or null.'),
});

const timings = z.strictObject({
  startedAt: instant('When the fabric opened.'),
  finishedAt: instant('When the last job ended, or the last entry of the ledger.'),
  durationMs: amount('Between the two.'),
  jobsPerSecond: amount('Jobs that ended, by that time.'),
});

const history = z
  .strictObject({
    events: count("Events in the histories of all the run's workflows."),
    bytes: count('Their size, as the server counts it.'),
    eventsPerJob: amount('Events by jobs that ended.'),
    bytesPerJob: amount('Bytes by jobs that ended.'),
    runs: count('Workflow runs: one a workflow, and one more for every continue-as-new.'),
    limits: z
      .array(
        z.strictObject({
          name: z.enum(LIMIT_NAMES).describe('What the engine limits, of one workflow run.'),
          most: amount('The most that any workflow run of this run came to.'),
          limit: amount('What the engine takes by default.'),
          share: amount('The one by the other.'),
        }),
      )
      .describe(
        'How near the workflows came to the limits of the engine, the nearest first; empty in virtual time.',
      ),
  })
  .describe('What the run cost in durable history.');

const gate = z.strictObject({
  name: z
    .enum(['failureRate', 'completionRatio', 'overBudgetRatio', 'durationMs', 'undone', 'problems'])
    .describe('What is measured. problems: findings of the check of the files.'),
  limit: z.number().describe('The least for completionRatio, the most for the others.'),
  value: z.number().describe('What was measured.'),
  passed: z.boolean().describe('Whether it held.'),
});

const problem = z.strictObject({
  code: z.enum(PROBLEM_CODES).describe('Of what sort it is.'),
  what: words().describe('In words.'),
  job: z
    .strictObject({
      feed: words().describe('Its feed.'),
      ordinal: count('Its place in the feed, from 0.'),
    })
    .optional()
    .describe('The job that it is about.'),
});

const ledger = z.strictObject({
  path: words().describe('Folder of the ledger, or where else its entries are.'),
  entries: count('Entries in all chains.'),
  heads: byWord(words()).describe('Digest of each chain up to its last entry.'),
});

/** The whole report. */
export const reportSchema = z.strictObject({
  schema: z.literal(REPORT_SCHEMA).describe('Name and version of this format.'),
  scenario: words().describe('Name of the mission.'),
  title: words().describe('Its title, for people.'),
  runId: words().describe('Id of the run.'),
  seed: count('Seed of everything that is simulated.'),
  fabric: words().describe('Name of the fabric.'),
  passed: z.boolean().describe('Whether every gate passed.'),
  engine: engine.describe('What carried the run.'),
  jobs: jobs.describe('Jobs by what became of them.'),
  completionRatio: ratio('Completed jobs as a share of submitted ones.'),
  failureRate: ratio('Failed jobs as a share of those that completed or failed.'),
  value,
  cost,
  shards: byWord(shard).describe('By shard.'),
  nodes: nodes.describe('Every node, by shard and id.'),
  governance,
  checkpoints: z.array(checkpoint).describe('Checkpoints written.'),
  forkedFrom: forkedFrom
    .optional()
    .describe(
      'The checkpoint that the run went on from without its ledger, which was lost; absent where the ledger is whole.',
    ),
  faults: z.array(fault).describe('Faults that the mission injected.'),
  faultsNotDone: z
    .array(faultNotDone)
    .describe("The mission's faults that were not done, since the run ended before they were due."),
  timings: timings.describe('How long it took.'),
  history,
  gates: z.array(gate).describe('Conditions that the run had to meet.'),
  problems: z
    .array(problem)
    .describe('What does not add up in the files of the run; the first of each sort.'),
  problemCounts: z
    .partialRecord(z.enum(PROBLEM_CODES), count('How many.'))
    .describe('All that was found, by sort.'),
  outcomeDigest: digest('Over what became of every job; not over where, when or in what order.'),
  ledger: ledger.describe('The record that all of this was made from.'),
  triage: triageSchema.optional().describe('The ranked list, where the mission asks for one.'),
});

/** A report that the schema has taken. */
export type Report = z.infer<typeof reportSchema>;
