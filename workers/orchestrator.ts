/**
 * The orchestrator process: runs the workflows of all shards and of the orchestrator, and the
 * activities that they keep their records with.
 */
import { Worker } from '@temporalio/worker';
import { makeOrchestratorActivities } from '../activities/orchestrator.ts';
import type { EngineEndpoint } from '../engine/connect.ts';
import { connectWorkers } from '../engine/connect.ts';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import { usesTemporalDefaults } from '../engine/temporal-defaults.ts';
import { orchestratorQueue } from '../workflows/protocol.ts';
import { installLog } from './log.ts';
import type { FabricProcess } from './process-life.ts';
import { engineEndpoint, live } from './process-life.ts';
import { bundlePath, payloadConverterPath } from './workflow-bundle.ts';

/** One workflow a shard and one more; room for fabrics of the largest size. */
const CACHED_WORKFLOWS_MAX = 64;
/**
 * A process that was killed leaves tasks on its sticky queue: this long until they go to another. No shorter:
 * a busy process lets tasks wait too, and each that waits too long goes round by the other queue.
 */
const STICKY_TIMEOUT_MS = usesTemporalDefaults(process.env) ? 10_000 : 400;
/**
 * As few as the SDK allows. A process that starts replays every workflow, in one thread; a task's time runs
 * from when it is taken, so those that are taken all at once are all late. See docs/decisions/0015.
 */
const WORKFLOW_TASKS_AT_ONCE = 2;
/** Of an append or a pull that takes long: less than half of what the workflows wait for a beat. */
const ACTIVITY_BEAT_MAX = '400ms';

/** Starts one; any number may run side by side. Rejects when the engine can't be reached. */
export async function startOrchestrator(
  { fabric }: RunSpec,
  endpoint: EngineEndpoint,
): Promise<FabricProcess> {
  installLog();
  const connection = await connectWorkers(endpoint);
  const worker = await Worker.create({
    connection,
    namespace: endpoint.namespace,
    taskQueue: orchestratorQueue(fabric),
    workflowBundle: { codePath: bundlePath },
    dataConverter: { payloadConverterPath },
    activities: makeOrchestratorActivities(),
    stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT_MS,
    maxCachedWorkflows: CACHED_WORKFLOWS_MAX,
    maxConcurrentWorkflowTaskExecutions: WORKFLOW_TASKS_AT_ONCE,
    maxConcurrentWorkflowTaskPolls: WORKFLOW_TASKS_AT_ONCE,
    maxConcurrentActivityTaskPolls: 8,
    maxConcurrentActivityTaskExecutions: 64,
    maxHeartbeatThrottleInterval: ACTIVITY_BEAT_MAX,
    // An append or a pull under way is done in milliseconds; whatever is not is issued again.
    shutdownGraceTime: '1s',
  });
  const ended = worker.run().finally(() => connection.close());
  return {
    ended,
    stop: async () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await ended;
    },
  };
}

if (process.argv[1] === import.meta.filename) {
  await live(async (spec) => startOrchestrator(spec, await engineEndpoint()));
}
