/**
 * SIGSTOP of a node's process and SIGCONT some time later: a zombie, which believes that it still holds
 * what has long been given to others.
 */
import type { FaultPower, FaultWork } from './power.ts';

/** The work; it ends when the process goes on, which the end of the run brings about as well. */
export function stopNode(
  { processes, pause }: FaultPower,
  { node, forMs }: { readonly node: string; readonly forMs: number },
): FaultWork {
  const host = processes.hostOf(node);
  return {
    target: node,
    nodes: host.nodes,
    says: `the process of node ${node} is halted for ${forMs} ms`,
    work: async (struck) => {
      struck();
      const goOn = host.process.halt();
      await pause(forMs);
      goOn();
      return true;
    },
  };
}
