/**
 * Cuts a process off the server while it goes on: what it does meanwhile nobody hears of, and what it has to
 * say arrives late. The process reaches the server through a proxy, which stands there for this alone.
 */
import { faultTarget } from '../../fabric/mission/faults.ts';
import type { RunFault } from '../../fabric/mission/run-spec.ts';
import type { FaultPower, FaultWork } from './power.ts';

/** The work; it ends when the network is there again, which the end of the run brings about as well. */
export function cutNetwork(
  { processes, pause }: FaultPower,
  fault: Extract<RunFault, { kind: 'cut-network' }>,
): FaultWork {
  const { node, how, forMs } = fault;
  const proxy = processes.proxyOf(node);
  const target = faultTarget(fault);
  const whose = node === null ? 'the orchestrator process' : `the process of node ${node}`;
  return {
    target,
    nodes: node === null ? [] : processes.hostOf(node).nodes,
    says: `the network of ${whose} is ${how} for ${forMs} ms`,
    work: async (struck) => {
      struck();
      const heal = proxy.cut(how);
      await pause(forMs);
      heal();
      return true;
    },
  };
}
