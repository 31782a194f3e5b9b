/**
 * What a command sees of the machine: its folder, its environment, its two outputs and Ctrl-C. Handed
 * in as one value, so that every command can be tried without a terminal and without a process.
 */
import { userInfo } from 'node:os';
import { join } from 'node:path';

/** One output. `stream` is the terminal to redraw on, null where there is none. */
export interface Output {
  write(text: string): void;
  readonly stream: NodeJS.WriteStream | null;
}

export interface Place {
  /** Absolute. `.planetary-fabric/` and `reports/` stand below it. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly out: Output;
  readonly err: Output;
  /** Who sends the owner's commands unless `--by` says so. */
  readonly user: string;
  /** Calls `listener` on every SIGINT and SIGTERM until the returned function is called. */
  readonly onInterrupt: (listener: () => void) => () => void;
  /** Ends the process at once, whatever is still under way. */
  readonly exit: (code: number) => void;
}

/** The process's own surroundings. */
export function ownPlace(): Place {
  return {
    folder: process.cwd(),
    env: process.env,
    out: outputOf(process.stdout),
    err: outputOf(process.stderr),
    user: operatorName(process.env),
    onInterrupt: (listener) => {
      const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
      for (const name of names) process.on(name, listener);
      return () => {
        for (const name of names) process.off(name, listener);
      };
    },
    exit: (code) => process.exit(code),
  };
}

/** Where the fabric keeps what is not a report: `.planetary-fabric/` in the command's folder. */
export function stateFolder(place: Pick<Place, 'folder'>): string {
  return join(place.folder, '.planetary-fabric');
}

/** Writes one line. */
export function say(output: Output, line: string): void {
  output.write(`${line}\n`);
}

function outputOf(stream: NodeJS.WriteStream): Output {
  // A pipe that was closed or a terminal that is gone must not end a run: nobody reads it any more.
  stream.on('error', () => undefined);
  const redraws = stream.isTTY && process.env['CI'] === undefined && process.env['TERM'] !== 'dumb';
  return { write: (text) => void stream.write(text), stream: redraws ? stream : null };
}

/** The name of the user of this machine; some containers have none. */
export function operatorName(env: NodeJS.ProcessEnv): string {
  try {
    return userInfo().username;
  } catch {
    return env['USER'] ?? 'unknown';
  }
}
