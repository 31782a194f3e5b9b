import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { afterAll } from 'vitest';

const modules = ['agent-thread', 'answer-page'];

/** The thread's modules compiled by themselves, since Node 20 runs no TypeScript; and an agent beside them. */
export function compiledThread(): { readonly entry: URL; readonly agent: string } {
  const folder = mkdtempSync(join(tmpdir(), 'fabric-thread-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (const name of modules) {
    const source = new URL(`../../../activities/adapters/${name}.ts`, import.meta.url);
    const { outputText } = ts.transpileModule(readFileSync(source, 'utf8'), {
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        rewriteRelativeImportExtensions: true,
      },
    });
    writeFileSync(join(folder, `${name}.js`), outputText);
  }
  const entry = join(folder, 'agent-thread.js');
  const agent = join(folder, 'agent.mjs');
  writeFileSync(agent, AGENT);
  return { entry: pathToFileURL(entry), agent };
}

/** Does what a job's payload tells it to. */
const AGENT = `
import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
let loads = 0;
export default {
  name: 'obedient',
  load() { loads++; },
  async handle(job) {
    const { id, payload } = job;
    const [word, value] = payload;
    if (word === 'echo') return { status: 'completed', result: { id, value, loads } };
    if (word === 'job') return { status: 'completed', result: job };
    if (word === 'eat') { const eaten = []; for (;;) eaten.push(new Array(10_000).fill(eaten.length)); }
    if (word === 'nothing') return { status: 'completed' };
    if (word === 'fail') return { status: 'failed', code: value, message: 'as told' };
    if (word === 'throw') throw new Error(value);
    if (word === 'exit') process.exit(3);
    if (word === 'crash') { setTimeout(() => { throw new Error(value); }, 0); await new Promise(() => {}); }
    if (word === 'big') return { status: 'completed', result: 'x'.repeat(value) };
    if (word === 'function') return { status: 'completed', result: { at: () => 1, n: 1n } };
    if (word === 'later') { await sleep(value); return { status: 'completed', result: value }; }
    if (word === 'meet') {
      const [own, other] = value;
      writeFileSync(own, '');
      while (!existsSync(other)) await sleep(2);
      return { status: 'completed', result: 'met' };
    }
    if (word === 'compute') {
      const until = Date.now() + value;
      while (Date.now() < until);
      return { status: 'completed', result: 'computed' };
    }
    return word;
  },
};
`;
