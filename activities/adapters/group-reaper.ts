/**
 * Kills process groups when this process dies, however it dies. A small shell reads from a pipe which groups
 * there are; when the pipe ends, by a SIGKILL too, it kills those that were not released. It stands in a
 * process group of its own, out of reach of what ends the host.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** One line a change: `+ group` or `- group`. A container's client gets a second to pass SIGTERM on. */
const PROGRAM = `
trap '' HUP INT TERM
live=' '
while read -r sign group; do
  case $sign in
    +) live="$live$group " ;;
    -) case $live in *" $group "*) live="\${live%% $group *} \${live#* $group }" ;; esac ;;
  esac
done
[ "$live" = ' ' ] && exit 0
for group in $live; do kill -s TERM -- "-$group"; done 2>/dev/null
sleep 1
for group in $live; do kill -s KILL -- "-$group"; done 2>/dev/null
`;

/** How it is called in a list of processes, before the id of the process that it watches. */
export const REAPER_NAME = 'planetary-fabric-reaper';

export class GroupReaper {
  readonly #groups = new Set<number>();
  #shell: ChildProcess | null = null;
  #pipe: Writable | null = null;
  #closed = false;

  start(): void {
    const shell = spawn('/bin/sh', ['-c', PROGRAM, REAPER_NAME, String(process.pid)], {
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#shell = shell;
    this.#pipe = shell.stdin;
    // A pipe that breaks and a shell that can't be started both end in another try, or with the host.
    shell.stdin.on('error', () => undefined);
    shell.once('error', () => undefined);
    shell.once('exit', () => !this.#closed && this.start());
    shell.unref();
    (shell.stdin as unknown as { unref(): void }).unref();
    for (const group of this.#groups) this.#say(`+ ${group}`);
  }

  /** Resolves when the shell has been told: from then on the group does not outlive this process. */
  hold(group: number): Promise<void> {
    this.#groups.add(group);
    return new Promise((resolve) => this.#say(`+ ${group}`, resolve));
  }

  release(group: number): void {
    this.#groups.delete(group);
    this.#say(`- ${group}`);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const shell = this.#shell;
    if (shell === null || shell.exitCode !== null || shell.signalCode !== null) return;
    const ended = once(shell, 'exit');
    this.#pipe?.end();
    await ended;
  }

  #say(line: string, told: () => void = () => undefined): void {
    // An error is the shell's death, after which the next one is told of every group.
    this.#pipe?.write(`${line}\n`, () => told());
  }
}
