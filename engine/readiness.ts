/** Waits for a started server until it really serves, so that nobody after it needs a retry of their own. */
import type { Progress } from './chain.ts';
import type { EngineEndpoint } from './connect.ts';
import { connectEngine, serverVersionOf } from './connect.ts';
import type { EnginePorts } from './ports.ts';
import { LOOPBACK } from './ports.ts';
import type { ServerProcess } from './watchdog.ts';

/** The longest wait for a first answer; a start on a busy machine takes about a second. */
export const START_TIMEOUT_MS = 60_000;
const HEARTBEAT_LINE_MS = 10_000;
const READY_POLL_MS = 50;

/**
 * Waits until the server answers, and returns its version; null when it ended first or took too
 * long. Its metrics port must answer as well: that port is chosen at random, so the answer can't
 * come from a foreign server that has just taken the gRPC port.
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
    if (await httpAnswers(`http://${LOOPBACK}:${ports.metrics}/metrics`)) {
      const connected = await connectEngine(endpoint).catch(() => null);
      if (connected !== null) {
        const version = await serverVersionOf(connected.connection);
        await connected.close();
        return version;
      }
    }
    if (Date.now() >= lineDueMs) {
      lineDueMs += HEARTBEAT_LINE_MS;
      const elapsedSeconds = Math.round((Date.now() - startedMs) / 1000);
      progress(`waiting for the Temporal server to answer: ${elapsedSeconds} s`);
    }
    await new Promise((wake) => setTimeout(wake, READY_POLL_MS));
  }
  return null;
}

async function httpAnswers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
