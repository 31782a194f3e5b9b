/** SIGKILL of the embedded Temporal server; it is started again on its database and its ports. */
import type { FaultPower, FaultWork } from './power.ts';

/** The work; it ends when the server answers again. */
export function killServer({ engine }: FaultPower): FaultWork {
  return {
    target: 'server',
    nodes: [],
    says: 'the Temporal server is killed and started again',
    work: async (struck) => {
      await engine.kill(struck);
      return true;
    },
  };
}
