import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Adapter } from '../../../activities/adapters/adapter.ts';
import { commandAdapter } from '../../../activities/adapters/command.ts';
import { REAPER_NAME } from '../../../activities/adapters/group-reaper.ts';
import type { CommandSpec } from '../../../fabric/mission/run-spec.ts';
import { isAlive, processLines } from '../../processes.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { jobs, runAdapter, type RunWishes } from './run-adapter.ts';

const folder = temporaryFolder();
let opened: Adapter | null = null;

beforeEach(() => writeFileSync(folder.in('job.mjs'), JOB));

afterEach(async () => {
  await opened?.close();
  opened = null;
});

/** Does what a job's payload tells it to. */
const JOB = `
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
const job = JSON.parse(readFileSync(0, 'utf8'));
const [word, value] = job.payload;
const say = (result) => process.stdout.write(JSON.stringify(result));
if (word === 'job') say(job);
if (word === 'env') say({ env: process.env, folder: process.cwd() });
if (word === 'print') process.stdout.write(value);
if (word === 'exit') { console.error('first\\n\\u001b[31mlast words\\u001b[0m'); process.exit(value); }
if (word === 'throw') throw new Error('no such luck');
if (word === 'kill') process.kill(process.pid, value);
if (word === 'loop') for (;;);
if (word === 'deaf') { process.on('SIGTERM', () => {}); for (;;) await new Promise((yes) => setTimeout(yes, 10)); }
if (word === 'eat') { const eaten = []; for (;;) { eaten.push(Buffer.alloc(4_000_000, 1)); await new Promise(setImmediate); } }
if (word === 'big') say('x'.repeat(value));
if (word === 'child') {
  const child = spawn('sleep', ['600'], { stdio: 'inherit' });
  writeFileSync('child.pid', String(child.pid));
  child.unref();
  if (value === 'stay') for (;;) await new Promise((yes) => setTimeout(yes, 10));
  say('left a child');
  process.exit(0);
}
`;

function spec(parts: Partial<CommandSpec> = {}): CommandSpec {
  return {
    type: 'command',
    command: [process.execPath, 'job.mjs'],
    folder: folder.path,
    env: {},
    passEnv: [],
    timeoutMs: 5_000,
    memoryMb: 512,
    outputBytesMax: 65_536,
    ...parts,
  };
}

/** One job for each payload, one after the other. */
async function outcomes(
  payloads: readonly unknown[][],
  parts: Partial<CommandSpec> = {},
  wishes: RunWishes = {},
): Promise<unknown[]> {
  opened = commandAdapter(spec(parts));
  await opened.open();
  const list = payloads.map((payload, ordinal) => ({ ...jobs(1, payload)[0]!, ordinal }));
  return [...(await runAdapter(opened, list, wishes)).values()];
}

const childPid = (): number => Number(readFileSync(folder.in('child.pid'), 'utf8'));
const hasChild = (): boolean => existsSync(folder.in('child.pid')) && childPid() > 0;

