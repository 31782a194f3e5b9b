/**
 * The error for data that is not what its digest says. It is never retried: no retry mends a file that
 * was changed, and going on would put the wrong thing on record.
 */
import { ApplicationFailure } from '@temporalio/common';

export const INTEGRITY_ERROR = 'IntegrityError';

/** Shown to the owner as it is: `message` says which file, what was found and what was expected. */
export function integrityError(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, INTEGRITY_ERROR);
}

export function isIntegrityError(error: unknown): error is ApplicationFailure {
  return error instanceof ApplicationFailure && error.type === INTEGRITY_ERROR;
}
