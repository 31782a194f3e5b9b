/**
 * Finds a running fabric and connects to it: the one that an address names, else the one recorded in
 * this folder, else the one on the server that the environment names. It starts nothing.
 */
import type { Client, Connection, WorkflowHandle } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { setMaxListeners } from 'node:events';
import type { ConnectedEngine, EngineEndpoint } from '../engine/connect.ts';
import { connectEngine, plainEndpoint } from '../engine/connect.ts';
import { findLive } from '../engine/embedded.ts';
import { existingEngine } from '../engine/open.ts';
import { commandName, resumeCommand } from './command-name.ts';
import { NoFabricError } from './exit-code.ts';
import { pause } from './interruption.ts';
import type { Place } from './place.ts';
import { stateFolder } from './place.ts';
import type { FabricRecord, FoundFabric } from './state.ts';
import { DEFAULT_FABRIC, findFabric, runFolder } from './state.ts';
import type {
  CommandRecord,
  FabricStatus,
  Governance,
  ShownStatus,
} from '../workflows/protocol.ts';
import { ASK_AGAIN, orchestratorId, QUERY, SHOWN, UPDATE } from '../workflows/protocol.ts';

const CALL_TIMEOUT_MS = 5_000;
const ASK_TRIES_MAX = 5;
const ASK_EVERY_MS = 100;
/** A task that waits for so long has no process to take it. */
const MUTE_MS = 3_000;

export interface FabricWish {
  readonly fabric?: string;
  /** `host:port`; with it the record of this folder isn't asked. */
  readonly address?: string;
  readonly namespace?: string;
}

