/**
 * Brings back an embedded server that has ended unasked: on the same database, so that nothing is lost,
 * and at the same address, so that every client and worker finds it again by itself.
 */
import type { Progress } from './chain.ts';
import type { EmbeddedEngine } from './embedded.ts';
import { startEmbedded } from './embedded.ts';
import { EngineStartError } from './errors.ts';

/**
 * Starts the server anew once the old process is gone; resolves when it answers. Throws EngineStartError
 * when it does not, or when its port was taken meanwhile: a server elsewhere would be found by nobody.
 */
export async function reviveEmbedded(
  engine: EmbeddedEngine,
  stateDir: string,
  progress: Progress = () => undefined,
): Promise<EmbeddedEngine> {
  const { executable, dbFile, namespace, keepAlive, address, uiUrl } = engine;
  const revived = await startEmbedded({
    executable,
    stateDir,
    dbFile,
    namespace,
    keepAlive,
    portPreferred: portOf(`http://${address}`),
    uiPreferredPort: portOf(uiUrl),
    progress,
  });
  if (revived.address === address) return revived;
  await revived.stop();
  throw new EngineStartError(`another program has taken ${address} meanwhile`, revived.logFile);
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
