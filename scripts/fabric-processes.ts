/**
 * The fabric's own processes: one for the workflows, one for the nodes. Both get the run's spec as a file
 * and the engine by the variables that every Temporal tool reads.
 */
import { join } from 'node:path';
import type { Engine } from '../engine/open.ts';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import { packageFolder } from './mission/mission-file.ts';
import type { SupervisedProcess } from './supervised-process.ts';
import { superviseProcess } from './supervised-process.ts';

/** A node host hands back what it holds within 10 s. */
const STOP_GRACE_MS = 15_000;

export interface FabricProcesses {
  /** Resolves when both are ready; rejects when one can't be started. */
  readonly ready: Promise<void>;
  readonly logFolder: string;
  /** Nodes first, so that what they hand back is still taken. */
  stop(): Promise<void>;
}

export interface ProcessesOrder {
  readonly spec: RunSpec;
  readonly specFile: string;
  readonly engine: Pick<Engine, 'kind' | 'address' | 'namespace'>;
  readonly env: NodeJS.ProcessEnv;
  readonly logFolder: string;
  readonly onPids: (pids: Readonly<Record<string, number>>) => void;
  /** A process died and is started again; null once it is ready. */
  readonly onNote: (note: string | null) => void;
}

/** Starts both and keeps them alive until `stop`. */
export function startProcesses(order: ProcessesOrder): FabricProcesses {
  const pids: Record<string, number> = {};
  const launch = (role: string, module: string): SupervisedProcess =>
    superviseProcess({
      role,
      command: process.execPath,
      args: [join(packageFolder(), 'dist', 'workers', module), order.specFile],
      env: workerEnv(order),
      logFile: join(order.logFolder, module.replace(/\.js$/, '.log')),
      onStart: (pid) => {
        pids[role] = pid;
        order.onPids({ ...pids });
      },
      onReady: () => order.onNote(null),
      onDeath: (how, nextMs) =>
        order.onNote(`the ${role} process ended (${how}); it is started again in ${nextMs} ms`),
    });
  const orchestrator = launch('orchestrator', 'orchestrator.js');
  const nodes = launch('node host', 'node-host.js');
  const ready = Promise.all([orchestrator.ready, nodes.ready]).then(() => undefined);
  ready.catch(() => undefined);
  return {
    ready,
    logFolder: order.logFolder,
    stop: async () => {
      await nodes.stop(STOP_GRACE_MS);
      await orchestrator.stop(STOP_GRACE_MS);
    },
  };
}

/** A server that the operator named keeps its credentials; the embedded one is told by address alone. */
function workerEnv({ engine, env }: ProcessesOrder): NodeJS.ProcessEnv {
  const { address, namespace } = engine;
  if (engine.kind === 'external') return env;
  const own = Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_'));
  return { ...Object.fromEntries(own), TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace };
}
