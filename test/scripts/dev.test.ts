// `npm run dev`, with real processes in the place of compiler, bundler and fabric: the compiler says
// what it is told through a file, and the fabric keeps two processes and their record.
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { processIdentity } from '../../engine/process-identity.ts';
import type { DevOrder } from '../../scripts/dev.ts';
import { develop } from '../../scripts/dev.ts';
import { findFabric, writeAtomic } from '../../scripts/state.ts';

/** Prints each line of `said.txt` as it is appended, and never ends by itself. */
const COMPILER = `
  const { openSync, readSync } = require('node:fs');
  const said = openSync('said.txt', 'r');
  const bytes = Buffer.alloc(4096);
  setInterval(() => process.stdout.write(bytes.subarray(0, readSync(said, bytes))), 10);`;
const BUNDLER = "require('node:fs').appendFileSync('bundled.txt', 'x')";
/** Two processes under a supervisor which starts again whatever ends; its pid is in \`up.txt\`. */
const FABRIC = `
  const { spawn } = require('node:child_process');
  const { appendFileSync, writeFileSync } = require('node:fs');
  const pids = {};
  let stopping = false;
  const keep = (role) => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume().on("end", () => process.exit())'],
      { stdio: ['pipe', 'ignore', 'ignore'] });
    pids[role] = child.pid;
    writeFileSync('pids.json', JSON.stringify(pids));
    child.on('exit', (code, signal) => {
      if (stopping) return;
      appendFileSync('ends.txt', role + ' ' + signal + '\\n');
      keep(role);
    });
  };
  keep('orchestrator');
  keep('node host');
  process.on('SIGINT', () => { stopping = true; process.exit(130); });
  writeFileSync('up.txt', String(process.pid));`;

let folder: string;
let stop: AbortController;
let developing: Promise<number>;

const file = (name: string): string => join(folder, name);
const read = (name: string): string =>
  existsSync(file(name)) ? readFileSync(file(name), 'utf8') : '';
const say = (line: string): void => appendFileSync(file('said.txt'), `${line}\n`);
const node = (program: string): [string, ...string[]] => [process.execPath, '-e', program];

function start(change: Partial<DevOrder> = {}): void {
  stop = new AbortController();
  const programs = { compile: node(COMPILER), bundle: node(BUNDLER), serve: node(FABRIC) };
  const order = { folder, fabric: 'planetary-fabric', ...programs, ...change };
  developing = develop(order, stop.signal);
}

/** Writes the record that the real supervisor keeps, from what the one here has written. */
async function record(): Promise<Record<string, number>> {
  const pid = Number(read('up.txt'));
  const pids = JSON.parse(read('pids.json')) as Record<string, number>;
  const supervisor = { pid, identity: await processIdentity(pid) };
  const written = { schema: 'planetary-fabric/fabric@1', supervisor, pids };
  const path = join(folder, '.planetary-fabric', 'fabrics', 'planetary-fabric.json');
  await writeAtomic(path, JSON.stringify(written));
  expect((await findFabric(join(folder, '.planetary-fabric'), 'planetary-fabric'))?.live).toBe(
    true,
  );
  return pids;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dev-'));
  writeFileSync(file('said.txt'), '');
});

afterEach(async () => {
  stop.abort();
  await developing;
  rmSync(folder, { recursive: true, force: true });
});

test('a sound change restarts the processes and leaves the fabric up; an unsound one changes nothing', async () => {
  start();
  say('Found 2 errors. Watching for file changes.');
  say('Found 0 errors. Watching for file changes.');
  await vi.waitUntil(() => read('up.txt') !== '', 10_000);
  expect(read('bundled.txt')).toBe('x');
  const before = await record();

  say('Found 1 error. Watching for file changes.');
  say('Found 0 errors. Watching for file changes.');
  await vi.waitUntil(() => read('ends.txt').split('\n').length === 3, 10_000);
  expect(read('ends.txt').trim().split('\n').sort()).toEqual([
    'node host SIGTERM',
    'orchestrator SIGTERM',
  ]);
  expect(read('bundled.txt')).toBe('xx');
  const after = await record();
  expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort());
  expect(Object.values(after)).not.toEqual(Object.values(before));
});

test('stopped, it ends the fabric in order and passes its exit code on', async () => {
  start();
  say('Found 0 errors. Watching for file changes.');
  await vi.waitUntil(() => read('up.txt') !== '', 10_000);
  stop.abort();
  expect(await developing).toBe(130);
  expect(await processIdentity(Number(read('up.txt')))).toBeNull();
});

test('when the fabric ends by itself, so does the watching', async () => {
  start({ serve: node('process.exit(3)') });
  say('Found 0 errors. Watching for file changes.');
  expect(await developing).toBe(3);
});

test('where the bundle fails nothing is started', async () => {
  start({ bundle: node("require('node:fs').appendFileSync('bundled.txt', 'x'); process.exit(1)") });
  say('Found 0 errors. Watching for file changes.');
  await vi.waitUntil(() => read('bundled.txt') === 'x', 10_000);
  say('Found 0 errors. Watching for file changes.');
  await vi.waitUntil(() => read('bundled.txt') === 'xx', 10_000);
  expect(read('up.txt')).toBe('');
});
