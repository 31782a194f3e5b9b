/**
 * The adapters of a host's nodes. Nodes with the same agent share its threads, since each thread loads
 * the agent's data for itself: a place database would be held twenty times over.
 */
import { availableParallelism } from 'node:os';
import type { Adapter } from '../activities/adapters/adapter.ts';
import { agentAdapter } from '../activities/adapters/agent.ts';
import { commandAdapter } from '../activities/adapters/command.ts';
import { simulatedAdapter } from '../activities/adapters/simulated.ts';
import type { AdapterSpec, RunNode } from '../fabric/mission/run-spec.ts';

/** Threads of one agent in one process: two a core, so that some may wait while others compute. */
const THREADS_MAX = Math.max(2, 2 * availableParallelism());

/** What a run of an earlier version, which says nothing of it, lets a thread's heap grow to. */
const THREAD_MEMORY_MB = 1_024;

/** One adapter for each node, by its id, in the order of the nodes. None is opened yet. */
export function adaptersOf(
  nodes: readonly RunNode[],
  threadEntry?: URL,
): ReadonlyMap<string, Adapter> {
  const slots = new Map<string, number>();
  for (const { adapter, slots: own } of nodes) {
    const key = JSON.stringify(adapter);
    slots.set(key, (slots.get(key) ?? 0) + own);
  }
  const shared = new Map<string, Adapter>();
  const entry = threadEntry === undefined ? {} : { entry: threadEntry };
  return new Map(
    nodes.map(({ id, adapter }) => {
      const key = JSON.stringify(adapter);
      const threads = Math.min(slots.get(key) ?? 1, THREADS_MAX);
      const made = shared.get(key) ?? adapterOf(adapter, threads, entry);
      shared.set(key, made);
      return [id, made] as const;
    }),
  );
}

function adapterOf(spec: AdapterSpec, threads: number, entry: { readonly entry?: URL }): Adapter {
  if (spec.type === 'simulated') return simulatedAdapter(spec.speed);
  if (spec.type === 'command') return commandAdapter(spec);
  const { agent, module, memoryMb = THREAD_MEMORY_MB } = spec;
  return agentAdapter({ agent, module, threads, memoryMb, ...entry });
}
