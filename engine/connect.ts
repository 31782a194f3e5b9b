/**
 * Opens connections to an engine, embedded or external, with its namespace and credentials. One
 * place, so that an unreachable server is the same named error for every command.
 */
import { Client, Connection } from '@temporalio/client';
import type { ConnectionOptions } from '@temporalio/client';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { NativeConnection } from '@temporalio/worker';
import { retryingCalls } from './call-retry.ts';
import { EngineUnreachableError } from './errors.ts';

/** All that is needed to reach a server: `connectionOptions` carries address, TLS, API key and metadata. */
export interface EngineEndpoint {
  readonly address: string;
  readonly namespace: string;
  readonly connectionOptions: NativeConnectionOptions;
}

/** A connection and a client over it; `close` ends the connection. */
export interface ConnectedEngine {
  readonly connection: Connection;
  readonly client: Client;
  readonly namespace: string;
  readonly close: () => Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5_000;

/** The endpoint of a server on this machine without TLS. */
export function plainEndpoint(address: string, namespace: string): EngineEndpoint {
  return { address, namespace, connectionOptions: { address } };
}

/**
 * Connects for starting workflows, signals, updates and queries. Throws `EngineUnreachableError`
 * when no Temporal server answers within 5 s or the namespace isn't there.
 */
export async function connectEngine(
  endpoint: EngineEndpoint,
  connectTimeoutMs = CONNECT_TIMEOUT_MS,
): Promise<ConnectedEngine> {
  const { address, namespace, connectionOptions } = endpoint;
  let connection: Connection | null = null;
  try {
    connection = await Connection.connect({
      ...(connectionOptions as ConnectionOptions),
      connectTimeout: connectTimeoutMs,
      interceptors: retryingCalls(),
    });
    const opened = connection;
    await opened.withDeadline(Date.now() + connectTimeoutMs, () =>
      opened.workflowService.describeNamespace({ namespace }),
    );
    const client = new Client({ connection, namespace });
    return { connection, client, namespace, close: () => opened.close() };
  } catch (error) {
    await connection?.close();
    throw new EngineUnreachableError(address, namespace, reasonOf(error));
  }
}

/** Connects for workers. Throws `EngineUnreachableError` when no Temporal server answers. */
export async function connectWorkers(endpoint: EngineEndpoint): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(endpoint.connectionOptions);
  } catch (error) {
    throw new EngineUnreachableError(endpoint.address, endpoint.namespace, reasonOf(error));
  }
}

/** The server's version as it tells it, for reports. */
export async function serverVersionOf(connection: Connection): Promise<string> {
  const info = await connection.workflowService.getSystemInfo({});
  return info.serverVersion ?? 'unknown';
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const details = (error as { details?: unknown }).details;
  const text = typeof details === 'string' && details !== '' ? details : error.message;
  return text.split('\n')[0] ?? text;
}
