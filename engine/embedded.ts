/**
 * The embedded engine: the official Temporal dev server as a process of its own, with a durable
 * file database under the project's state folder. Settings are the ones measured for this fabric;
 * the durability they give is stated in every report.
 */
import { closeSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Progress } from './chain.ts';
import type { EngineEndpoint } from './connect.ts';
import { connectEngine, plainEndpoint } from './connect.ts';
import { EngineStartError, EngineUnreachableError } from './errors.ts';
import { withLock } from './lock.ts';
import type { EnginePorts } from './ports.ts';
import { choosePorts, LOOPBACK } from './ports.ts';
import { endProcess, isSameProcess, processIdentity } from './process-identity.ts';
import type { EngineRecord } from './record.ts';
import { START_TIMEOUT_MS, untilReady } from './readiness.ts';
import { dropRecord, readRecord, recordedState, writeRecord } from './record.ts';
import { serverArguments } from './server-arguments.ts';
import type { ServerProcess } from './watchdog.ts';
import { startServerProcess } from './watchdog.ts';

/** What the pragmas in `server-arguments.ts` give: every commit is synced before it is acknowledged. */
export const EMBEDDED_DURABILITY = 'sqlite WAL, synchronous=FULL';

const LOG_BYTES_MAX = 10 * 1024 * 1024;
const STOP_GRACE_MS = 10_000;
/** Of several that start at the same moment one gets a port, and the others look for the next. */
const START_ATTEMPTS_MAX = 8;

/** How to start; folders and files are made where they are missing. */
export interface EmbeddedOptions {
  readonly executable: string;
  /** Holds `engine.json`, `engine.log` and, unless `dbFile` says otherwise, `temporal.db`. */
  readonly stateDir: string;
  readonly dbFile?: string;
  readonly namespace?: string;
  readonly portPreferred?: number;
  readonly uiPreferredPort?: number;
  /** True: the server outlives this process (`up`, `--keep`); `stop()` still ends it. */
  readonly keepAlive?: boolean;
  readonly progress?: Progress;
}

/** A live embedded server. */
export interface EmbeddedEngine extends EngineEndpoint {
  readonly kind: 'embedded';
  readonly uiUrl: string;
  readonly pid: number;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly serverVersion: string;
  readonly durability: string;
  readonly executable: string;
  readonly dbFile: string;
  readonly logFile: string;
  readonly keepAlive: boolean;
  /** True when another start brought it up; `stop()` then does nothing. */
  readonly reused: boolean;
  /** Resolves when a server that this process started has ended; never for a reused one. */
  readonly exited: Promise<void>;
  readonly stop: () => Promise<void>;
}

/**
 * Starts the dev server on `dbFile`, or reuses the one that already runs on it. A record that a
 * crash left is replaced, and so is a server whose watchdog was killed. Resolves once the server
 * answers. Throws `EngineStartError` when it doesn't within a minute, or when the state folder
 * already serves another database.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedEngine> {
  const stateDir = resolve(options.stateDir);
  const dbFile = resolve(options.dbFile ?? join(stateDir, 'temporal.db'));
  const logFile = join(stateDir, 'engine.log');
  const progress = options.progress ?? (() => undefined);
  mkdirSync(stateDir, { recursive: true });
  mkdirSync(resolve(dbFile, '..'), { recursive: true });
  return await withLock(join(stateDir, 'engine.lock'), progress, async () => {
    const live = await liveOrCleared(stateDir);
    if (live !== null && live.dbFile !== dbFile) {
      throw new EngineStartError(
        `a server for ${live.dbFile} already runs from ${stateDir}; stop it or use another folder`,
        live.logFile,
      );
    }
    if (live !== null) return reusedEngine(live);
    return await startFresh({ ...options, stateDir, dbFile, progress }, logFile);
  });
}

/** The recorded engine of a state folder if it lives and answers, else null. Changes nothing. */
export async function findLive(stateDir: string): Promise<EmbeddedEngine | null> {
  const record = await readRecord(resolve(stateDir));
  if (record === null || (await recordedState(record)) !== 'running') return null;
  return (await answers(record)) ? reusedEngine(record) : null;
}

/** Ends the recorded server of a state folder, whoever started it. True when there was one. */
export async function stopRecorded(stateDir: string): Promise<boolean> {
  const folder = resolve(stateDir);
  const record = await readRecord(folder);
  if (record === null) return false;
  const lived = (await recordedState(record)) !== 'gone';
  await endProcess(record.pid, record.identity, STOP_GRACE_MS);
  await dropRecord(folder, record.pid, record.identity);
  return lived;
}

/** The live record, or null after whatever it pointed at has been ended and the record removed. */
async function liveOrCleared(stateDir: string): Promise<EngineRecord | null> {
  const record = await readRecord(stateDir);
  if (record === null) return null;
  if ((await recordedState(record)) === 'running' && (await answers(record))) return record;
  await stopRecorded(stateDir);
  return null;
}

async function answers(record: EngineRecord): Promise<boolean> {
  try {
    await (await connectEngine(plainEndpoint(record.address, record.namespace))).close();
    return true;
  } catch (error) {
    if (error instanceof EngineUnreachableError) return false;
    throw error;
  }
}

type FreshStart = EmbeddedOptions & {
  readonly stateDir: string;
  readonly dbFile: string;
  readonly progress: Progress;
};

