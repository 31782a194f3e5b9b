// Temporal without the fabric. Default: one workflow a job, started one by one. Bulk: one workflow that has one
// activity a job, 100 in flight. Results are in the histories.
import { Client, Connection } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { handle, readJobs, servePeer } from './line.mjs';

const TASK_QUEUE = 'jobs';
const WORKFLOW_ID = 'all';
const READERS = 50;
const LOOK_MS = 20;
/** The newest events of a history are enough to see whether an activity has ended. */
const NEWEST_EVENTS = 200;
const SIZES_ASKED_MAX = 200;
const IDENTITY = `${process.pid}@bench`;

Runtime.install({ logger: new DefaultLogger('ERROR') });

await servePeer(async (order, onOutcome) => {
  const { store, jobsFile, handlerMs, settings } = order;
  const address = String(store['address']);
  const namespace = String(store['namespace']);
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, namespace });
  const jobs = readJobs(jobsFile);
  const worker = await Worker.create({
    connection: await NativeConnection.connect({ address }),
    namespace,
    identity: IDENTITY,
    taskQueue: TASK_QUEUE,
    workflowsPath: fileURLToPath(new URL('./temporal-workflows.mjs', import.meta.url)),
    activities: {
      hash: ({ payload }) => handle(payload, handlerMs),
      page: async (from, count) => jobs.slice(from, from + count),
    },
  });
  const working = worker.run();
  const started = { taskQueue: TASK_QUEUE, workflowId: WORKFLOW_ID };
  return {
    submitters: settings['inFlight'],
    submitOne: async (job) => {
      await client.workflow.execute('one', {
        taskQueue: TASK_QUEUE,
        workflowId: job.id,
        args: [job],
      });
      onOutcome(job.id);
    },
    submitAll: async (all) => {
      const args = [{ from: 0, pageJobs: settings['pageJobs'], inFlight: settings['inFlight'] }];
      await client.workflow.execute('all', { ...started, args });
      for (const { id } of all) onOutcome(id);
    },
    firstOutcome: async (afterMs) => {
      for (;;) {
        const atMs = await newestOutcome(connection, namespace, afterMs);
        if (atMs !== null) return atMs;
        await pause(LOOK_MS);
      }
    },
    results: () => (order.path === 'bulk' ? ofOne(client) : ofEach(client, jobs)),
    historyBytes: () => (order.path === 'bulk' ? sizeOfOne(client) : sizeOfEach(client, jobs)),
    close: async () => {
      worker.shutdown();
      await working;
      await connection.close();
    },
  };
});

/**
 * When the first of the newest activities ended after that, or null. One of this very process: what a killed one
 * had sent may still come in.
 */
async function newestOutcome(connection, namespace, afterMs) {
  const answer = await connection.workflowService
    .getWorkflowExecutionHistoryReverse({
      namespace,
      execution: { workflowId: WORKFLOW_ID },
      maximumPageSize: NEWEST_EVENTS,
    })
    .catch(() => null);
  const ends = (answer?.history?.events ?? [])
    .filter(({ activityTaskCompletedEventAttributes: end }) => end?.identity === IDENTITY)
    .map(({ eventTime }) => Number(eventTime.seconds) * 1_000 + eventTime.nanos / 1_000_000)
    .filter((atMs) => atMs > afterMs);
  return ends.length === 0 ? null : Math.min(...ends);
}

/** The runs of the one workflow, newest first. */
async function* runsOfOne(client) {
  for (let runId; ;) {
    const handle = client.workflow.getHandle(WORKFLOW_ID, runId);
    const { events } = await handle.fetchHistory();
    yield { handle, events };
    const started = events[0].workflowExecutionStartedEventAttributes;
    runId = started.continuedExecutionRunId;
    if (!runId) return;
  }
}

async function* ofOne(client) {
  for await (const { events } of runsOfOne(client)) {
    const scheduled = new Map();
    for (const event of events) {
      const begin = event.activityTaskScheduledEventAttributes;
      if (begin?.activityType.name === 'hash') {
        const job = defaultPayloadConverter.fromPayload(begin.input.payloads[0]);
        scheduled.set(String(event.eventId), job.id);
      }
      const end = event.activityTaskCompletedEventAttributes;
      const id = scheduled.get(String(end?.scheduledEventId));
      if (id !== undefined) {
        yield { id, result: defaultPayloadConverter.fromPayload(end.result.payloads[0]) };
      }
    }
  }
}

async function* ofEach(client, jobs) {
  for (let from = 0; from < jobs.length; from += READERS) {
    const some = jobs.slice(from, from + READERS);
    const read = async ({ id }) => ({ id, result: await client.workflow.getHandle(id).result() });
    yield* await Promise.all(some.map(read));
  }
}

async function sizeOfOne(client) {
  let bytes = 0;
  for await (const { handle } of runsOfOne(client)) {
    bytes += (await handle.describe()).historySize ?? 0;
  }
  return bytes;
}

/** From some of them: they are all alike. */
async function sizeOfEach(client, jobs) {
  const some = jobs.slice(0, SIZES_ASKED_MAX);
  let bytes = 0;
  for (const { id } of some) {
    bytes += (await client.workflow.getHandle(id).describe()).historySize ?? 0;
  }
  return (bytes / some.length) * jobs.length;
}
