/** Waits for a started server until it really serves, so that nobody after it needs a retry of their own. */
import type { Progress } from './chain.ts';
import type { EngineEndpoint } from './connect.ts';
import { connectEngine } from './connect.ts';
import type { EnginePorts } from './ports.ts';
import { LOOPBACK } from './ports.ts';
import type { ServerProcess } from './watchdog.ts';

/** The longest wait for a first answer; a start on a busy machine takes about a second. */
export const START_TIMEOUT_MS = 60_000;
const HEARTBEAT_LINE_MS = 10_000;
const READY_POLL_MS = 50;

/**
 * Waits until the server answers, and returns its version; null when it ended first or took too
 * long. Another that was started at the same moment may have taken the gRPC port, and would answer in its
 * place: so the cluster that answers there must be the one that answers on the HTTP port, which was
 * chosen at random.
 */
export async function untilReady(
  server: ServerProcess,
  endpoint: EngineEndpoint,
  ports: EnginePorts,
  progress: Progress,
): Promise<string | null> {
  const startedMs = Date.now();
  let lineDueMs = startedMs + HEARTBEAT_LINE_MS;
  let ended = false;
  void server.exited.then(() => (ended = true));
  while (!ended && Date.now() - startedMs < START_TIMEOUT_MS) {
    const own = await clusterByHttp(ports.http);
    const answering = own === null ? null : await clusterByGrpc(endpoint);
    if (answering !== null && answering.clusterId === own) return answering.serverVersion;
    if (Date.now() >= lineDueMs) {
      lineDueMs += HEARTBEAT_LINE_MS;
      const elapsedSeconds = Math.round((Date.now() - startedMs) / 1000);
      progress(`waiting for the Temporal server to answer: ${elapsedSeconds} s`);
    }
    await new Promise((wake) => setTimeout(wake, READY_POLL_MS));
  }
  return null;
}

/** The id of the cluster that serves that port, or null where none does yet. */
async function clusterByHttp(port: number): Promise<string | null> {
  try {
    const url = `http://${LOOPBACK}:${port}/api/v1/cluster-info`;
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    const { clusterId } = (await response.json()) as { readonly clusterId?: string };
    return clusterId ?? null;
  } catch {
    return null;
  }
}

async function clusterByGrpc(
  endpoint: EngineEndpoint,
): Promise<{ readonly clusterId: string; readonly serverVersion: string } | null> {
  const connected = await connectEngine(endpoint).catch(() => null);
  if (connected === null) return null;
  try {
    const { clusterId, serverVersion } = await connected.connection.workflowService.getClusterInfo(
      {},
    );
    return { clusterId: clusterId ?? '', serverVersion: serverVersion ?? 'unknown' };
  } catch {
    return null;
  } finally {
    await connected.close();
  }
}
