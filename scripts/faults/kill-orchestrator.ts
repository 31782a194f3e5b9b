/** SIGKILL of the orchestrator process: what it had in its head is gone, and the history has it all. */
import type { FaultPower, FaultWork } from './power.ts';

/** The work; where the run is not to bring the process back, it stays away. */
export function killOrchestrator({ processes, isBroughtBack }: FaultPower): FaultWork {
  return {
    target: 'orchestrator',
    nodes: [],
    says: isBroughtBack
      ? 'the orchestrator process is killed and started again'
      : 'the orchestrator process is killed',
    work: async (struck) => {
      await processes.orchestrator.kill(isBroughtBack, struck);
      if (isBroughtBack) await processes.orchestrator.whenReady();
      return isBroughtBack;
    },
  };
}
