/**
 * The link that lets the Temporal SDK download its own server. It runs in a child process, because
 * the SDK's download can't be cancelled: on a closed network it would hold the chain up.
 */
import { spawn } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { CLI_VERSION, cachedCliPath, cachedTestServerPath, fillCache } from '../cache.ts';
import type { Finding, Link, Progress } from '../chain.ts';
import type { ExecutableProvision } from './provision.ts';

/** The SDK's download site; a name that can't be looked up means a closed network. */
const DOWNLOAD_HOST = 'temporal.download';
const LOOKUP_TIMEOUT_MS = 3_000;
/** Longest time without a byte more on disk: it bounds a network that swallows packets, not a slow one. */
const STALL_TIMEOUT_MS = 15_000;
const LOOK_AGAIN_MS = 500;
const HEARTBEAT_LINE_MS = 10_000;

/** Downloads (by starting a server that needs it) and ends that server again. */
const DOWNLOAD_PROGRAM = `
const { TestWorkflowEnvironment } = require(process.argv[1]);
const { kind, downloadDir, version } = JSON.parse(process.argv[2]);
const server = { executable: { type: 'cached-download', downloadDir, version } };
const start = kind === 'cli' ? 'createLocal' : 'createTimeSkipping';
TestWorkflowEnvironment[start]({ server }).then((env) => env.teardown()).then(
  () => process.exit(0),
  (error) => { console.error(String(error && error.message || error).split('\\n')[0]); process.exit(1); },
);
`;

/** Which server the SDK is to download. */
export type SdkServer = 'cli' | 'test-server';

/** Downloads one server into the cache, bounded by progress on disk. */
export function sdkDownloadLink(
  kind: SdkServer,
  env: NodeJS.ProcessEnv,
): Link<ExecutableProvision> {
  const target = kind === 'cli' ? cachedCliPath(env) : cachedTestServerPath(env);
  return {
    name: 'SDK download',
    probe: () => canReachDownloads(env),
    provide: async (progress) => {
      const executable = await fillCache(target, progress, (workDir) =>
        download(kind, workDir, env, progress),
      );
      return { kind: 'executable', executable };
    },
  };
}

async function canReachDownloads(env: NodeJS.ProcessEnv): Promise<Finding> {
  const proxied = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'].some(
    (name) => env[name],
  );
  if (proxied) return { state: 'found', detail: `${DOWNLOAD_HOST} through the set proxy` };
  return await new Promise<Finding>((resolve) => {
    const late = setTimeout(() => {
      resolve({ state: 'absent', why: `${DOWNLOAD_HOST}: no answer to its name within 3 s` });
    }, LOOKUP_TIMEOUT_MS);
    void lookup(DOWNLOAD_HOST)
      .then(
        () => resolve({ state: 'found', detail: `${DOWNLOAD_HOST} can be looked up` }),
        () => resolve({ state: 'absent', why: `${DOWNLOAD_HOST} can't be reached from here` }),
      )
      .finally(() => clearTimeout(late));
  });
}

async function download(
  kind: SdkServer,
  workDir: string,
  env: NodeJS.ProcessEnv,
  progress: Progress,
): Promise<string> {
  const version = kind === 'cli' ? `v${CLI_VERSION}` : 'default';
  const testing = createRequire(import.meta.url).resolve('@temporalio/testing');
  const order = JSON.stringify({ kind, downloadDir: workDir, version });
  progress(
    `downloading the ${kind === 'cli' ? 'Temporal CLI' : 'time-skipping server'} as the SDK does`,
  );
  const child = spawn(process.execPath, ['-e', DOWNLOAD_PROGRAM, testing, order], {
    env: { ...env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const endDownload = (): void => void child.kill('SIGKILL');
  process.once('exit', endDownload);
  child.once('close', () => process.off('exit', endDownload));
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const watch = watchDownload(workDir, progress, endDownload);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  }).finally(() => watch.end());
  const file = filesIn(workDir).find((name) => !name.endsWith('.downloading'));
  if (code === 0 && file !== undefined) return join(workDir, file);
  const last = said.trim().split('\n').at(-1) ?? '';
  throw new Error(code === null ? `no data for ${STALL_TIMEOUT_MS / 1000} s, given up` : last);
}

/** Reports what has arrived, and calls `giveUp` when nothing more does. */
function watchDownload(
  workDir: string,
  progress: Progress,
  giveUp: () => void,
): { end: () => void } {
  const startedMs = Date.now();
  let [bytes, changedMs, lineDueMs] = [0, startedMs, startedMs + HEARTBEAT_LINE_MS];
  const timer = setInterval(() => {
    const nowMs = Date.now();
    const bytesNow = bytesIn(workDir);
    if (bytesNow !== bytes) [bytes, changedMs] = [bytesNow, nowMs];
    if (nowMs - changedMs > STALL_TIMEOUT_MS) giveUp();
    if (nowMs < lineDueMs) return;
    lineDueMs += HEARTBEAT_LINE_MS;
    const seconds = Math.round((nowMs - startedMs) / 1000);
    progress(`downloading: ${seconds} s, ${Math.round(bytes / 1e6)} MB`);
  }, LOOK_AGAIN_MS);
  return { end: () => clearInterval(timer) };
}

function filesIn(folder: string): string[] {
  return readdirSync(folder);
}

function bytesIn(folder: string): number {
  return filesIn(folder).reduce(
    (sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
