/**
 * What a command ends with. Scripts and CI lean on these numbers, so they stand in one place, and
 * every error that an operator can mend carries the one it leads to.
 */

/** Exit codes of the command line. */
export const EXIT = {
  done: 0,
  /** A gate or a check failed, or a command was refused. */
  failed: 1,
  /** Wrong usage or invalid input. */
  usage: 2,
  noEngine: 3,
  /** State is kept and a resume token was printed. */
  interrupted: 130,
} as const;

/** The operator's slip: the message says what was found and what was expected. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly exitCode = EXIT.usage;
}

/** A run that could not be brought to its end; its state is kept. */
export class RunFailedError extends Error {
  override readonly name = 'RunFailedError';
  readonly exitCode = EXIT.failed;
}

/** There is nothing to talk to. */
export class NoFabricError extends Error {
  override readonly name = 'NoFabricError';
  readonly exitCode = EXIT.noEngine;
}

/** The exit code that an error carries, or null for one that nobody foresaw. */
export function exitCodeOf(error: unknown): number | null {
  const code = (error as { exitCode?: unknown } | null)?.exitCode;
  return typeof code === 'number' ? code : null;
}
