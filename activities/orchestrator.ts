/** The activities of the orchestrator process, as the workflows know them. */
import { Context } from '@temporalio/activity';
import { saveCut, sealCheckpoint } from './checkpoint.ts';
import type { OrchestratorActivities, OrUnwritable } from './contracts.ts';
import { FeedReaders } from './feed/index.ts';
import { appendLedger } from './ledger.ts';
import { pullPage } from './pull.ts';
import { readBack } from './read-back.ts';
import { unwritableWords } from './unwritable.ts';

/** One set a process: it keeps the feeds that it opened. */
export function makeOrchestratorActivities(): OrchestratorActivities {
  const readers = new FeedReaders();
  return {
    appendLedger: (input) => beating(() => ifWritable(() => appendLedger(input))),
    pullPage: (input) => beating(() => pullPage(readers, input)),
    saveCut: (input) => beating(() => ifWritable(() => saveCut(input))),
    sealCheckpoint: (input) => beating(() => ifWritable(() => sealCheckpoint(input))),
    readBack: (input) => beating(() => readBack(input)),
  };
}

async function ifWritable<T>(write: () => Promise<T>): Promise<OrUnwritable<T>> {
  try {
    return await write();
  } catch (error) {
    const unwritable = unwritableWords(error);
    if (unwritable === null) throw error;
    return { unwritable };
  }
}

/** Short work is done before its first beat, which would cost the engine a synced write. */
const BEAT_MS = 400;

/** Beats while the work lasts: that is how the engine notices a killed process at once. */
async function beating<T>(work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const beats = setInterval(() => context.heartbeat(), BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beats);
  }
}
