/**
 * Runs the server under a small process of ours, so that it never outlives the command that
 * started it. The watchdog holds one end of a channel; when the starter ends, however it ends
 * (SIGKILL included), the system closes the other end and the watchdog stops the server in order.
 * Both sit in a process group of their own, so Ctrl-C in a terminal reaches only the starter.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

/** What runs: the server's executable, its arguments, where its output goes, how long it may take to end. */
export interface ServerProcessOptions {
  readonly executable: string;
  readonly args: readonly string[];
  readonly logFd: number;
  readonly graceMs: number;
  /** True: no watchdog, the server outlives the starter. */
  readonly keepAlive: boolean;
}

/** The server's process as its starter sees it. */
export interface ServerProcess {
  readonly pid: number;
  /** Null with `keepAlive`, where nothing stands between. */
  readonly watchdogPid: number | null;
  /** Resolves when the server has ended, for whatever reason. */
  readonly exited: Promise<void>;
  /** Asks the server to end; `exited` tells when it has. */
  end(): void;
}

/**
 * The watchdog's program. It is a string handed to `node -e` because it must run alike from the
 * compiled package and from TypeScript sources, which Node 20 can't execute.
 */
const WATCHDOG_PROGRAM = `
const { spawn } = require('node:child_process');
const { executable, args, graceMs } = JSON.parse(process.argv[1]);
process.title = 'planetary-fabric-watchdog';
const server = spawn(executable, args, { stdio: ['ignore', 'inherit', 'inherit'] });
let ending = false;
function end() {
  if (ending) return;
  ending = true;
  server.kill('SIGTERM');
  setTimeout(() => server.kill('SIGKILL'), graceMs);
}
server.on('spawn', () => process.connected && process.send({ pid: server.pid }, () => {}));
server.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
server.on('exit', () => process.exit(0));
process.on('disconnect', end);
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(name, end);
`;

/** Starts the server; rejects when its executable can't be run. Keeps no event loop alive. */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  return options.keepAlive ? await startAlone(options) : await startWatched(options);
}

async function startAlone(options: ServerProcessOptions): Promise<ServerProcess> {
  const server = spawn(options.executable, options.args, {
    stdio: ['ignore', options.logFd, options.logFd],
    detached: true,
    env: serverEnv(),
  });
  const exited = whenExited(server);
  const pid = await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.once('spawn', () => resolve(server.pid ?? 0));
  });
  server.unref();
  return { pid, watchdogPid: null, exited, end: () => void server.kill('SIGTERM') };
}

async function startWatched(options: ServerProcessOptions): Promise<ServerProcess> {
  const { executable, args, graceMs, logFd } = options;
  const order = JSON.stringify({ executable, args, graceMs });
  const watchdog = spawn(process.execPath, ['-e', WATCHDOG_PROGRAM, order], {
    stdio: ['ignore', logFd, logFd, 'ipc'],
    detached: true,
    env: serverEnv(),
  });
  const exited = whenExited(watchdog);
  const pid = await new Promise<number>((resolve, reject) => {
    watchdog.once('error', reject);
    watchdog.once('message', (message) => resolve((message as { pid: number }).pid));
    void exited.then(() => reject(new Error(`${executable} could not be run`)));
  });
  watchdog.unref();
  watchdog.channel?.unref();
  const end = (): void => {
    if (watchdog.connected) watchdog.disconnect();
  };
  return { pid, watchdogPid: watchdog.pid ?? null, exited, end };
}

function whenExited(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
}

/** Settings meant for the fabric's own connection, or for this Node process, must not reach the server. */
function serverEnv(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('TEMPORAL_') && name !== 'NODE_OPTIONS',
  );
  return Object.fromEntries(kept);
}
