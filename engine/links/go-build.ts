/** The last link: building the official CLI from the Go module proxy, where nothing can be downloaded ready-made. */
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CLI_VERSION, cachedCliPath, fillCache } from '../cache.ts';
import type { Link, Progress } from '../chain.ts';
import type { ExecutableProvision } from './provision.ts';

const run = promisify(execFile);
const CLI_MODULE = `github.com/temporalio/cli/cmd/temporal@v${CLI_VERSION}`;
const HEARTBEAT_LINE_MS = 10_000;
const BUILD_TIMEOUT_MS = 30 * 60_000;
/** From 1.21 on, go fetches by itself the newer toolchain that the CLI's go.mod asks for. */
const GO_MINOR_MIN = 21;

/** Builds into the cache; two processes that want it at once build it once. */
export function goBuildLink(env: NodeJS.ProcessEnv): Link<ExecutableProvision> {
  return {
    name: 'Go build',
    probe: async () => {
      const version = await goVersion(env);
      if (version === null) return { state: 'absent', why: 'no "go" on PATH' };
      if (Number(/go1\.(\d+)/.exec(version)?.[1] ?? 0) < GO_MINOR_MIN) {
        return { state: 'absent', why: `${version} is too old, 1.${GO_MINOR_MIN} is needed` };
      }
      return { state: 'found', detail: `${version} can build the Temporal CLI ${CLI_VERSION}` };
    },
    provide: async (progress) => {
      const executable = await fillCache(cachedCliPath(env), progress, async (workDir) => {
        await goInstall(workDir, env, progress);
        return join(workDir, 'temporal');
      });
      return { kind: 'executable', executable };
    },
  };
}

/** "go1.26.1", or null where there is no go. */
export async function goVersion(env: NodeJS.ProcessEnv): Promise<string | null> {
  try {
    const { stdout } = await run('go', ['env', 'GOVERSION'], { env, timeout: 10_000 });
    return stdout.trim() || null;
  } catch {
    return null;
  }
}

async function goInstall(
  workDir: string,
  env: NodeJS.ProcessEnv,
  progress: Progress,
): Promise<void> {
  const startedMs = Date.now();
  let modules = 0;
  let lastLine = '';
  progress(
    `building the Temporal CLI ${CLI_VERSION} with Go: 3 to 8 minutes, once on this machine`,
  );
  const heartbeat = setInterval(() => {
    const seconds = Math.round((Date.now() - startedMs) / 1000);
    progress(`building the Temporal CLI: ${seconds} s, ${modules} modules fetched`);
  }, HEARTBEAT_LINE_MS);
  try {
    const child = spawn('go', ['install', CLI_MODULE], {
      env: { ...env, GOBIN: workDir },
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: BUILD_TIMEOUT_MS,
    });
    // An interrupt may reach only this process; the build must not go on without it.
    const endBuild = (): void => void child.kill();
    process.once('exit', endBuild);
    child.once('close', () => process.off('exit', endBuild));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      modules += text.split('go: downloading ').length - 1;
      lastLine = text.trim().split('\n').at(-1) ?? lastLine;
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code !== 0) throw new Error(`go install ended with ${code ?? 'a signal'}: ${lastLine}`);
  } finally {
    clearInterval(heartbeat);
  }
}
