import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { afterAll } from 'vitest';

const source = new URL('../../../activities/adapters/agent-thread.ts', import.meta.url);

/** The thread's module compiled by itself, since Node 20 runs no TypeScript; and an agent beside it. */
export function compiledThread(): { readonly entry: URL; readonly agent: string } {
  const folder = mkdtempSync(join(tmpdir(), 'fabric-thread-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const { outputText } = ts.transpileModule(readFileSync(source, 'utf8'), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  const entry = join(folder, 'agent-thread.mjs');
  writeFileSync(entry, outputText);
  const agent = join(folder, 'agent.mjs');
  writeFileSync(agent, AGENT);
  return { entry: pathToFileURL(entry), agent };
}

/** Does what a job's payload tells it to. */
const AGENT = `
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
    if (word === 'compute') {
      const until = Date.now() + value;
      while (Date.now() < until);
      return { status: 'completed', result: 'computed' };
    }
    return word;
  },
};
`;
