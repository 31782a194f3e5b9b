/**
 * Jobs that kill, hang, throw, eat memory and print without end, among jobs that do what they should: each
 * poison fails for its own reason after its tries, all others are done, no node is lost, and no process
 * stays behind.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { REAPER_NAME } from '../../activities/adapters/group-reaper.ts';
import { processLines } from '../processes.ts';
import { LiveFabric, until } from './live-fabric.ts';

const TEST_MS_MAX = 60_000;
const ATTEMPTS_MAX = 2;

/** What each poison does and what it must fail with: as a process, and as a handler in a thread. */
const OF_COMMANDS = {
  exit: 'exit-3',
  throw: 'exit-1',
  loop: 'timed-out',
  eat: 'memory',
  big: 'output-too-large',
};
const OF_THREADS = {
  exit: 'agent-died',
  throw: 'agent-threw',
  loop: 'job-timeout',
  eat: 'memory',
  big: 'result-too-large',
};
const COMMAND_JOBS = 40;
const THREAD_JOBS = 40;

const fabric = new LiveFabric();
const inFolder = (name: string): string => join(fabric.folder, name);

beforeAll(() => {
  const command = `${DO}
import { spawn } from 'node:child_process';
const child = spawn('sh', ['-c', 'sleep 600; :', process.argv[1]], { stdio: 'ignore' });
child.unref();
const { payload } = JSON.parse(readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(obey(payload)));
process.exit(0);
`;
  writeFileSync(inFolder('command.mjs'), command);
  const agent = `${DO}
export default {
  name: 'obedient',
  handle: ({ payload }) => ({ status: 'completed', result: obey(payload) }),
};
`;
  writeFileSync(inFolder('agent.mjs'), agent);
  writeFileSync(inFolder('commands.ndjson'), feed(COMMAND_JOBS, Object.keys(OF_COMMANDS)));
  writeFileSync(inFolder('threads.ndjson'), feed(THREAD_JOBS, Object.keys(OF_THREADS)));
});

afterAll(() => fabric.end(), TEST_MS_MAX);

/** What both do with a payload. */
const DO = `
import { readFileSync } from 'node:fs';
function obey(word) {
  if (word === 'exit') process.exit(3);
  if (word === 'throw') throw new Error('as told');
  if (word === 'loop') for (;;);
  if (word === 'eat') { const eaten = []; for (;;) eaten.push(new Array(10_000).fill(eaten.length)); }
  return word === 'big' ? 'x'.repeat(5_000_000) : word;
}
`;

/** Poison at every eighth place. */
function feed(count: number, poison: readonly string[]): string {
  const lines = Array.from({ length: count }, (_, i) => {
    const word = i % 8 === 3 ? poison[(i - 3) / 8]! : 'well';
    return JSON.stringify({ id: `${word}-${i}`, kind: 'k', payload: word });
  });
  return `${lines.join('\n')}\n`;
}

it(
  'poison jobs fail for their reasons, and everything else is done',
  async () => {
    const ndjson = (path: string) => ({ type: 'ndjson' as const, path });
    const mission = fabric.mission({
      scenario: 'poison',
      policy: { attemptsMax: ATTEMPTS_MAX, leaseTimeoutMs: 4_000, leaseTargetMs: 500 },
      shards: { earth: {}, luna: {} },
      nodes: [
        {
          id: 'commands',
          shard: 'earth',
          adapter: {
            type: 'command',
            command: ['node', inFolder('command.mjs')],
            timeoutMs: 1_500,
            memoryMb: 200,
          },
        },
        {
          id: 'threads',
          shard: 'luna',
          adapter: { type: 'agent', agent: 'obedient', module: 'agent.mjs', memoryMb: 48 },
        },
      ],
      feeds: [
        { id: 'processes', shard: 'earth', source: ndjson('commands.ndjson') },
        { id: 'handlers', shard: 'luna', source: ndjson('threads.ndjson') },
      ],
    });
    const running = fabric.start(['run', mission, '--quiet']);
    await until('its processes are up', () => {
      if (running.child.exitCode !== null) throw new Error(running.said());
      return readPids().length === 2;
    });
    const pids = readPids();
    expect(await running.ended, running.said()).toBe(0);
    const runId = fabric.runId();
    const { jobs, shards, nodes } = fabric.report(runId);
    expect(jobs).toMatchObject({ submitted: 80, completed: 70, failed: 10 });
    expect(Object.values(shards).map((shard) => shard.jobs.completed)).toEqual([35, 35]);
    expect(nodes.map(({ leasesLost, incarnation }) => [leasesLost, incarnation])).toEqual([
      [0, 1],
      [0, 1],
    ]);
    const records = fabric.results(runId);
    for (const [feed, codes] of [
      ['processes', OF_COMMANDS],
      ['handlers', OF_THREADS],
    ] as const) {
      const failed = records.filter((each) => each.feed === feed && each.status === 'failed');
      const seen = failed.map(({ id, code, attempt }) => [id.split('-')[0], code, attempt]);
      const expected = Object.entries(codes).flatMap(([word, code]) =>
        Array.from({ length: ATTEMPTS_MAX }, (_, i) => [word, code, i + 1]),
      );
      expect(seen.toSorted(byText)).toEqual(expected.toSorted(byText));
    }
    // Its batch-mates were done in the very leases that poison was in.
    for (const feed of ['processes', 'handlers']) {
      const own = await fabric.ledger(runId, feed === 'processes' ? 'earth' : 'luna');
      const mixed = own.filter(
        (entry) =>
          entry.type === 'outcome' &&
          entry.items.some(({ completed, retried }) => completed.length > 0 && retried.length > 0),
      );
      expect(mixed.length, feed).toBeGreaterThan(0);
    }
    await until('nothing is left behind', () => fabric.processes().length === 0, 5_000);
    expect(pids.flatMap((pid) => processLines(`${REAPER_NAME} ${pid}`))).toEqual([]);
  },
  TEST_MS_MAX,
);

/** The fabric's own processes, as far as its record names them. */
function readPids(): number[] {
  try {
    return Object.values(fabric.record().pids);
  } catch {
    return [];
  }
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
