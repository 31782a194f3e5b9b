/**
 * Finds ports that nobody listens on. The dev server needs four that we name (gRPC, Web UI, HTTP
 * API, metrics) and picks its inner ones itself; naming them lets servers live side by side.
 */
import { createServer } from 'node:net';

export const LOOPBACK = '127.0.0.1';
const SCAN_PORTS_MAX = 200;

/** The ports of one server. */
export interface EnginePorts {
  readonly grpc: number;
  readonly ui: number;
  readonly http: number;
  readonly metrics: number;
}

/**
 * The preferred gRPC and Web UI ports, or the next free ones above them; the other two are
 * whatever the system gives. Another process may still take one before the server does, so
 * the caller must be ready to choose again.
 */
export async function choosePorts(
  grpcPreferred: number,
  uiPreferred: number,
): Promise<EnginePorts> {
  const taken = new Set<number>();
  const take = async (preferred: number): Promise<number> => {
    const port = await nextFreePort(preferred, taken);
    taken.add(port);
    return port;
  };
  const grpc = await take(grpcPreferred);
  const ui = await take(uiPreferred);
  return { grpc, ui, http: await take(0), metrics: await take(0) };
}

/** A port that nobody listens on just now, wherever the system finds one. */
export async function freePort(): Promise<number> {
  return await nextFreePort(0, new Set());
}

async function nextFreePort(preferred: number, taken: ReadonlySet<number>): Promise<number> {
  for (let offset = 0; offset < SCAN_PORTS_MAX; offset += 1) {
    const port = await listenOnce(preferred === 0 ? 0 : preferred + offset);
    if (port !== null && !taken.has(port)) return port;
  }
  return await nextFreePort(0, taken);
}

async function listenOnce(port: number): Promise<number | null> {
  if (port > 65_535) return null;
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(port, LOOPBACK, () => {
      const address = server.address();
      const given = typeof address === 'object' && address !== null ? address.port : null;
      server.close(() => resolve(given));
    });
  });
}
