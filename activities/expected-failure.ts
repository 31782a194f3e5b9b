/**
 * Failures that belong to the protocol between shards and nodes. The shard knows what to do with each;
 * nothing is wrong, so no log warns of them, and trying again would change nothing.
 */
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';

export type ExpectedFailureType =
  /** For an earlier start of the node's process. */
  | 'StaleSession'
  /** A lease that was called back before it began. */
  | 'NotStarted'
  /** The jobs were done, or not begun, and what came of them can't be written now. */
  | 'ResultsUnwritable'
  /** A later call for the same lease took this one's place. */
  | 'Superseded';

export function expectedFailure(type: ExpectedFailureType, message: string): ApplicationFailure {
  const category = ApplicationFailureCategory.BENIGN;
  return ApplicationFailure.create({ message, type, nonRetryable: true, category });
}
