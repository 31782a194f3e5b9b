/**
 * Owner commands as they may be sent: by hand, from the command line, by a program. Nothing is taken for
 * granted about what comes in, and whatever is wrong with it is told in words.
 */
import { z } from 'zod';
import { LIMITS } from '../limits.ts';
import type { SubmittedJob } from '../messages.ts';
import { RANGES, label, name, number, text, whole } from '../mission/fields.ts';
import { filledJob } from '../mission/jobs.ts';
import {
  changeFields,
  changeExpected,
  changesSomething,
  offerDefaults,
} from '../mission/node-fields.ts';
import { expectedText, problemLine, schemaProblems } from '../mission/problems.ts';
import type { NodeChange } from '../policy.ts';
import { reason, type Reason } from '../reasons.ts';

// zod's compiled parsers need `new Function`, which a workflow's sandbox does not have.
z.config({ jitless: true });

const PROBLEMS_TOLD = 3;

const shard = name();
const envelope = {
  commandId: text(128).optional(),
  by: text(128).optional(),
  reason: z.string().max(1_000).optional(),
};
const submittedJob = z.strictObject({
  id: label(),
  shard: shard.optional(),
  ...filledJob,
  payload: z.json().default(null),
});

const SCHEMAS = {
  pauseAll: z.strictObject(envelope),
  resumeAll: z.strictObject(envelope),
  pauseShard: z.strictObject({ ...envelope, shard }),
  resumeShard: z.strictObject({ ...envelope, shard }),
  updateSpilloverLimit: z.strictObject({
    ...envelope,
    shard,
    limit: whole(RANGES.spilloverLimit),
  }),
  updateLatencyBudget: z.strictObject({ ...envelope, shard, ms: whole(RANGES.latencyBudgetMs) }),
  setTickInterval: z.strictObject({ ...envelope, seconds: number(RANGES.tickSeconds) }),
  cordonNode: z.strictObject({ ...envelope, node: shard }),
  uncordonNode: z.strictObject({ ...envelope, node: shard }),
  drainNode: z.strictObject({
    ...envelope,
    node: shard,
    seconds: number(RANGES.drainSeconds).optional(),
  }),
  removeNode: z.strictObject({ ...envelope, node: shard }),
  registerNode: z.strictObject({ ...envelope, node: shard, shard, ...offerDefaults }),
  updateNode: z
    .strictObject({ ...envelope, node: shard, ...changeFields })
    .refine(changesSomething, { error: changeExpected }),
  checkpoint: z.strictObject(envelope),
  submitJobs: z.strictObject({
    ...envelope,
    jobs: z.array(submittedJob).min(1).max(LIMITS.submitBatchJobsMax),
  }),
} as const;

export type OwnerCommandName = keyof typeof SCHEMAS;
/** Those that shards carry out. */
export type RelayedCommandName = Exclude<OwnerCommandName, 'checkpoint'>;
export const OWNER_COMMANDS = Object.keys(SCHEMAS) as OwnerCommandName[];

/** What a command may carry, whichever it is. */
export interface CommandArgs extends NodeChange {
  readonly shard?: string;
  readonly limit?: number;
  readonly ms?: number;
  readonly seconds?: number;
  readonly node?: string;
  readonly jobs?: readonly SubmittedJob[];
}

export interface ParsedCommand {
  readonly commandId: string;
  readonly by: string;
  readonly reason: string;
  /** The arguments, or why there are none to be had. */
  readonly args: CommandArgs | null;
  readonly problem: Reason | null;
}

/** A value that could not be decoded, as the payload converter hands it on. */
export interface Undecodable {
  readonly undecodable: string;
}

/** Reads a command. Never throws; who sent it is taken from it as far as that can be read. */
export function parseCommand(
  commandName: string,
  input: unknown,
  fallbackId: string,
): ParsedCommand {
  const sender = senderOf(input, fallbackId);
  if (isUndecodable(input)) {
    const problem = reason('undecodable', { problem: input.undecodable });
    return { ...sender, args: null, problem };
  }
  const schema = Object.hasOwn(SCHEMAS, commandName)
    ? SCHEMAS[commandName as OwnerCommandName]
    : null;
  if (schema === null) {
    const names = OWNER_COMMANDS.join(', ');
    return {
      ...sender,
      args: null,
      problem: reason('unknown-command', { name: commandName, names }),
    };
  }
  const value = input ?? {};
  const parsed = schema.safeParse(value, { error: expectedText });
  if (!parsed.success) {
    const lines = schemaProblems(value, parsed.error).map(problemLine);
    const more = lines.length > PROBLEMS_TOLD ? `; ${lines.length - PROBLEMS_TOLD} more` : '';
    const problem = lines.slice(0, PROBLEMS_TOLD).join('; ') + more;
    return { ...sender, args: null, problem: reason('bad-arguments', { problem }) };
  }
  const {
    commandId: _,
    by: __,
    reason: ___,
    ...args
  } = parsed.data as CommandArgs & Record<'commandId' | 'by' | 'reason', unknown>;
  return { ...sender, args, problem: null };
}

function isUndecodable(input: unknown): input is Undecodable {
  return (
    typeof input === 'object' &&
    input !== null &&
    typeof (input as Partial<Undecodable>).undecodable === 'string'
  );
}

function senderOf(
  input: unknown,
  fallbackId: string,
): Pick<ParsedCommand, 'commandId' | 'by' | 'reason'> {
  const given = (typeof input === 'object' && input !== null ? input : {}) as Readonly<
    Record<string, unknown>
  >;
  const line = (key: string, charsMax: number, otherwise: string): string => {
    const value = given[key];
    return typeof value === 'string' && value !== '' ? value.slice(0, charsMax) : otherwise;
  };
  return {
    commandId: line('commandId', 128, fallbackId),
    by: line('by', 128, 'unknown'),
    reason: line('reason', 1_000, ''),
  };
}
