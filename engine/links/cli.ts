/** Links that take a Temporal CLI which is already on this machine: named, on PATH, or cached. */
import { execFile } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { cachedCliPath, isRunnable } from '../cache.ts';
import type { Link } from '../chain.ts';
import type { ExecutableProvision } from './provision.ts';

const run = promisify(execFile);
const ASK_VERSION_TIMEOUT_MS = 10_000;
/** The oldest server that has what the workflows use; the fabric is developed on 1.29. */
const SERVER_MINOR_MIN = 27;

/** Whether a file is a Temporal CLI with a dev server that the fabric can use. */
export type CliInspection =
  | { readonly usable: true; readonly serverVersion: string }
  | { readonly usable: false; readonly why: string };

/** Asks a file for its version (`--version` names the server inside); runs nothing else. */
export async function inspectCli(path: string): Promise<CliInspection> {
  if (!(await isRunnable(path))) {
    return { usable: false, why: `${path} is not there or can't be run` };
  }
  try {
    const { stdout } = await run(path, ['--version'], { timeout: ASK_VERSION_TIMEOUT_MS });
    const [, serverVersion, minor] = /Server (1\.(\d+)\.[^,)\s]+)/.exec(stdout) ?? [];
    if (serverVersion === undefined) {
      return { usable: false, why: `${path} is no Temporal CLI with a dev server` };
    }
    if (Number(minor) < SERVER_MINOR_MIN) {
      const why = `${path} holds server ${serverVersion}, 1.${SERVER_MINOR_MIN} or newer is needed`;
      return { usable: false, why };
    }
    return { usable: true, serverVersion };
  } catch {
    return { usable: false, why: `${path} doesn't run on this machine` };
  }
}

/** `TEMPORAL_CLI_PATH`: the operator's own executable. One that can't be used ends the chain. */
export function namedCliLink(env: NodeJS.ProcessEnv): Link<ExecutableProvision> {
  const named = env['TEMPORAL_CLI_PATH'] ?? '';
  return {
    name: 'executable',
    probe: async () => {
      if (named === '') return { state: 'absent', why: 'TEMPORAL_CLI_PATH is not set' };
      const seen = await inspectCli(named);
      return seen.usable
        ? { state: 'found', detail: `TEMPORAL_CLI_PATH=${named} (server ${seen.serverVersion})` }
        : { state: 'refused', why: `TEMPORAL_CLI_PATH: ${seen.why}` };
    },
    provide: () => Promise.resolve({ kind: 'executable', executable: named }),
  };
}

/** The first usable `temporal` on PATH. */
export function pathCliLink(env: NodeJS.ProcessEnv): Link<ExecutableProvision> {
  const look = async (): Promise<{ path: string; seen: CliInspection } | null> => {
    for (const folder of (env['PATH'] ?? '').split(delimiter).filter((part) => part !== '')) {
      const path = join(folder, 'temporal');
      if (await isRunnable(path)) return { path, seen: await inspectCli(path) };
    }
    return null;
  };
  return {
    name: 'PATH',
    probe: async () => {
      const there = await look();
      if (there === null) return { state: 'absent', why: 'no "temporal" on PATH' };
      return there.seen.usable
        ? { state: 'found', detail: `${there.path} (server ${there.seen.serverVersion})` }
        : { state: 'absent', why: there.seen.why };
    },
    provide: async () => {
      const there = await look();
      if (there === null) throw new Error('"temporal" has left PATH');
      return { kind: 'executable', executable: there.path };
    },
  };
}

/** The project's own cache, filled by the two links behind it. */
export function cachedCliLink(env: NodeJS.ProcessEnv): Link<ExecutableProvision> {
  const path = cachedCliPath(env);
  return {
    name: 'cache',
    probe: async () => {
      const seen = await inspectCli(path);
      return seen.usable
        ? { state: 'found', detail: `${path} (server ${seen.serverVersion})` }
        : { state: 'absent', why: seen.why };
    },
    provide: () => Promise.resolve({ kind: 'executable', executable: path }),
  };
}
