/** PostgreSQL as Debian installs it, with a cluster of its own: synced at every commit, which is its default. */
import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../../engine/ports.ts';
import type { Store } from './store.ts';
import { startProgram } from './store.ts';

const run = promisify(execFile);
const HOST = '127.0.0.1';
const USER = 'bench';
/** Debian keeps each major version's programs here and puts few of them on the PATH. */
const DEBIAN = '/usr/lib/postgresql';

/** Folder of `initdb` and `postgres`: the newest of Debian's, else one of the PATH; null when there is none. */
function programs(): string | null {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).map(Number) : [];
  const newest = versions.filter((version) => version > 0).sort((a, b) => b - a);
  const folders = [
    ...newest.map((version) => join(DEBIAN, String(version), 'bin')),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  return folders.find((folder) => existsSync(join(folder, 'initdb'))) ?? null;
}

/** The version of PostgreSQL, or null where there is none. */
export async function postgresVersion(): Promise<string | null> {
  const folder = programs();
  if (folder === null) return null;
  const { stdout } = await run(join(folder, 'postgres'), ['--version']);
  return /\) (\S+)/.exec(stdout)?.[1] ?? 'unknown';
}

/** PostgreSQL refuses to run as root; Debian has a user for it. */
async function serverIds(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const id = async (flag: string): Promise<number> =>
    Number((await run('id', [flag, 'postgres'])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
}

/** An empty cluster below `folder`. */
export async function startPostgres(folder: string): Promise<Store> {
  const bin = programs();
  if (bin === null) throw new Error('no initdb was found');
  const data = join(folder, 'data');
  const ids = await serverIds();
  mkdirSync(data, { mode: 0o700 });
  if (ids !== undefined) {
    chownSync(folder, ids.uid, ids.gid);
    chownSync(data, ids.uid, ids.gid);
  }
  // Nothing of a cluster that nobody uses yet has to be synced.
  const init = ['-D', data, '-U', USER, '--auth=trust', '-E', 'UTF8', '--no-locale', '--no-sync'];
  await run(join(bin, 'initdb'), init, { ...ids, cwd: folder });
  const port = await freePort();
  const settings = [
    `listen_addresses=${HOST}`,
    'unix_socket_directories=',
    'fsync=on',
    'synchronous_commit=on',
  ];
  const { pid, stop } = await startProgram({
    command: join(bin, 'postgres'),
    args: ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    folder,
    ...(ids === undefined ? {} : { ids }),
    isReady: async () => {
      const asked = run(join(bin, 'pg_isready'), ['-h', HOST, '-p', String(port), '-U', USER]);
      return await asked.then(
        () => true,
        () => false,
      );
    },
    // Ends what clients have open, instead of waiting for them.
    endSignal: 'SIGINT',
  });
  return { pid, stop, reach: { url: `postgres://${USER}@${HOST}:${port}/postgres` } };
}