describe('a command', () => {
  test('gets one job as JSON and answers with its result as JSON', async () => {
    const body = { id: 'f-0', kind: 'k', payload: ['job'] };
    expect(await outcomes([['job'], ['print', ' null\n']])).toEqual([
      { status: 'completed', result: { ...body, attempt: 1, idempotencyKey: 'run/f/0' } },
      { status: 'completed', result: null },
    ]);
  });

  test('sees a few variables of the node, what it is passed and what it is given, in its folder', async () => {
    vi.stubEnv('PASSED', 'on');
    vi.stubEnv('KEPT', 'back');
    const [outcome] = await outcomes([['env']], { env: { GIVEN: 'a b' }, passEnv: ['PASSED'] });
    vi.unstubAllEnvs();
    const { result } = outcome as { result: { env: Record<string, string>; folder: string } };
    expect(result.folder).toBe(folder.path);
    expect(result.env).toMatchObject({ GIVEN: 'a b', PASSED: 'on', PATH: process.env['PATH'] });
    expect(result.env).not.toHaveProperty('KEPT');
  });

  test('fails by its exit code, by a signal, and by what it prints, with its last words', async () => {
    expect(
      await outcomes([
        ['exit', 3],
        ['throw'],
        ['kill', 'SIGKILL'],
        ['print', 'not JSON\u0007'],
        ['print', ''],
        ['print', '{"a":1}{"b":2}'],
        ['job'],
      ]),
    ).toMatchObject([
      { code: 'exit-3', message: 'it ended with exit code 3: first | last words' },
      { code: 'exit-1', message: expect.stringContaining('no such luck') as string },
      { code: 'killed-SIGKILL', message: 'it was killed by SIGKILL' },
      { code: 'bad-result', message: 'it printed what is not one JSON value: "not JSON"' },
      { code: 'bad-result', message: 'it printed nothing; expected JSON' },
      { code: 'bad-result' },
      { status: 'completed' },
    ]);
  });

  test('that is not there, or whose folder is gone, fails its job', async () => {
    const lost = { code: 'exit-127', message: expect.stringContaining('not found') as string };
    expect(await outcomes([['job']], { command: ['no-such-program'] })).toMatchObject([lost]);
    await opened!.close();
    const gone = { folder: folder.in('gone') };
    expect(await outcomes([['job']], gone)).toMatchObject([{ code: 'not-started' }]);
  });

  test('that loops or does not listen is ended at its time-out, and the next job runs', async () => {
    const limits = { timeoutMs: 700 };
    expect(await outcomes([['loop'], ['deaf'], ['job']], limits)).toMatchObject([
      { code: 'timed-out', message: 'it did not end within 700 ms' },
      { code: 'timed-out' },
      { status: 'completed' },
    ]);
  });

  test('whose lease ends first fails as an overrun of that', async () => {
    const late = await outcomes([['loop'], ['job']], {}, { limitMs: 300 });
    expect(late[0]).toMatchObject({ code: 'job-timeout' });
  });

  test('that eats memory is ended with what it held, and the next job runs', async () => {
    const ate = /^its processes held \d+ MB; at most 120 are allowed/;
    expect(await outcomes([['eat'], ['job']], { memoryMb: 120 })).toMatchObject([
      { code: 'memory', message: expect.stringMatching(ate) as string },
      { status: 'completed' },
    ]);
  });

  test('that prints more than it may is ended, and the next job runs', async () => {
    const much = [['big', 5_000_000], ['big', 60_000], ['job']];
    expect(await outcomes(much)).toMatchObject([
      { code: 'output-too-large', message: 'it printed more than 65536 bytes' },
      { status: 'completed' },
      { status: 'completed' },
    ]);
  });

  test('takes what it started along when it ends', async () => {
    expect(await outcomes([['child', 'leave']])).toEqual([
      { status: 'completed', result: 'left a child' },
    ]);
    await vi.waitUntil(() => !isAlive(childPid()), 5_000);
  });

  test('that is abandoned says nothing, and is gone with its children when the adapter closes', async () => {
    const leave = new AbortController();
    const running = outcomes([['child', 'stay']], {}, { abandoned: leave.signal });
    await vi.waitUntil(hasChild, 5_000);
    leave.abort();
    expect(await running).toEqual([]);
    await opened!.close();
    await vi.waitUntil(() => !isAlive(childPid()), 5_000);
    expect(processLines(`${REAPER_NAME} ${process.pid}`)).toEqual([]);
  });
});

test('no process of a job outlives a host that is killed', async () => {
  const host = spawn(process.execPath, ['--input-type=module', '-e', HOST], {
    cwd: process.cwd(),
    env: { ...process.env, COMMAND: JSON.stringify(spec()) },
    stdio: 'inherit',
  });
  await vi.waitUntil(hasChild, 10_000);
  const leader = processLines('job.mjs').filter((line) => !line.includes('-e'));
  expect(leader.length).toBeGreaterThan(0);
  host.kill('SIGKILL');
  await once(host, 'exit');
  await vi.waitUntil(() => !isAlive(childPid()), 5_000);
  await vi.waitUntil(() => processLines(`${REAPER_NAME} ${host.pid}`).length === 0, 5_000);
});

/** A host that runs one job for ever. */
const HOST = `
const { commandAdapter } = await import('./dist/activities/adapters/command.js');
const adapter = commandAdapter(JSON.parse(process.env.COMMAND));
await adapter.open();
const body = { id: 'f-0', kind: 'k', payload: ['child', 'stay'] };
await adapter.run({
  jobs: [{ feed: 'f', ordinal: 0, attempt: 1, idempotencyKey: 'run/f/0', body }],
  mayStart: () => true,
  endByMs: Infinity,
  abandoned: new AbortController().signal,
  onDone: console.log,
});
`;
