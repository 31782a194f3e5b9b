/**
 * How a node does its jobs, as a mission says it: the schema of each adapter, and the same with its paths
 * made absolute. A node file of `worker node` says it in the same words.
 */
import { z } from 'zod';
import { LEASE_SHARES } from '../lease-time.ts';
import { filePath, label, number, object, whole } from './fields.ts';
import { grouped, type Problem } from './problems.ts';
import type { AdapterSpec } from './run-spec.ts';

const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** The name of an environment variable. */
function envName() {
  const error = 'the name of an environment variable';
  return z.string({ error }).regex(ENV_NAME, { error });
}

/** An argument or a value: anything that the system can hand to a process. */
function processText(charsMax: number) {
  const error = `text of at most ${grouped(charsMax)} characters without NUL`;
  return z
    .string({ error })
    .max(charsMax, { error })
    .regex(/^[^\0]*$/, { error });
}

const simulated = object({
  type: z.literal('simulated').describe('Jobs take a seeded time and fail at a seeded rate.'),
  speed: number({ min: 0.001, max: 1_000_000 })
    .default(1)
    .describe('Divides the service time. Default 1.'),
});

const agent = object({
  type: z.literal('agent').describe('Jobs are done by a handler in a thread of its own.'),
  agent: label().describe('The name it is registered by, such as "earthquake".'),
  module: filePath()
    .nullable()
    .default(null)
    .describe('File that holds the handler, relative to the mission. Default null: built in.'),
  memoryMb: whole({ min: 16, max: 1_048_576 })
    .default(1_024)
    .describe(
      'The most that the JavaScript heap of one thread may grow to, in MB; what Buffers hold is not counted. Default 1,024.',
    ),
});

const command = object({
  type: z
    .literal('command')
    .describe('Each job is done by a process of its own: one JSON job in, one JSON result out.'),
  command: z
    .array(processText(4_096))
    .min(1)
    .max(128)
    .describe('The program and its arguments, such as ["node", "agent.mjs"]. No shell reads them.'),
  folder: filePath()
    .nullable()
    .default(null)
    .describe("Where it runs, relative to the mission. Default null: the mission's own folder."),
  env: z
    .record(envName(), processText(32_768))
    .default({})
    .describe('Variables that it is given. They stand in the histories: no secrets. Default none.'),
  passEnv: z
    .array(envName())
    .max(64)
    .default([])
    .describe(
      "Names of variables that it is given as the node's own process has them, such as a key's. Default none.",
    ),
  timeoutMs: whole({ min: 10, max: 3_600_000 })
    .default(10_000)
    .describe('A job that takes longer, in ms, is ended and has failed. Default 10,000.'),
  memoryMb: whole({ min: 8, max: 1_048_576 })
    .default(512)
    .describe(
      'A job whose processes together hold more memory, in MB, is ended and has failed. They are looked at some times a second; a container holds a limit without gaps. Default 512.',
    ),
  outputBytesMax: whole({ min: 2, max: 1_048_576 })
    .default(65_536)
    .describe('A job that prints more, in bytes, is ended and has failed. Default 65,536.'),
});

/** The `adapter` of a node. */
export const adapter = z
  .discriminatedUnion('type', [simulated, agent, command])
  .prefault({ type: 'simulated' })
  .describe('How the node does its jobs. Default simulated.');

export type MissionAdapter = z.output<typeof adapter>;

/** The adapter as a run keeps it. `pathOf` makes a path of the file absolute; `.` is its own folder. */
export function runAdapter(adapter: MissionAdapter, pathOf: (path: string) => string): AdapterSpec {
  const { $comment: _, ...given } = adapter;
  if (given.type === 'simulated') return given;
  if (given.type === 'command') return { ...given, folder: pathOf(given.folder ?? '.') };
  return { ...given, module: given.module === null ? null : pathOf(given.module) };
}

/**
 * A time-out that a lease would not wait for: its last job may begin when half of the lease is over, and
 * would be ended by its lease instead, in the middle of its own time. Null when there is no such thing.
 */
export function timeoutProblem(
  given: MissionAdapter,
  leaseTimeoutMs: number,
  path: string,
): Problem | null {
  if (given.type !== 'command') return null;
  const mostMs = Math.round((LEASE_SHARES.endBy - LEASE_SHARES.beginBy) * leaseTimeoutMs);
  if (given.timeoutMs <= mostMs) return null;
  const expected = `at most ${grouped(mostMs)}, which policy.leaseTimeoutMs, ${grouped(leaseTimeoutMs)}, leaves the last job of a lease`;
  return { path: `${path}.timeoutMs`, found: grouped(given.timeoutMs), expected };
}
