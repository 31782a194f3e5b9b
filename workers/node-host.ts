/**
 * The node host process: nodes of the run, all or those it is told, each an activity worker on its own queue with its own
 * presence and desk. Handlers compute in threads, so presence on the main thread never waits for them.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import type { Adapter } from '../activities/adapters/adapter.ts';
import type { NodeActivities } from '../activities/contracts.ts';
import { FeedReaders } from '../activities/feed/index.ts';
import { LeaseDesk } from '../activities/lease.ts';
import { Presence } from '../activities/presence.ts';
import type { EngineEndpoint } from '../engine/connect.ts';
import { connectEngine, connectWorkers } from '../engine/connect.ts';
import { RANGES } from '../fabric/mission/fields.ts';
import type { RunNode, RunSpec } from '../fabric/mission/run-spec.ts';
import { nodeQueue, shardId } from '../workflows/protocol.ts';
import { adaptersOf } from './adapters.ts';
import { installLog, say } from './log.ts';
import { keepRegistered, nodeSpecOf } from './node-registration.ts';
import type { FabricProcess } from './process-life.ts';
import { engineEndpoint, live } from './process-life.ts';

interface Host {
  readonly spec: RunSpec;
  readonly session: string;
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly client: Client;
  readonly readers: FeedReaders;
}

interface HostedNode {
  readonly ended: Promise<void>;
  stop(graceMs: number): Promise<void>;
}

/** A beat is sent no later than this: half of what the shard waits before it gives a node up. */
const PRESENCE_BEAT_MAX = '400ms';
/** How soon a lease that waits for a slot learns of a cancel. */
const WAITING_BEAT = '200ms';
/** What is left of the grace to hand back results after jobs were abandoned. */
const HAND_BACK_MS = 1_000;
const ANSWERED_LOOK_MS = 20;

/**
 * Starts a host of the nodes that the spec names. Rejects when an adapter can't be opened or the engine
 * can't be reached; whether a shard takes a node is seen later, and said.
 */
export async function startNodeHost(
  spec: RunSpec,
  endpoint: EngineEndpoint,
): Promise<FabricProcess> {
  installLog();
  const adapters = adaptersOf(spec.nodes);
  const distinct = [...new Set(adapters.values())];
  const { namespace } = endpoint;
  const [connection, engine] = await Promise.all([
    connectWorkers(endpoint),
    connectEngine(endpoint),
    ...distinct.map((each) => each.open()),
  ]);
  const host: Host = {
    spec,
    session: randomBytes(8).toString('hex'),
    connection,
    namespace,
    client: engine.client,
    readers: new FeedReaders(),
  };
  const nodes = await Promise.all(
    spec.nodes.map((node) => hostNode(host, node, adapters.get(node.id)!)),
  );
  const stop = async (graceMs: number): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop(graceMs)));
    await Promise.all(distinct.map((each) => each.close()));
    await engine.close();
    await connection.close();
  };
  let stopped: () => void = () => undefined;
  // A host without nodes still waits for its end.
  const asked = new Promise<void>((resolve) => (stopped = resolve));
  const failed = Promise.all(nodes.map((node) => node.ended)).then(() => asked);
  return { ended: failed, stop: (graceMs) => stop(graceMs).finally(stopped) };
}

/** The nodes that the command line names after the spec; all of the run's where it names none. */
function ownNodes(nodes: readonly RunNode[], ids: readonly string[]): readonly RunNode[] {
  const strange = ids.find((id) => !nodes.some((node) => node.id === id));
  if (strange !== undefined) throw new Error(`the run has no node "${strange}"`);
  return ids.length === 0 ? nodes : nodes.filter(({ id }) => ids.includes(id));
}

async function hostNode(host: Host, node: RunNode, adapter: Adapter): Promise<HostedNode> {
  const { spec, session, connection, namespace, readers } = host;
  const desk = new LeaseDesk({
    runId: spec.runId,
    node: node.id,
    slots: node.slots,
    session,
    adapter,
    readers,
    feeds: new Map(spec.feeds.map((feed) => [feed.id, feed])),
    resultsFolder: spec.folders.results,
  });
  const presence = new Presence(node.id, session, (execution) => desk.progress(execution));
  const activities: NodeActivities = {
    runLease: (order) => desk.runLease(order),
    holdPresence: (input) => presence.hold(input),
  };
  const identity = `${node.id}@${session}`;
  const worker = await Worker.create({
    connection,
    identity,
    namespace,
    taskQueue: nodeQueue(spec.fabric, node.id),
    activities: { ...activities },
    // Calls left over from a run that continued as new hold places until their leases end, and the owner
    // may give the node as many slots as a node can have.
    maxConcurrentActivityTaskExecutions: 4 * (RANGES.slots.max + 2),
    maxConcurrentActivityTaskPolls: Math.min(node.slots + 1, 5),
    maxHeartbeatThrottleInterval: PRESENCE_BEAT_MAX,
    defaultHeartbeatThrottleInterval: WAITING_BEAT,
    // Draining has its own deadline, which is shorter.
    shutdownGraceTime: '1m',
  });
  const leaving = new AbortController();
  const ended = worker.run();
  ended.catch(() => undefined);
  const registered = keepRegistered({
    spec: nodeSpecOf(node),
    session,
    signal: (name, payload) =>
      host.client.workflow
        .getHandle(shardId(spec.fabric, node.shard))
        .signal(name, payload as object),
    missingMs: () => presence.missingMs,
    stopped: leaving.signal,
    onTrouble: (message) => say(`node ${node.id} is not registered: ${message}`),
  });
  return {
    ended,
    stop: async (graceMs) => {
      leaving.abort();
      await registered;
      // No lease is taken any more; what runs is handed back while the shard still counts on the node.
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await desk.drain(Math.max(0, graceMs - HAND_BACK_MS));
      // A shard that has ended, or an engine that is gone, waits for no answer.
      await answered(host, node, identity).catch(() => undefined);
      presence.leave();
      await ended;
    },
  };
}

/**
 * Waits until the engine has every lease's answer, so that none comes after the farewell, by which the
 * shard would give its jobs to others. The engine's own list of what this worker has begun tells.
 */
async function answered(host: Host, node: RunNode, identity: string): Promise<void> {
  const shard = host.client.workflow.getHandle(shardId(host.spec.fabric, node.shard));
  const deadlineMs = performance.now() + HAND_BACK_MS / 2;
  while (performance.now() < deadlineMs) {
    const { raw } = await shard.describe();
    const begun = (raw.pendingActivities ?? []).some(
      ({ activityType, lastWorkerIdentity }) =>
        activityType?.name === 'runLease' && lastWorkerIdentity === identity,
    );
    if (!begun) return;
    await setTimeout(ANSWERED_LOOK_MS);
  }
}

if (process.argv[1] === import.meta.filename) {
  await live(async (spec) => {
    const nodes = ownNodes(spec.nodes, process.argv.slice(3));
    return await startNodeHost({ ...spec, nodes }, await engineEndpoint());
  });
}
