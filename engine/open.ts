/**
 * From "I need an engine" to a live one, in one call: resolves, starts or reuses, and checks that
 * it answers. What every command and every test that needs a server calls.
 */
import type { Progress } from './chain.ts';
import { connectEngine, serverVersionOf } from './connect.ts';
import type { EngineEndpoint } from './connect.ts';
import type { EmbeddedEngine } from './embedded.ts';
import { findLive, startEmbedded } from './embedded.ts';
import { EngineUnreachableError, NoEngineError } from './errors.ts';
import type { ConnectionWish } from './links/external.ts';
import { externalLink, operatorProfile } from './links/external.ts';
import type { ExternalProvision } from './links/provision.ts';
import { resolveEngine } from './resolve.ts';

/** A server that somebody else runs; `stop()` leaves it alone. */
export interface ExternalEngine extends EngineEndpoint {
  readonly kind: 'external';
  readonly uiUrl: null;
  readonly serverVersion: string;
  readonly durability: string;
  readonly stop: () => Promise<void>;
}

/** A live engine, whoever runs it. */
export type Engine = EmbeddedEngine | ExternalEngine;

/** How to get an engine. `stateDir` is where an embedded one keeps its database, log and record. */
export interface OpenOptions extends ConnectionWish {
  readonly stateDir: string;
  readonly dbFile?: string;
  readonly portPreferred?: number;
  readonly uiPreferredPort?: number;
  readonly keepAlive?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  readonly progress?: Progress;
}

/**
 * Gives a live engine: the one the operator names, else the embedded one that already runs from
 * `stateDir`, else a fresh embedded one. Throws `NoEngineError`, `EngineUnreachableError` or
 * `EngineStartError`, all with exit code 3.
 */
export async function openEngine(options: OpenOptions): Promise<Engine> {
  const progress = options.progress ?? (() => undefined);
  const env = options.env ?? process.env;
  const named = await existingEngine(options);
  if (named !== null) {
    progress(
      named.kind === 'external'
        ? `engine: the Temporal server you named at ${named.address} (server ${named.serverVersion})`
        : `engine: the embedded Temporal server that already runs at ${named.address}`,
    );
    return named;
  }
  const { provision } = await resolveEngine({ ...options, env, progress });
  if (provision.kind === 'external') return await externalEngine(provision);
  const engine = await startEmbedded({
    ...options,
    executable: provision.executable,
    namespace: operatorProfile(options, env).namespace ?? 'default',
    progress,
  });
  progress(`engine: at ${engine.address}, Web UI ${engine.uiUrl}`);
  return engine;
}

/**
 * The engine that is there already, for commands that look or steer and must not start one: the
 * one the operator names, else the embedded one recorded in `stateDir`; null when neither is.
 * Throws `EngineUnreachableError` when the named one doesn't answer or lacks the namespace asked for.
 */
export async function existingEngine(
  options: ConnectionWish & { readonly stateDir: string; readonly env?: NodeJS.ProcessEnv },
): Promise<Engine | null> {
  const env = options.env ?? process.env;
  const link = externalLink(options, env);
  const finding = await link.probe();
  if (finding.state === 'refused') throw new NoEngineError([{ name: link.name, finding }]);
  if (finding.state === 'found') return await externalEngine(await link.provide(() => undefined));
  const live = await findLive(options.stateDir);
  const wanted = operatorProfile(options, env).namespace ?? live?.namespace;
  if (live !== null && wanted !== undefined && wanted !== live.namespace) {
    const because = `the embedded server that runs there serves "${live.namespace}"`;
    throw new EngineUnreachableError(live.address, wanted, because);
  }
  return live;
}

async function externalEngine(provision: ExternalProvision): Promise<ExternalEngine> {
  const connected = await connectEngine(provision);
  try {
    return {
      ...provision,
      uiUrl: null,
      serverVersion: await serverVersionOf(connected.connection),
      durability: "as the server's operator set it",
      stop: () => Promise.resolve(),
    };
  } finally {
    await connected.close();
  }
}