async function startFresh(start: FreshStart, logFile: string): Promise<EmbeddedEngine> {
  rotateLog(logFile);
  for (let attempt = 1; ; attempt += 1) {
    const ports = await choosePorts(start.portPreferred ?? 7233, start.uiPreferredPort ?? 8233);
    const outcome = await launch(start, ports, logFile);
    if (outcome.state === 'ready') return outcome.engine;
    // Another process took a port between our look and the server's bind: choose again.
    if (outcome.portTaken && attempt < START_ATTEMPTS_MAX) continue;
    throw new EngineStartError(outcome.why, logFile);
  }
}

type Launch =
  | { readonly state: 'ready'; readonly engine: EmbeddedEngine }
  | { readonly state: 'failed'; readonly portTaken: boolean; readonly why: string };

async function launch(start: FreshStart, ports: EnginePorts, logFile: string): Promise<Launch> {
  const namespace = start.namespace ?? 'default';
  const logFrom = sizeOf(logFile);
  const logFd = openSync(logFile, 'a');
  let server: ServerProcess;
  try {
    server = await startServerProcess({
      executable: start.executable,
      args: serverArguments({ ports, namespace, dbFile: start.dbFile }),
      logFd,
      graceMs: STOP_GRACE_MS,
      keepAlive: start.keepAlive === true,
    });
  } catch (error) {
    throw new EngineStartError(error instanceof Error ? error.message : String(error), logFile);
  } finally {
    closeSync(logFd);
  }
  const endpoint = plainEndpoint(`${LOOPBACK}:${ports.grpc}`, namespace);
  // Recorded before it answers, so that a server to be kept can be found even if this process dies now.
  const record = await recordOf(server, start, endpoint, ports, logFile);
  await writeRecord(start.stateDir, record);
  const serverVersion = await untilReady(server, endpoint, ports, start.progress);
  if (serverVersion === null) {
    await endServer(server);
    await dropRecord(start.stateDir, record.pid, record.identity);
    const lines = (await readFile(logFile, 'utf8')).slice(logFrom).trim().split('\n');
    // The server goes on from there to a panic, whose trace is long.
    const taken = lines.find((line) => line.includes('address already in use'));
    const why =
      taken ?? (lines.slice(-5).join('\n') || `no answer within ${START_TIMEOUT_MS / 1000} s`);
    return { state: 'failed', portTaken: taken !== undefined, why };
  }
  const ready = { ...record, serverVersion };
  await writeRecord(start.stateDir, ready);
  return { state: 'ready', engine: startedEngine(ready, server, start.stateDir) };
}

async function recordOf(
  server: ServerProcess,
  start: FreshStart,
  endpoint: EngineEndpoint,
  ports: EnginePorts,
  logFile: string,
): Promise<EngineRecord> {
  const { watchdogPid } = server;
  return {
    schema: 'planetary-fabric/engine@1',
    pid: server.pid,
    identity: (await processIdentity(server.pid)) ?? 'ended',
    watchdogPid,
    watchdogIdentity: watchdogPid === null ? null : await processIdentity(watchdogPid),
    startedAt: new Date().toISOString(),
    address: endpoint.address,
    uiUrl: `http://${LOOPBACK}:${ports.ui}`,
    namespace: endpoint.namespace,
    serverVersion: 'not yet known',
    executable: start.executable,
    dbFile: start.dbFile,
    logFile,
    keepAlive: start.keepAlive === true,
  };
}

function engineOf(record: EngineRecord): Omit<EmbeddedEngine, 'reused' | 'exited' | 'stop'> {
  const { address, namespace, uiUrl, pid, startedAt, serverVersion } = record;
  const { executable, dbFile, logFile, keepAlive } = record;
  return {
    kind: 'embedded',
    ...plainEndpoint(address, namespace),
    uiUrl,
    pid,
    startedAt,
    serverVersion,
    executable,
    dbFile,
    logFile,
    keepAlive,
    durability: EMBEDDED_DURABILITY,
  };
}

function reusedEngine(record: EngineRecord): EmbeddedEngine {
  const never = new Promise<void>(() => undefined);
  return { ...engineOf(record), reused: true, exited: never, stop: () => Promise.resolve() };
}

function startedEngine(
  record: EngineRecord,
  server: ServerProcess,
  stateDir: string,
): EmbeddedEngine {
  let stopping: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    await endServer(server);
    await endProcess(record.pid, record.identity, 0);
    await dropRecord(stateDir, record.pid, record.identity);
  };
  return {
    ...engineOf(record),
    reused: false,
    exited: server.exited,
    stop: () => (stopping ??= stop()),
  };
}

/** Ends the server in order and waits; the watchdog is itself past its deadline only if it was killed. */
async function endServer(server: ServerProcess): Promise<void> {
  const identity = await processIdentity(server.pid);
  server.end();
  if (identity === null) return;
  const deadlineMs = Date.now() + STOP_GRACE_MS;
  while (Date.now() < deadlineMs && (await isSameProcess(server.pid, identity))) {
    await new Promise((wake) => setTimeout(wake, 20));
  }
  await endProcess(server.pid, identity, 0);
}

function rotateLog(logFile: string): void {
  if (sizeOf(logFile) > LOG_BYTES_MAX) renameSync(logFile, `${logFile}.1`);
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
