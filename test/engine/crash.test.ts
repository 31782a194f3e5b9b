/**
 * The starter's death, whatever kills it, ends the server. The starter here is a real process that runs the
 * compiled form of the engine, so the watchdog is shown to work from there as well as from sources.
 */
import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { findLive, stopRecorded } from '../../engine/embedded.ts';
import { processIdentity } from '../../engine/process-identity.ts';
import { resolveEngine } from '../../engine/resolve.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'fabric-crash-'));
let executable = '';

const STARTER = `
import { startEmbedded } from './engine/embedded.js';
const [executable, stateDir, keepAlive] = process.argv.slice(2);
const engine = await startEmbedded({ executable, stateDir, keepAlive: keepAlive === 'keep' });
console.log(engine.pid);
setInterval(() => {}, 1000);
`;

interface Starter {
  readonly starter: ChildProcess;
  readonly serverPid: number;
  readonly stateDir: string;
}

function compileEngine(): void {
  const folder = join(project, 'engine');
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const { outputText } = ts.transpileModule(readFileSync(join(folder, name), 'utf8'), {
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2022,
        rewriteRelativeImportExtensions: true,
      },
    });
    const compiled = join(root, 'engine', name.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(compiled), { recursive: true });
    writeFileSync(compiled, outputText);
  }
}

async function startStarter(name: string, ...flags: string[]): Promise<Starter> {
  const stateDir = join(root, name);
  const args = [join(root, 'starter.js'), executable, stateDir, ...flags];
  const starter = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await new Promise<[string]>((resolve, reject) => {
    createInterface({ input: starter.stdout }).once('line', (text) => resolve([text]));
    starter.once('exit', () => reject(new Error('the starter ended before its server was up')));
  });
  return { starter, serverPid: Number(line), stateDir };
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => child.once('exit', () => resolve()));

const serverIsGone = async (pid: number): Promise<void> => {
  await vi.waitFor(async () => expect(await processIdentity(pid)).toBeNull(), 10_000);
};

beforeAll(async () => {
  const own = Object.entries(process.env).filter(
    ([name]) => name === 'TEMPORAL_CLI_PATH' || !name.startsWith('TEMPORAL_'),
  );
  const env = { ...Object.fromEntries(own), TEMPORAL_CONFIG_FILE: join(root, 'none.toml') };
  const { provision } = await resolveEngine({ env });
  if (provision.kind !== 'executable') throw new Error('an executable was expected');
  executable = provision.executable;
  compileEngine();
  symlinkSync(join(project, 'node_modules'), join(root, 'node_modules'));
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  writeFileSync(join(root, 'starter.js'), STARTER);
}, 600_000);

afterAll(() => rmSync(root, { recursive: true, force: true }));

it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
  'a server is gone after its starter got %s',
  async (signal) => {
    const { starter, serverPid, stateDir } = await startStarter(signal);
    const starterEnded = ended(starter);
    starter.kill(signal);
    await starterEnded;
    await serverIsGone(serverPid);
    expect(await findLive(stateDir)).toBeNull();
  },
);

it('a server is in a process group of its own, out of reach of Ctrl-C', async () => {
  const { starter, serverPid } = await startStarter('group');
  const groupOf = (pid: number | undefined): string =>
    execFileSync('ps', ['-o', 'pgid=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  expect(groupOf(serverPid)).not.toBe(groupOf(starter.pid));
  starter.kill('SIGKILL');
  await serverIsGone(serverPid);
});

it('a server that is to be kept outlives its starter', async () => {
  const { starter, serverPid, stateDir } = await startStarter('kept', 'keep');
  const starterEnded = ended(starter);
  starter.kill('SIGKILL');
  await starterEnded;
  expect(await findLive(stateDir)).toMatchObject({ pid: serverPid, keepAlive: true });
  expect(await stopRecorded(stateDir)).toBe(true);
  await serverIsGone(serverPid);
});
