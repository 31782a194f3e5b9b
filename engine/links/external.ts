/** The link for a server that the operator names, read exactly as every Temporal tool reads it. */
import type { ClientConfigProfile } from '@temporalio/envconfig';
import { loadClientConfigProfile, toClientOptions } from '@temporalio/envconfig';
import type { Link } from '../chain.ts';
import type { ExternalProvision } from './provision.ts';

/** An address or profile given in code or by a flag; it goes before the environment's. */
export interface ConnectionWish {
  readonly address?: string;
  readonly namespace?: string;
  readonly profile?: string;
}

/** What Temporal's own tools use when a profile names no address. */
const DEFAULT_ADDRESS = 'localhost:7233';

/**
 * The operator's connection settings: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_PROFILE and
 * `temporal.toml`, by `@temporalio/envconfig`. Throws when a named profile or file can't be read.
 */
export function operatorProfile(wish: ConnectionWish, env: NodeJS.ProcessEnv): ClientConfigProfile {
  const overrideEnvVars: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined) overrideEnvVars[name] = value;
  }
  const named = wish.profile === undefined ? {} : { profile: wish.profile };
  const read = loadClientConfigProfile({ overrideEnvVars, ...named });
  return {
    ...read,
    ...(wish.address === undefined ? {} : { address: wish.address }),
    ...(wish.namespace === undefined ? {} : { namespace: wish.namespace }),
  };
}

/**
 * Takes the named server. An address or a named profile is a wish for that server; a namespace
 * alone is not, and then names the namespace of the embedded one.
 */
export function externalLink(
  wish: ConnectionWish,
  env: NodeJS.ProcessEnv,
): Link<ExternalProvision> {
  const profileNamed = (wish.profile ?? env['TEMPORAL_PROFILE'] ?? '') !== '';
  const read = (): ExternalProvision | null => {
    const profile = operatorProfile(wish, env);
    const address = profile.address ?? (profileNamed ? DEFAULT_ADDRESS : undefined);
    if (address === undefined) return null;
    const { connectionOptions } = toClientOptions({ ...profile, address });
    return {
      kind: 'external',
      address,
      namespace: profile.namespace ?? 'default',
      connectionOptions,
    };
  };
  return {
    name: 'address or profile',
    probe: async () => {
      try {
        const found = read();
        return found === null
          ? {
              state: 'absent',
              why: 'no TEMPORAL_ADDRESS, TEMPORAL_PROFILE or temporal.toml address',
            }
          : { state: 'found', detail: `${found.address}, namespace ${found.namespace}` };
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        return { state: 'refused', why: `connection settings: ${why}` };
      }
    },
    provide: async () => {
      const found = read();
      if (found === null) throw new Error('the connection settings have gone');
      return found;
    },
  };
}
