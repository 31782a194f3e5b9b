/** Redis with its append-only file: every command is in it, synced as often as `appendfsync` says. */
import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { freePort } from '../../../engine/ports.ts';
import type { Store } from './store.ts';
import { startProgram } from './store.ts';

const run = promisify(execFile);
const HOST = '127.0.0.1';

/** The version of `redis-server` on the PATH, or null. */
export async function redisVersion(): Promise<string | null> {
  const said = await run('redis-server', ['--version']).catch(() => null);
  return said === null ? null : (/v=(\S+)/.exec(said.stdout)?.[1] ?? 'unknown');
}

/** An empty Redis below `folder`. */
export async function startRedis(
  folder: string,
  appendfsync: 'always' | 'everysec',
): Promise<Store> {
  const port = await freePort();
  const settings: readonly [string, string][] = [
    ['bind', HOST],
    ['port', String(port)],
    ['dir', folder],
    ['appendonly', 'yes'],
    ['appendfsync', appendfsync],
    // The append-only file is the record; a snapshot beside it would only cost.
    ['save', ''],
    ['maxmemory-policy', 'noeviction'],
  ];
  const args = settings.flatMap(([name, value]) => [`--${name}`, value]);
  const isReady = (): Promise<boolean> => pong(port);
  const { pid, stop } = await startProgram({ command: 'redis-server', args, folder, isReady });
  return { pid, stop, reach: { host: HOST, port } };
}

async function pong(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, HOST, () => socket.write('PING\r\n'));
    const answer = (isUp: boolean): void => {
      socket.destroy();
      resolve(isUp);
    };
    socket.once('data', (said) => answer(said.toString().startsWith('+PONG')));
    socket.once('error', () => answer(false));
  });
}
