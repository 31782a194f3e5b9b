/**
 * A node that is slow and alive: its process gets one part in so many of the time, by SIGSTOP and SIGCONT in
 * turns. Nothing in the process knows of it: its agents' threads, its beats and its answers are slow alike,
 * as on a machine that is overloaded. No halt is long enough for the engine to miss a beat.
 *
 * It slows what computes. A job that waits for something else, as a simulated one does for its time to
 * pass, is held up less; and what a command adapter starts are processes of their own, which run on.
 */
import { SLOW_TIMES_MAX } from '../../fabric/mission/faults.ts';
import type { FaultPower, FaultWork } from './power.ts';

/** How long it runs between two halts, in ms. Short, so that halts are short as well. */
const RUN_MS = 20;
/** What a timer of this process that comes late may stretch a halt to, in ms. */
const HALT_MS_MAX = RUN_MS * (SLOW_TIMES_MAX - 1);

/** The work; it ends when the node has all of its time again, which the end of the run brings about as well. */
export function slowNode(
  { processes, pause, over }: FaultPower,
  { node, times, forMs }: { readonly node: string; readonly times: number; readonly forMs: number },
): FaultWork {
  const host = processes.hostOf(node);
  return {
    target: node,
    nodes: host.nodes,
    says: `the process of node ${node} runs for one part in ${times} of the next ${forMs} ms`,
    work: async (struck) => {
      struck();
      const endMs = performance.now() + forMs;
      let ranMs = RUN_MS;
      while (!over.aborted && performance.now() < endMs) {
        const goOn = host.process.halt();
        // By what it really ran: timers are late where the machine is busy.
        await pause(Math.min(ranMs * (times - 1), HALT_MS_MAX));
        goOn();
        const goesOnMs = performance.now();
        await pause(RUN_MS);
        ranMs = performance.now() - goesOnMs;
      }
      return true;
    },
  };
}
