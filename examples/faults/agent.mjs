// Computes for 10 ms: what computes is what a slow node is slow at. Run it with
// `planetary-fabric run examples/faults/mission.json`.
import { createHash } from 'node:crypto';

const COMPUTE_MS = 10;
/** What a step takes at the most, unless the thread was halted in it, or had to wait for a core. */
const STEP_MS_MAX = 0.5;

/** @type {import('planetary-orchestrator-fabric').Agent} */
export default {
  name: 'digest',
  handle({ id }) {
    const digest = () => createHash('sha256').update(id).digest('hex');
    let computedMs = 0;
    for (let from = performance.now(); computedMs < COMPUTE_MS;) {
      digest();
      const now = performance.now();
      computedMs += Math.min(now - from, STEP_MS_MAX);
      from = now;
    }
    return { status: 'completed', result: { digest: digest() } };
  },
};
