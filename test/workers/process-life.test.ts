import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import ts from 'typescript';
import { temporaryFolder } from '../activities/temporary-folder.ts';

const folder = temporaryFolder();
let child: ChildProcess | null = null;

/** The modules that a process's life is made of, compiled as the build does, and a process to live it. */
beforeEach(() => {
  writeFileSync(folder.in('package.json'), '{ "type": "module" }');
  symlinkSync(join(process.cwd(), 'node_modules'), folder.in('node_modules'));
  for (const path of ['workers/process-life', 'workers/log', 'engine/links/external']) {
    const { outputText } = ts.transpileModule(readFileSync(`${path}.ts`, 'utf8'), {
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        rewriteRelativeImportExtensions: true,
      },
    });
    mkdirSync(join(folder.in(path), '..'), { recursive: true });
    writeFileSync(folder.in(`${path}.js`), outputText);
  }
  writeFileSync(folder.in('spec.json'), '{ "schema": "planetary-fabric/run@1" }');
  writeFileSync(folder.in('workers/lived.js'), LIVED);
});

afterEach(() => child?.kill('SIGKILL'));

/** Says which grace it got; `stuck` never ends. */
const LIVED = `
import { live, liveOut } from './process-life.js';
const idle = setInterval(() => {}, 1_000);
const how = process.argv[3];
const byHand = (begin) => liveOut(begin, {
  graceMs: 4_000,
  isSupervised: false,
  ...(how === 'idle' && { over: new Promise((resolve) => setTimeout(() => resolve('nothing to do'), 200)) }),
});
await (how === 'by-hand' || how === 'idle' ? byHand : live)(async () => {
  if (how === 'broken') throw new Error('no such engine');
  let ended;
  return {
    ended: new Promise((resolve) => (ended = resolve)),
    stop: async (graceMs) => {
      process.stdout.write('grace ' + graceMs + '\\n');
      if (how === 'stuck') await new Promise(() => {});
      clearInterval(idle);
      ended();
    },
  };
});
`;

function start(how = 'well', spec = folder.in('spec.json')) {
  const started = spawn(process.execPath, [folder.in('workers/lived.js'), spec, how]);
  child = started;
  const said = { out: '', err: '' };
  started.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  started.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  const exit = once(started, 'close').then(([code]) => code as number);
  const says = async (text: string): Promise<void> => {
    while (!said.out.includes(text)) await once(started.stdout, 'data');
  };
  return { started, said, exit, says };
}

test('it says that it is ready, and ends in order on SIGTERM', async () => {
  const { started, said, exit, says } = start();
  await says('ready');
  started.kill('SIGTERM');
  expect(await exit).toBe(0);
  expect(said.out).toMatch(/^ready, process \d+\ngrace 10000\n$/);
});

test('it ends by itself, with a shorter grace, when its supervisor is gone', async () => {
  const { started, said, exit, says } = start();
  await says('ready');
  started.stdin.end();
  expect(await exit).toBe(0);
  expect(said.out).toContain('grace 2000');
});

test('it ends as it is once it is overdue', async () => {
  const { started, said, exit, says } = start('stuck');
  await says('ready');
  started.stdin.end();
  expect(await exit).toBe(1);
  expect(said.err).toContain('it did not end within its grace');
});

test('a second signal ends it at once', async () => {
  const { started, exit, says } = start('stuck');
  await says('ready');
  started.kill('SIGTERM');
  await says('grace');
  started.kill('SIGTERM');
  expect(await exit).toBe(130);
});

test('started by hand it outlives its input, and ends in order with the grace it was given', async () => {
  const { started, said, exit, says } = start('by-hand');
  await says('ready');
  started.stdin.end();
  await once(started.stdin, 'close');
  expect(started.exitCode).toBeNull();
  started.kill('SIGTERM');
  expect(await exit).toBe(0);
  expect(said.out).toContain('grace 4000');
});

test('it ends by itself when there is nothing more to do', async () => {
  const { said, exit } = start('idle');
  expect(await exit).toBe(0);
  expect(said.err).toContain('nothing to do: ending in order');
  expect(said.out).toContain('grace 2000');
});

test('what keeps it from starting is said, and it exits 1', async () => {
  const broken = start('broken');
  expect(await broken.exit).toBe(1);
  expect(broken.said.err).toContain('no such engine');
  writeFileSync(folder.in('other.json'), '{ "schema": "other" }');
  const other = start('well', folder.in('other.json'));
  expect(await other.exit).toBe(1);
  expect(other.said.err).toContain('found schema "other"');
});
