/**
 * Tells whether a recorded process is still that process. A process id alone is recycled by the
 * operating system, so a record also carries the start time that the system itself keeps.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * The identity of a running process, comparable only on this machine: on Linux its boot id and the
 * start time in clock ticks (field 22 of `/proc/<pid>/stat`, proc(5)), elsewhere `ps -o lstart=`.
 * Null when no such process runs; a zombie counts as gone.
 */
export async function processIdentity(pid: number): Promise<string | null> {
  if (!Number.isInteger(pid) || pid <= 0) return null;
  return process.platform === 'linux' ? await linuxIdentity(pid) : await psIdentity(pid);
}

/** True while the process with this id and this recorded identity runs. */
export async function isSameProcess(pid: number, identity: string): Promise<boolean> {
  return (await processIdentity(pid)) === identity;
}

/**
 * Ends a process in order: SIGTERM, then SIGKILL once `graceMs` has passed. Resolves when it is gone;
 * does nothing when the id now belongs to another process.
 */
export async function endProcess(pid: number, identity: string, graceMs: number): Promise<void> {
  const deadlineMs = Date.now() + graceMs;
  signal(pid, (await isSameProcess(pid, identity)) ? 'SIGTERM' : 0);
  while (await isSameProcess(pid, identity)) {
    if (Date.now() > deadlineMs) signal(pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

function signal(pid: number, name: NodeJS.Signals | 0): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended between the look and the signal, which is what was wanted.
  }
}

async function linuxIdentity(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The command name is in parentheses and may hold blanks, so fields are counted behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, startTicks] = [fields[0], fields[19]];
    if (startTicks === undefined || state === 'Z' || state === 'X') return null;
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    return `${boot}:${startTicks}`;
  } catch {
    return null;
  }
}

async function psIdentity(pid: number): Promise<string | null> {
  try {
    const { stdout } = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    });
    const [, state, startedAt] = /^(\S+)\s+(.+?)\s*$/.exec(stdout.trim()) ?? [];
    return state === undefined || startedAt === undefined || state.startsWith('Z')
      ? null
      : startedAt;
  } catch {
    return null;
  }
}
