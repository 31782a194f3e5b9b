/**
 * What a process that is started by hand needs to take part in a run: the engine, and the run's spec as
 * its own workflow was started with it, so that any place that reaches the engine can ask for it.
 */
import { existsSync } from 'node:fs';
import { defaultPayloadConverter } from '@temporalio/common';
import type { EngineEndpoint } from '../engine/connect.ts';
import { connectEngine } from '../engine/connect.ts';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import { orchestratorId } from '../workflows/protocol.ts';
import { UsageError } from './exit-code.ts';
import type { FabricAccess } from './fabric-access.ts';
import { accessOver, isOpen, locateFabric, notOpen } from './fabric-access.ts';
import { pause } from './interruption.ts';
import type { Place } from './place.ts';

/** A run that is open, and the way to its engine. Whoever joins closes the access. */
export interface JoinedRun {
  readonly spec: RunSpec;
  readonly endpoint: EngineEndpoint;
  readonly access: FabricAccess;
}

/** The first entries of a ledger are on disk a moment after its run was started. */
const FILES_WITHIN_MS = 5_000;
const LOOK_MS = 100;
const OVER_LOOK_MS = 500;
const ENDED = new Set(['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT']);

/**
 * Joins the fabric of that name: the one recorded in this folder, else the one on the server that the
 * environment names. Throws NoFabricError where none is open, EngineUnreachableError, and UsageError where
 * the run's files are not to be seen from here.
 */
export async function joinRun(
  place: Pick<Place, 'folder' | 'env'>,
  fabric: string | undefined,
): Promise<JoinedRun> {
  const { endpoint, ...found } = await locateFabric(fabric === undefined ? {} : { fabric }, place);
  const { address } = endpoint;
  const access = accessOver(await connectEngine(endpoint), { ...found, address });
  try {
    if (!(await isOpen(access))) throw notOpen(access);
    const spec = await startedWith(access);
    await requireFiles(spec);
    return { spec, endpoint, access };
  } catch (error) {
    await access.close();
    throw error;
  }
}

/** The spec that the orchestrator's workflow was started with: in the first event of each of its runs. */
async function startedWith(access: FabricAccess): Promise<RunSpec> {
  const { connection, namespace, fabric } = access;
  const { history } = await access.call(() =>
    connection.workflowService.getWorkflowExecutionHistory({
      namespace,
      execution: { workflowId: orchestratorId(fabric) },
      maximumPageSize: 1,
    }),
  );
  const started = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
  const payload = started?.input?.payloads?.[0];
  if (payload !== undefined && payload !== null) {
    const { spec } = defaultPayloadConverter.fromPayload<{ spec?: RunSpec }>(payload);
    if (spec?.schema === 'planetary-fabric/run@1') return spec;
  }
  throw new UsageError(`The fabric "${fabric}" was started by a version that this one can't join.`);
}

/**
 * Feeds are read and results written as files, and the ledger of this very run tells whether they are here.
 * Throws UsageError when something is still missing after `withinMs`.
 */
export async function requireFiles(
  { folders, feeds }: Pick<RunSpec, 'folders' | 'feeds'>,
  withinMs = FILES_WITHIN_MS,
): Promise<void> {
  const read = feeds.flatMap(({ source }) => (source.type === 'ndjson' ? [source.path] : []));
  const needed = [folders.ledger, ...read];
  const deadlineMs = Date.now() + withinMs;
  for (;;) {
    const missing = needed.find((path) => !existsSync(path));
    if (missing === undefined) return;
    if (Date.now() >= deadlineMs) throw new UsageError(notSeen(missing));
    await pause(LOOK_MS);
  }
}

function notSeen(path: string): string {
  return `The run's files are not to be seen from here: found no ${path}.
The fabric's processes read feeds and write ledger and results as files. Start this one on the machine
that the fabric was started on, or where its folders are mounted at the same paths.`;
}

/**
 * Resolves, with the reason, once none of these workflows is open any more or another run has taken their
 * names, and when the fabric of this folder has ended; never once `stopped` is aborted. A server that
 * doesn't answer proves nothing.
 */
export async function runOver(
  { access, spec }: JoinedRun,
  workflowIds: readonly string[],
  hasEndedHere: () => Promise<boolean>,
  stopped: AbortSignal,
): Promise<string> {
  const isOver = async (workflowId: string): Promise<boolean> => {
    const handle = access.client.workflow.getHandle(workflowId);
    const { status, memo } = await access.call(() => handle.describe());
    return ENDED.has(status.name) || memo?.['runId'] !== spec.runId;
  };
  for (;;) {
    await pause(OVER_LOOK_MS, stopped);
    if (stopped.aborted) return await new Promise<never>(() => undefined);
    const over = await Promise.all(workflowIds.map(isOver)).catch(() => [false]);
    if (over.every(Boolean) || (await hasEndedHere())) return `run ${spec.runId} is over`;
  }
}
