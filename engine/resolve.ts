/**
 * Decides which Temporal server the fabric uses, in the order that costs the operator least: the
 * server they name, an executable that is there, one that can be had. It says in one line which
 * it took and why, since a wrong guess here would run their work in the wrong place.
 */
import { cachedCliLink, namedCliLink, pathCliLink } from './links/cli.ts';
import type { Link, Progress } from './chain.ts';
import { walkChain } from './chain.ts';
import { NoEngineError } from './errors.ts';
import type { ConnectionWish } from './links/external.ts';
import { externalLink } from './links/external.ts';
import { goBuildLink } from './links/go-build.ts';
import type { ExecutableProvision, ExternalProvision } from './links/provision.ts';
import { sdkDownloadLink } from './links/sdk-download.ts';

/** A server to connect to, or an executable to start one with. */
export type EngineProvision = ExternalProvision | ExecutableProvision;

/** Where to look; everything defaults to this process's own surroundings. */
export interface ResolveOptions extends ConnectionWish {
  readonly env?: NodeJS.ProcessEnv;
  readonly progress?: Progress;
  /** Another chain, for tests. */
  readonly links?: readonly Link<EngineProvision>[];
}

/** What was taken, from which link, and the sentence that says so. */
export interface ResolvedEngine {
  readonly provision: EngineProvision;
  readonly link: string;
  readonly line: string;
}

/** The chain in ENGINE's order. */
export function engineLinks(
  wish: ConnectionWish = {},
  env: NodeJS.ProcessEnv = process.env,
): Link<EngineProvision>[] {
  return [
    externalLink(wish, env),
    namedCliLink(env),
    pathCliLink(env),
    cachedCliLink(env),
    sdkDownloadLink('cli', env),
    goBuildLink(env),
  ];
}

/**
 * Walks the chain and takes the first server to be had. The line that says which goes to
 * `progress` as well. Throws `NoEngineError` with what every link said when there is none.
 */
export async function resolveEngine(options: ResolveOptions = {}): Promise<ResolvedEngine> {
  const progress = options.progress ?? (() => undefined);
  const links = options.links ?? engineLinks(options, options.env ?? process.env);
  const walk = await walkChain(links, progress);
  if (walk.taken === null) throw new NoEngineError(walk.said);
  const line = takenLine(walk.provision, walk.taken, walk.why);
  progress(line);
  return { provision: walk.provision, link: walk.taken, line };
}

function takenLine(provision: EngineProvision, link: string, why: string): string {
  return provision.kind === 'external'
    ? `engine: the Temporal server you named (${why})`
    : `engine: embedded Temporal server, executable from ${link}: ${why}`;
}
