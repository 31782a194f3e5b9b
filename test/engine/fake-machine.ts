/** A folder that plays another machine: its own cache, and small scripts in place of real tools. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface FakeMachine {
  readonly root: string;
  /** PATH holds the machine's own `bin` alone; a port that refuses stands for a closed network. */
  readonly env: NodeJS.ProcessEnv;
  /** Writes an executable shell script, by its path under the root, and returns its full path. */
  script(path: string, body: string): string;
  remove(): void;
}

/** What a Temporal CLI with a given server inside answers to `--version`. */
export const cliScript = (serverVersion: string): string =>
  `echo "temporal version 1.5.1 (Server ${serverVersion}, UI 2.42.1)"`;

export function fakeMachine(): FakeMachine {
  const root = mkdtempSync(join(tmpdir(), 'fabric-machine-'));
  mkdirSync(join(root, 'bin'));
  const env = {
    PATH: join(root, 'bin'),
    HOME: root,
    XDG_CACHE_HOME: join(root, 'cache'),
    TEMPORAL_CONFIG_FILE: join(root, 'temporal.toml'),
    HTTPS_PROXY: 'http://127.0.0.1:1',
  };
  return {
    root,
    env,
    script: (path, body) => {
      const file = join(root, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `#!/bin/sh\nPATH="$PATH:/usr/bin:/bin"\n${body}\n`);
      chmodSync(file, 0o755);
      return file;
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
