/** A real server on the database that a loss of power has left, asked for its histories by a client. */
import { isDeepStrictEqual } from 'node:util';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { connectEngine } from '../../engine/connect.ts';
import { startEmbedded } from '../../engine/embedded.ts';
import { resolveEngine } from '../../engine/resolve.ts';
import { runIdOf, type History, type RecordedHistory } from '../../scripts/histories.ts';
import { ownEnv } from '../e2e/live-fabric.ts';

/** In what its histories differ from the recorded ones, up to the last event of each run that was told of. */
export async function differencesServed(
  stateDir: string,
  histories: readonly RecordedHistory[],
  told: ReadonlyMap<string, number>,
): Promise<string[]> {
  const { provision } = await resolveEngine({ env: ownEnv });
  if (provision.kind !== 'executable') throw new Error('an executable was expected');
  const engine = await startEmbedded({ executable: provision.executable, stateDir });
  try {
    const { client, close } = await connectEngine(engine);
    const differences: string[] = [];
    for (const { workflowId, history } of histories) {
      const runId = runIdOf(history);
      const through = told.get(runId) ?? 0;
      if (through === 0) continue;
      const served = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      if (!isDeepStrictEqual(firstEvents(served, through), firstEvents(history, through))) {
        differences.push(`${workflowId}, run ${runId}, up to event ${through}`);
      }
    }
    await close();
    return differences;
  } finally {
    await engine.stop();
  }
}

function firstEvents({ events }: History, count: number): unknown {
  return JSON.parse(historyToJSON({ events: (events ?? []).slice(0, count) }));
}
