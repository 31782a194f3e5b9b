/** The activities of the orchestrator process, as the workflows know them. */
import type { OrchestratorActivities } from './contracts.ts';
import { FeedReaders } from './feed/index.ts';
import { appendLedger } from './ledger.ts';
import { pullPage } from './pull.ts';

/** One set a process: it keeps the feeds that it opened. */
export function makeOrchestratorActivities(): OrchestratorActivities {
  const readers = new FeedReaders();
  return { appendLedger, pullPage: (input) => pullPage(readers, input) };
}
