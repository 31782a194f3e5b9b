/**
 * The adapter of commands: every job is done by a process of its own, which gets the job as JSON on its
 * standard input and answers with its result as JSON on its standard output. A process that fails, hangs,
 * eats memory or prints too much costs its one job a try, and nothing else.
 */
import type { CommandSpec } from '../../fabric/mission/run-spec.ts';
import type { Adapter, AdapterRun } from './adapter.ts';
import { agentJob } from './adapter.ts';
import type { CommandHost } from './command-process.ts';
import { CommandProcess } from './command-process.ts';
import { GroupMemory } from './group-memory.ts';
import { GroupReaper } from './group-reaper.ts';

/** What every command is given of the node's own environment: where programs, files and words are. */
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LC_ALL', 'TZ'];

/** Runs jobs as processes; nodes may share one. `hostEnv` is the environment of the node's own process. */
export function commandAdapter(spec: CommandSpec, hostEnv = process.env): Adapter {
  const host: CommandHost = {
    spec,
    env: commandEnv(spec, hostEnv),
    reaper: new GroupReaper(),
    memory: new GroupMemory(),
  };
  const live = new Set<Promise<void>>();
  return {
    open: async () => {
      host.reaper.start();
      await host.memory.open();
    },
    run: (run) => runJobs(host, run, live),
    close: async () => {
      await Promise.all(live);
      await host.reaper.close();
    },
  };
}

/** The mission's word counts most, then what it passes on by name. */
function commandEnv({ env, passEnv }: CommandSpec, hostEnv: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const passed = [...PASSED_ON, ...passEnv].flatMap((name) => {
    const value = hostEnv[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(passed), ...env };
}

async function runJobs(
  host: CommandHost,
  { jobs, mayStart, endByMs, abandoned, onDone }: AdapterRun,
  live: Set<Promise<void>>,
): Promise<void> {
  const left = new Promise<null>((resolve) => {
    abandoned.addEventListener('abort', () => resolve(null), { once: true });
  });
  for (const [at, job] of jobs.entries()) {
    if (abandoned.aborted || !mayStart()) return;
    const startedMs = performance.now();
    const started = new CommandProcess(host, agentJob(job), endByMs);
    const gone = started.outcome.then(() => void live.delete(gone));
    live.add(gone);
    const outcome = await Promise.race([started.outcome, left]);
    if (outcome === null) return started.abandon();
    onDone(at, outcome, performance.now() - startedMs);
  }
}
