/** The engine under a run, from the supervisor's side: what its loss means, and what it leaves behind. */
import { rm } from 'node:fs/promises';
import { EngineError } from '../engine/errors.ts';
import type { Engine } from '../engine/open.ts';

/** Rejects with an EngineError when an embedded server ends unasked; of others nobody knows. */
export function engineLost(engine: Engine): Promise<never> {
  if (engine.kind === 'external') return new Promise<never>(() => undefined);
  const lost = engine.exited.then((): never => {
    throw new EngineError(`The embedded Temporal server ended unasked. Its log: ${engine.logFile}`);
  });
  lost.catch(() => undefined);
  return lost;
}

/** Histories and ledger are saved beside the report: the database of a closed run only takes room. */
export async function removeDatabase(engine: Engine | null): Promise<void> {
  if (engine?.kind !== 'embedded') return;
  const files = ['', '-wal', '-shm'].map((suffix) => `${engine.dbFile}${suffix}`);
  await Promise.all(files.map((file) => rm(file, { force: true })));
}
