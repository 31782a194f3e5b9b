/**
 * The adapter of real agents: handlers registered by name, or a module of the user's own, run in
 * threads of this process.
 */
import { pathToFileURL } from 'node:url';
import { RESULT_BYTES_MAX } from '../results.ts';
import type { Adapter, AdapterRun } from './adapter.ts';
import { AgentThreads } from './agent-threads.ts';

export interface AgentOrder {
  /** Name of a built-in agent; a label where `module` is given. */
  readonly agent: string;
  /** Absolute path of a module whose default export is the agent, or null for a built-in one. */
  readonly module: string | null;
  /** Jobs done at the same time. */
  readonly threads: number;
  /** The most that the JavaScript heap of one thread may grow to. */
  readonly memoryMb: number;
  /** Where the compiled thread module is, unless beside this one. */
  readonly entry?: URL;
}

/** Runs jobs through an agent; nodes may share one, then they share its threads. */
export function agentAdapter({ module, agent, entry, ...limits }: AgentOrder): Adapter {
  const builtIns = new URL('../../agents/index.js', import.meta.url);
  const pool = new AgentThreads({
    module: (module === null ? builtIns : pathToFileURL(module)).href,
    builtIn: module === null ? agent : null,
    resultBytesMax: RESULT_BYTES_MAX,
    ...limits,
    entry: entry ?? new URL('./agent-thread.js', import.meta.url),
  });
  return {
    open: () => pool.open(),
    run: (run) => runJobs(pool, run),
    close: () => pool.close(),
  };
}

async function runJobs(pool: AgentThreads, run: AdapterRun): Promise<void> {
  for (let next = 0; next < run.jobs.length && run.mayStart();) {
    const tried = await pool.run(run, next);
    if (tried === 0 || run.abandoned.aborted) return;
    next += tried;
  }
}
