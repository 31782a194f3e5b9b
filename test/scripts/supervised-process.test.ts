// A process of the fabric under its supervisor, with real processes: kept alive, given up, ended.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { processIdentity } from '../../engine/process-identity.ts';
import type { SupervisedProcess } from '../../scripts/supervised-process.ts';
import { superviseProcess } from '../../scripts/supervised-process.ts';

let folder: string;
let running: SupervisedProcess[];
const pids: number[] = [];
const deaths: [string, number][] = [];
let readies = 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'supervised-'));
  running = [];
  pids.length = 0;
  deaths.length = 0;
  readies = 0;
});

afterEach(async () => {
  await Promise.all(running.map((each) => each.stop(0)));
  rmSync(folder, { recursive: true, force: true });
});

const logFile = (): string => join(folder, 'logs', 'p.log');
const isGone = async (pid: number): Promise<boolean> => (await processIdentity(pid)) === null;

function supervise(
  program: string,
  command = process.execPath,
  log = logFile(),
): SupervisedProcess {
  const supervised = superviseProcess({
    role: 'node host',
    command,
    args: ['-e', program],
    env: process.env,
    logFile: log,
    onStart: (pid) => pids.push(pid),
    onReady: () => (readies += 1),
    onDeath: (how, nextMs) => deaths.push([how, nextMs]),
  });
  running.push(supervised);
  return supervised;
}

const STAYS = "console.log('ready'); process.stdin.resume();";

test('it is ready once it says so, and both its outputs are in its log', async () => {
  await supervise(`console.error('a warning'); console.log('opening'); ${STAYS}`).ready;
  expect(readFileSync(logFile(), 'utf8')).toContain('a warning');
  expect(readFileSync(logFile(), 'utf8')).toContain('opening\nready\n');
});

test.runIf(existsSync('/dev/full'))(
  'a log that the disk has no room for does not keep it from being ready',
  async () => {
    await supervise(`console.error('a warning'); ${STAYS}`, process.execPath, '/dev/full').ready;
    expect(readies).toBe(1);
  },
);

test('killed, it is started again, and tells when it is ready again', async () => {
  await supervise(STAYS).ready;
  process.kill(pids[0]!, 'SIGKILL');
  await vi.waitUntil(() => readies === 2, 10_000);
  expect(deaths).toEqual([['SIGKILL', 0]]);
  expect(pids).toHaveLength(2);
  expect(await isGone(pids[0]!)).toBe(true);
});

test('killed by a fault, it is started again at once, however often', async () => {
  const supervised = supervise(STAYS);
  await supervised.ready;
  for (const kills of [1, 2, 3]) {
    await supervised.kill(true);
    await vi.waitUntil(() => readies === kills + 1, 10_000);
  }
  expect(deaths).toEqual(Array.from({ length: 3 }, () => ['SIGKILL', 0]));
});

test('killed by a fault that is to be the end, it stays away', async () => {
  const supervised = supervise(STAYS);
  await supervised.ready;
  await supervised.kill(false);
  expect(await isGone(pids[0]!)).toBe(true);
  expect(deaths).toEqual([]);
  expect(pids).toHaveLength(1);
});

test('halted, it still ends when it is told to', async () => {
  const supervised = supervise(STAYS);
  await supervised.ready;
  supervised.halt();
  const startedMs = Date.now();
  await supervised.stop(60_000);
  expect(Date.now() - startedMs).toBeLessThan(10_000);
  expect(await isGone(pids[0]!)).toBe(true);
});

test('dying again and again it is started ever less eagerly', async () => {
  await supervise("console.log('ready'); setTimeout(() => process.exit(4), 20)").ready;
  await vi.waitUntil(() => deaths.length === 3, 10_000);
  expect(deaths).toEqual([
    ['exit code 4', 0],
    ['exit code 4', 200],
    ['exit code 4', 400],
  ]);
});

test('three deaths before it was ever ready are enough, and the end of its log is shown', async () => {
  const supervised = supervise("console.error('no such module'); process.exit(1)");
  await expect(supervised.ready).rejects.toMatchObject({
    exitCode: 1,
    message: `The node host process can't be started (exit code 1). Its log, ${logFile()}, ends with:
  no such module
  no such module
  no such module`,
  });
  expect(pids).toHaveLength(3);
});

test('a program that is not there is given up like one that dies', async () => {
  await expect(supervise('', join(folder, 'none')).ready).rejects.toThrow(
    /can't be started .*ENOENT/,
  );
});

test('stopped, it gets SIGTERM, is gone, and is not started again', async () => {
  const supervised = supervise(
    `process.on('SIGTERM', () => { console.log('handing back'); process.exit(0); }); ${STAYS}`,
  );
  await supervised.ready;
  await supervised.stop(10_000);
  expect(await isGone(pids[0]!)).toBe(true);
  expect(readFileSync(logFile(), 'utf8')).toContain('handing back');
  expect({ pids: pids.length, deaths }).toEqual({ pids: 1, deaths: [] });
});

test('one that ignores SIGTERM gets SIGKILL after its grace', async () => {
  const supervised = supervise(`process.on('SIGTERM', () => undefined); ${STAYS}`);
  await supervised.ready;
  const startedMs = Date.now();
  await supervised.stop(300);
  expect(Date.now() - startedMs).toBeGreaterThanOrEqual(290);
  expect(await isGone(pids[0]!)).toBe(true);
});

test('stopped between two starts it stays ended', async () => {
  const dying = "console.log('ready'); setTimeout(() => process.exit(4), 20)";
  const stopped = supervise(dying);
  await vi.waitUntil(() => deaths.length === 2, 10_000);
  await stopped.stop(1_000);
  const started = readFileSync(logFile(), 'utf8');
  // Another that dies alike shows that the time for the next start has passed.
  const other = supervise(dying, process.execPath, join(folder, 'other.log'));
  await vi.waitUntil(() => deaths.length === 5, 10_000);
  await other.stop(1_000);
  expect(readFileSync(logFile(), 'utf8')).toBe(started);
});

test('it learns of the loss of its supervisor by the end of its standard input', async () => {
  const program = `
    const { spawn } = require('node:child_process');
    const child = spawn(process.execPath, ['-e', "process.stdin.resume().on('end', () => process.exit())"],
      { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    console.log('child ' + child.pid);
    ${STAYS}`;
  await supervise(program).ready;
  const child = Number(/child (\d+)/.exec(readFileSync(logFile(), 'utf8'))?.[1]);
  expect(await isGone(child)).toBe(false);
  process.kill(pids[0]!, 'SIGKILL');
  await vi.waitUntil(() => isGone(child), 10_000);
});
