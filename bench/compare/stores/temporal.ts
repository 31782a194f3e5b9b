/** A Temporal server with the very arguments that the fabric gives its own: same pragmas, same dynamic configuration. */
import { startEmbedded } from '../../../engine/embedded.ts';
import { resolveEngine } from '../../../engine/resolve.ts';
import type { Store } from './store.ts';

/** The environment without what names a server of the operator's: every run here has one of its own. */
export function ownServerEnv(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => !/^TEMPORAL_(?!CLI_PATH|TEST_SERVER_PATH)/.test(name),
  );
  return { ...Object.fromEntries(kept), TEMPORAL_CONFIG_FILE: 'no-such-profile.toml' };
}

/** The executable that the fabric would take. Throws NoEngineError where there is none. */
export async function temporalExecutable(): Promise<string> {
  const { provision } = await resolveEngine({ env: ownServerEnv() });
  if (provision.kind === 'external') throw new Error('found a server; expected an executable');
  return provision.executable;
}

/** An empty server on a database of its own below `folder`. */
export async function startTemporal(folder: string): Promise<Store> {
  const executable = await temporalExecutable();
  const { address, namespace, pid, stop } = await startEmbedded({
    executable,
    stateDir: folder,
    portPreferred: 0,
    uiPreferredPort: 0,
  });
  return { pid, stop, reach: { address, namespace } };
}