/** A connection to a fabric. `record` is null when it wasn't started from this folder. */
export interface FabricAccess {
  readonly fabric: string;
  readonly record: FabricRecord | null;
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string | null;
  readonly connection: Connection;
  readonly client: Client;
  /** Runs one short request: it fails after 5 s. */
  call<T>(request: () => Promise<T>): Promise<T>;
  /** Runs requests that may take long; they are given up by `close`. */
  follow<T>(requests: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Connects. Throws NoFabricError when there is none, EngineUnreachableError when its server is mute. */
export async function accessFabric(
  wish: FabricWish,
  place: Pick<Place, 'folder' | 'env'>,
): Promise<FabricAccess> {
  const { endpoint, ...found } = await locateFabric(wish, place);
  return accessOver(await connectEngine(endpoint), { ...found, address: endpoint.address });
}

/** Where a fabric's server is, for those who need more than a client. Throws as `accessFabric` does. */
export async function locateFabric(
  wish: FabricWish,
  place: Pick<Place, 'folder' | 'env'>,
): Promise<Pick<FabricAccess, 'fabric' | 'record' | 'uiUrl'> & { endpoint: EngineEndpoint }> {
  const fabric = wish.fabric ?? DEFAULT_FABRIC;
  const found = await findFabric(stateFolder(place), fabric);
  const { endpoint, uiUrl, record } = await endpointOf(wish, found?.record ?? null, place);
  if (endpoint === null) throw new NoFabricError(nothingThere(fabric, found));
  return { fabric, record, uiUrl, endpoint };
}

/**
 * Access over an open connection. The SDK throws outside of any promise when it retries a request on a
 * connection that was closed meanwhile, so `close` first lets the requests under way come to their end,
 * and leaves the connection to the end of the process when they don't.
 */
export function accessOver(
  { connection, client, namespace, close }: ConnectedEngine,
  about: Pick<FabricAccess, 'fabric' | 'record' | 'address' | 'uiUrl'>,
): FabricAccess {
  const underWay = new Set<Promise<unknown>>();
  const closing = new AbortController();
  // The SDK adds one listener for every request.
  setMaxListeners(0, closing.signal);
  const track = async <T>(work: Promise<T>): Promise<T> => {
    underWay.add(work);
    try {
      return await work;
    } finally {
      underWay.delete(work);
    }
  };
  return {
    ...about,
    namespace,
    connection,
    client,
    call: (request) => track(connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, request)),
    follow: (requests) => track(connection.withAbortSignal(closing.signal, requests)),
    close: async () => {
      closing.abort();
      // The timer must not hold up a program that has nothing more to do.
      const settled = new AbortController();
      const ends = Promise.allSettled(underWay).then(() => settled.abort());
      await Promise.race([ends, pause(CALL_TIMEOUT_MS, settled.signal)]);
      if (underWay.size === 0) await close();
    },
  };
}

/**
 * The fabric's status as the orchestrator last showed it. The workflow is not asked for it: see decision
 * 0011. Throws when the server does not answer within 5 s, and when it has waited for an orchestrator
 * process for some time.
 */
export async function fetchStatus(access: Asked): Promise<ShownStatus> {
  const { memo, raw, status } = await access.call(() => orchestratorOf(access).describe());
  const waitingSince = Number(raw.pendingWorkflowTask?.originalScheduledTime?.seconds ?? 0) * 1_000;
  const isMute = waitingSince > 0 && Date.now() - waitingSince > MUTE_MS;
  if (isMute && status.name === 'RUNNING') throw new NoFabricError(mute(access));
  const shown = memo?.[SHOWN];
  if (shown === undefined) throw new NoFabricError(mute(access));
  return shown as ShownStatus;
}

function mute({ fabric }: Asked): string {
  return `No orchestrator process of "${fabric}" answers.`;
}

/** The whole status with its curves, asked of the orchestrator. Throws when no process of it answers. */
export async function fetchWholeStatus(access: Asked): Promise<FabricStatus> {
  return await ask(access, QUERY.fabricStatus);
}

/**
 * What became of a command that was sent as a signal; null when that is not known by then, or when the command
 * is given up. An answer of `received` comes from a workflow run that was left meanwhile: the next one is asked.
 */
export async function awaitOutcome(
  access: Asked & Pick<FabricAccess, 'connection' | 'follow'>,
  commandId: string,
  deadlineMs: number,
  givenUp: AbortSignal,
): Promise<CommandRecord | null> {
  const ask = (): Promise<CommandRecord | null> =>
    orchestratorOf(access).executeUpdate<CommandRecord | null, [object]>(UPDATE.commandOutcome, {
      args: [{ commandId }],
    });
  let known: CommandRecord | null = null;
  const { connection } = access;
  // The SDK adds one listener for every request.
  setMaxListeners(0, givenUp);
  const askInTime = (): Promise<CommandRecord | null> => connection.withDeadline(deadlineMs, ask);
  while (Date.now() < deadlineMs && !givenUp.aborted) {
    // Followed, so that the connection is not closed under a question that waits to be asked again.
    const answer = await access
      .follow(() => connection.withAbortSignal(givenUp, askInTime))
      .catch(() => null);
    if (answer !== null && answer.outcome !== 'received') return answer;
    known = answer ?? known;
    await pause(ASK_EVERY_MS);
  }
  return known;
}

/** The owner's commands and the policy after each. Throws when no orchestrator process answers within 5 s. */
export async function fetchGovernance(access: Asked): Promise<Governance> {
  return await ask(access, QUERY.governance);
}

/** False once the orchestrator's workflow has ended. A server that doesn't answer proves nothing. */
export async function isOpen(access: Asked): Promise<boolean> {
  const described = await access
    .call(() => orchestratorOf(access).describe())
    .catch((error: unknown) => (error instanceof WorkflowNotFoundError ? null : 'unknown'));
  if (described === 'unknown') return true;
  return described !== null && described.status.name === 'RUNNING';
}

/**
 * The status, or null while the fabric is open and none of its processes answers. Throws NoFabricError
 * when no such fabric is open on the server.
 */
export async function lookAt(
  access: Asked & Pick<FabricAccess, 'address'>,
): Promise<FabricStatus | null> {
  const shown = await fetchStatus(access).catch(() => null);
  if (!(await isOpen(access))) throw notOpen(access);
  return shown?.status ?? null;
}

/** The error for a server on which no fabric of that name is open. */
export function notOpen({
  fabric,
  address,
}: Pick<FabricAccess, 'fabric' | 'address'>): NoFabricError {
  return new NoFabricError(`No fabric named "${fabric}" is open on the server at ${address}.`);
}

/** The orchestrator's workflow, whichever of its runs is the current one. */
export function orchestratorOf({
  client,
  fabric,
}: Pick<FabricAccess, 'client' | 'fabric'>): WorkflowHandle {
  return client.workflow.getHandle(orchestratorId(fabric));
}

type Asked = Pick<FabricAccess, 'client' | 'call' | 'fabric'>;

async function ask<T>(access: Asked, query: string): Promise<T> {
  return await access.call(async () => {
    for (let tries = 1; ; tries++) {
      try {
        return await orchestratorOf(access).query<T>(query);
      } catch (error) {
        const again = error instanceof Error && error.message.includes(ASK_AGAIN);
        if (!again || tries >= ASK_TRIES_MAX) throw error;
      }
    }
  });
}

interface Endpoint {
  readonly endpoint: EngineEndpoint | null;
  readonly uiUrl: string | null;
  readonly record: FabricRecord | null;
}

async function endpointOf(
  wish: FabricWish,
  record: FabricRecord | null,
  place: Pick<Place, 'folder' | 'env'>,
): Promise<Endpoint> {
  const { address, namespace } = wish;
  if (address !== undefined && isRecorded(address, record)) {
    return await endpointOf({ fabric: record!.fabric }, record, place);
  }
  const stateDir =
    record === null ? stateFolder(place) : runFolder(stateFolder(place), record.runId);
  if (address === undefined && record?.engine?.kind === 'embedded') {
    // The recorded server, whatever the environment names: this fabric runs on no other.
    const engine = await findLive(stateDir);
    if (engine === null) return { endpoint: null, uiUrl: null, record };
    const endpoint = plainEndpoint(engine.address, engine.namespace);
    return { endpoint, uiUrl: engine.uiUrl, record };
  }
  const engine = await existingEngine({
    stateDir,
    env: place.env,
    ...(address === undefined ? {} : { address }),
    ...(namespace === undefined ? {} : { namespace }),
  });
  const isHere = engine !== null && record?.engine?.address === engine.address;
  return { endpoint: engine, uiUrl: engine?.uiUrl ?? null, record: isHere ? record : null };
}

function isRecorded(address: string, record: FabricRecord | null): boolean {
  return record?.engine?.kind === 'embedded' && record.engine.address === address;
}

function nothingThere(fabric: string, found: FoundFabric | null): string {
  if (found?.live === true)
    return `The fabric "${fabric}" has no server yet: it is starting or ending.`;
  const first = `No fabric named "${fabric}" is running here.`;
  if (found === null) {
    return `${first} Start one with \`${commandName()} up\`, or name its server with TEMPORAL_ADDRESS.`;
  }
  return `${first} Its run ${found.record.runId} was interrupted; continue it with:
  ${resumeCommand(found.record)}`;
}
