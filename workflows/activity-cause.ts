/** What made an activity fail, which the engine hands on wrapped. */
import * as wf from '@temporalio/workflow';

/** The failure itself; anything that is no failure of an activity as it is. */
export function causeOf(error: unknown): unknown {
  return error instanceof wf.ActivityFailure ? error.cause : error;
}
