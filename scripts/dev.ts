/**
 * `npm run dev`: a fabric that is kept while its code changes. The compiler watches; after every sound
 * compilation the workflow bundle is made anew and the fabric's own processes are ended, which their
 * supervisor starts again from the new code. Server, database and workflows stay as they are, so a
 * change of workflow logic meets running workflows, as it would in production. A change of the command
 * line itself needs a new `npm run dev`. Arguments go to `planetary-fabric up`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { isMainModule } from './main-module.ts';
import { packageFolder } from './mission/mission-file.ts';
import { stateFolder } from './place.ts';
import { DEFAULT_FABRIC, findFabric } from './state.ts';

/** A program with its arguments. */
export type DevCommand = readonly [program: string, ...args: string[]];

export interface DevOrder {
  /** The state is found below it. */
  readonly folder: string;
  readonly fabric: string;
  /** Watches; prints `Found N errors.` after every compilation. */
  readonly compile: DevCommand;
  readonly bundle: DevCommand;
  /** Keeps the fabric; when it ends, so does the compiler. */
  readonly serve: DevCommand;
}

/** Serves and restarts until the fabric ends, or `stop` aborts and ends it; resolves to its exit code. */
export async function develop(order: DevOrder, stop: AbortSignal): Promise<number> {
  const { folder } = order;
  const [program, ...args] = order.compile;
  const compiler = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  stop.addEventListener('abort', () => void compiler.kill());
  let ended: Promise<unknown[]> | null = null;
  for await (const line of createInterface({ input: compiler.stdout })) {
    process.stderr.write(`${line}\n`);
    if (!/\bFound 0 errors\./.test(line) || !(await bundled(order)) || stop.aborted) continue;
    if (ended !== null) {
      await endWorkers(order);
      continue;
    }
    const [fabric, ...up] = order.serve;
    // In a group of its own, so that Ctrl-C reaches it once, through here: twice would end it at once.
    const serving = spawn(fabric, up, { cwd: folder, stdio: 'inherit', detached: true });
    stop.addEventListener('abort', () => void serving.kill('SIGINT'));
    ended = once(serving, 'close').finally(() => compiler.kill());
  }
  const [code] = (await ended) ?? [];
  return typeof code === 'number' ? code : 1;
}

async function bundled({ folder, bundle }: DevOrder): Promise<boolean> {
  const [program, ...args] = bundle;
  const [code] = (await once(spawn(program, args, { cwd: folder, stdio: 'inherit' }), 'close')) as [
    number | null,
  ];
  return code === 0;
}

/** In order, as by `down`: a node hands back what it holds before its new code takes leases. */
async function endWorkers({ folder, fabric }: DevOrder): Promise<void> {
  const found = await findFabric(stateFolder({ folder }), fabric);
  const pids = found?.live === true ? Object.entries(found.record.pids) : [];
  for (const [role, pid] of pids) {
    process.stderr.write(`dev: the ${role} process is started again with the new code\n`);
    try {
      process.kill(pid, 'SIGTERM');
    } catch {
      // It is being started already.
    }
  }
}

if (isMainModule(import.meta.filename)) {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort());
  const args = process.argv.slice(2);
  const { values } = parseArgs({ args, options: { fabric: { type: 'string' } }, strict: false });
  const tool = (...path: string[]): string => join(packageFolder(), ...path);
  const tsc = tool('node_modules', '.bin', 'tsc');
  const order: DevOrder = {
    folder: process.cwd(),
    fabric: typeof values.fabric === 'string' ? values.fabric : DEFAULT_FABRIC,
    compile: [tsc, '-p', 'tsconfig.build.json', '--watch', '--preserveWatchOutput'],
    bundle: [process.execPath, tool('dist', 'workers', 'build-bundle.js')],
    serve: [process.execPath, tool('bin', 'planetary-fabric'), 'up', ...args],
  };
  process.exitCode = await develop(order, stop.signal);
}
