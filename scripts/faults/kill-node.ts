/** SIGKILL of a node's process, with the leases it works on; it is started again as a new incarnation. */
import type { FaultPower, FaultWork } from './power.ts';

/** The work. */
export function killNode(
  { processes }: FaultPower,
  { node }: { readonly node: string },
): FaultWork {
  const host = processes.hostOf(node);
  return {
    target: node,
    nodes: host.nodes,
    says: `the process of node ${node} is killed and started again`,
    work: async (struck) => {
      await host.process.kill(true, struck);
      await host.process.whenReady();
      return true;
    },
  };
}
