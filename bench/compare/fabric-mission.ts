/** The mission that the fabric is measured with, and its agent. */
import type { MissionInput } from '../../fabric/mission/schema.ts';
import type { PeerOrder } from './peer-process.ts';

const SHARD = 'earth';

/** The agent of the mission, written beside it: the same computing and the same wait that everybody does. */
export function agentModule(handlerMs: number): string {
  const wait = `await new Promise((wake) => setTimeout(wake, ${handlerMs}));`;
  return `import { createHash } from 'node:crypto';
export default {
  name: 'hash',
  async handle({ payload }) {
    ${handlerMs > 0 ? wait : ''}
    return { status: 'completed', result: createHash('sha256').update(payload).digest('hex') };
  },
};
`;
}

/** One shard; in bulk with the file of jobs as its feed, else waiting for what is submitted. */
export function missionOf({ path, handlerMs, jobsFile, settings }: PeerOrder): MissionInput {
  const waits = handlerMs > 0 ? 'WhenJobsWait' : '';
  const nodes = Number(settings[`nodes${waits}`]);
  return {
    scenario: 'bench',
    mode: path === 'bulk' ? 'mission' : 'service',
    shards: { [SHARD]: {} },
    nodes: Array.from({ length: nodes }, (_, i) => ({
      id: `hash-${i}`,
      shard: SHARD,
      slots: Number(settings[`slots${waits}`]),
      adapter: { type: 'agent', agent: `hash-${i}`, module: 'agent.mjs' },
    })),
    feeds:
      path === 'bulk'
        ? [{ id: 'jobs', shard: SHARD, source: { type: 'ndjson', path: jobsFile } }]
        : [],
  };
}
