/**
 * The fabric's own processes: one for the workflows, one for the nodes, and one more for each node whose
 * process the mission has a fault done to, or that the owner has added since. All get the run's spec as a file and the engine by
 * the variables that every Temporal tool reads; a process whose network the mission cuts, by a proxy's address.
 */
import { join } from 'node:path';
import type { Engine } from '../engine/open.ts';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import { addedNodes } from './added-nodes.ts';
import { TcpProxy } from './faults/tcp-proxy.ts';
import { packageFolder } from './mission/mission-file.ts';
import type { SupervisedProcess } from './supervised-process.ts';
import { superviseProcess } from './supervised-process.ts';

/** A node host hands back what it holds within 10 s. */
const STOP_GRACE_MS = 15_000;
/** How soon the process of a node that was added is started. */
const ADDED_LOOK_MS = 200;

export interface FabricProcesses {
  /** Resolves when all are ready; rejects when one can't be started. */
  readonly ready: Promise<void>;
  readonly logFolder: string;
  readonly orchestrator: SupervisedProcess;
  /** The process that hosts a node, and the ids of all nodes that it hosts. */
  hostOf(node: string): HostProcess;
  /** What stands between the server and the process of a node, or of the orchestrator for null. */
  proxyOf(node: string | null): TcpProxy;
  /** Nodes first, so that what they hand back is still taken. */
  stop(): Promise<void>;
}

export interface HostProcess {
  readonly process: SupervisedProcess;
  readonly nodes: readonly string[];
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

/** What differs between the processes beside their role and module. */
interface Launch {
  readonly args?: readonly string[];
  readonly proxy?: TcpProxy | undefined;
  readonly specFile?: string;
}

/** Starts all and keeps them alive until `stop`. Rejects when a proxy that the mission needs finds no port. */
export async function startProcesses(order: ProcessesOrder): Promise<FabricProcesses> {
  const { spec, engine } = order;
  const pids: Record<string, number> = {};
  const proxies = await openProxies(spec, engine.address);
  const launch = (
    role: string,
    module: string,
    { args = [], proxy, specFile = order.specFile }: Launch,
  ): SupervisedProcess =>
    superviseProcess({
      role,
      command: process.execPath,
      args: [join(packageFolder(), 'dist', 'workers', module), specFile, ...args],
      env: workerEnv(order, proxy),
      logFile: join(order.logFolder, `${role.replace(' ', '-')}.log`),
      onStart: (pid) => {
        pids[role] = pid;
        order.onPids({ ...pids });
      },
      onReady: () => order.onNote(null),
      onDeath: (how, nextMs) =>
        order.onNote(`the ${role} process ended (${how}); it is started again in ${nextMs} ms`),
    });
  const orchestrator = launch('orchestrator', 'orchestrator.js', { proxy: proxies.get(null) });
  const hosts = hostedNodes(spec).map(({ role, nodes, isAll }): HostProcess => {
    // A host of all nodes needs no list, and none is what it has always been given.
    const named = isAll ? [] : nodes;
    // A node whose network is cut is alone in its process.
    const proxy = proxies.get(nodes[0] ?? '');
    return { process: launch(role, 'node-host.js', { args: named, proxy }), nodes };
  });
  const added = new Map<string, SupervisedProcess>();
  const takeAdded = (): void => {
    for (const { id, specFile } of addedNodes(order.specFile)) {
      if (added.has(id)) continue;
      const host = launch(`node ${id}`, 'node-host.js', { specFile });
      added.set(id, host);
      // The run goes on without it.
      host.ready.catch((error: Error) => order.onNote(error.message));
    }
  };
  takeAdded();
  const looks = setInterval(takeAdded, ADDED_LOOK_MS);
  const all = [orchestrator, ...hosts.map((host) => host.process)];
  const ready = Promise.all(all.map((each) => each.ready)).then(() => undefined);
  ready.catch(() => undefined);
  return {
    ready,
    logFolder: order.logFolder,
    orchestrator,
    hostOf: (node) => {
      const host = hosts.find(({ nodes }) => nodes.includes(node));
      if (host === undefined) throw new Error(`no process hosts a node "${node}"`);
      return host;
    },
    proxyOf: (node) => {
      const proxy = proxies.get(node);
      if (proxy === undefined) throw new Error(`no proxy for ${node ?? 'the orchestrator'}`);
      return proxy;
    },
    stop: async () => {
      clearInterval(looks);
      const ofNodes = [...hosts.map((host) => host.process), ...added.values()];
      await Promise.all(ofNodes.map((each) => each.stop(STOP_GRACE_MS)));
      await orchestrator.stop(STOP_GRACE_MS);
      await Promise.all([...proxies.values()].map((proxy) => proxy.close()));
    },
  };
}

/** One for each process whose network the mission cuts: by its node, or null for the orchestrator's. */
async function openProxies(
  { faults = [] }: Pick<RunSpec, 'faults'>,
  address: string,
): Promise<ReadonlyMap<string | null, TcpProxy>> {
  const cut = new Set(
    faults.flatMap((fault) => (fault.kind === 'cut-network' ? [fault.node] : [])),
  );
  const open = async (node: string | null) => [node, await TcpProxy.open(address)] as const;
  return new Map(await Promise.all([...cut].map(open)));
}

/**
 * Which nodes share a process. A fault of one node must not take others along: a node that one names
 * has a process of its own, and all the rest share one.
 */
export function hostedNodes({ nodes, faults = [] }: Pick<RunSpec, 'nodes' | 'faults'>): {
  readonly role: string;
  readonly nodes: readonly string[];
  readonly isAll: boolean;
}[] {
  const named = new Set(faults.map((fault) => ('node' in fault ? fault.node : null)));
  const ids = nodes.map(({ id }) => id);
  const rest = ids.filter((id) => !named.has(id));
  const alone = ids.filter((id) => named.has(id));
  return [
    ...(alone.length > 0 && rest.length === 0
      ? []
      : [{ role: 'node host', nodes: rest, isAll: alone.length === 0 }]),
    ...alone.map((id) => ({ role: `node ${id}`, nodes: [id], isAll: false })),
  ];
}

/** A server that the operator named keeps its credentials; the embedded one is told by address alone. */
function workerEnv({ engine, env }: ProcessesOrder, proxy?: TcpProxy): NodeJS.ProcessEnv {
  const { address = engine.address } = proxy ?? {};
  const { namespace } = engine;
  if (engine.kind === 'external') return proxy ? { ...env, TEMPORAL_ADDRESS: address } : env;
  const own = Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_'));
  return { ...Object.fromEntries(own), TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace };
}
