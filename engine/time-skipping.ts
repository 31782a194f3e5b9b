/**
 * Finds the time-skipping test server, in which a timer of two months passes at once. Tests of
 * timer logic run on it; where it can't be had they are skipped with the one line given here.
 */
import type { Link, Progress } from './chain.ts';
import { walkChain } from './chain.ts';
import type { ExecutableProvision } from './links/provision.ts';
import { sdkDownloadLink } from './links/sdk-download.ts';
import { cachedTestServerLink, namedTestServerLink, wheelLink } from './links/test-server.ts';

/** The options for `TestWorkflowEnvironment.createTimeSkipping`, or one line why there are none. */
export type TimeSkippingServer =
  | {
      readonly state: 'found';
      readonly line: string;
      readonly options: {
        readonly server: {
          readonly executable: { readonly type: 'existing-path'; readonly path: string };
        };
      };
    }
  | { readonly state: 'absent'; readonly why: string };

/** The chain of CONTRACT: path, cache, SDK download, Python wheel. */
export function timeSkippingLinks(
  env: NodeJS.ProcessEnv = process.env,
): Link<ExecutableProvision>[] {
  return [
    namedTestServerLink(env),
    cachedTestServerLink(env),
    sdkDownloadLink('test-server', env),
    wheelLink(env),
  ];
}

/** Walks the chain; downloads where it must. Never throws: an absent server is an answer. */
export async function resolveTimeSkipping(
  options: {
    readonly env?: NodeJS.ProcessEnv;
    readonly progress?: Progress;
    readonly links?: readonly Link<ExecutableProvision>[];
  } = {},
): Promise<TimeSkippingServer> {
  const progress = options.progress ?? (() => undefined);
  const walk = await walkChain(options.links ?? timeSkippingLinks(options.env), progress);
  if (walk.taken === null) {
    const reasons = walk.said.map(({ name, finding }) =>
      finding.state === 'found' ? `${name}: ${finding.detail}` : `${name}: ${finding.why}`,
    );
    return { state: 'absent', why: `no time-skipping test server (${reasons.join('; ')})` };
  }
  const line = `time-skipping test server from ${walk.taken}: ${walk.why}`;
  progress(line);
  const path = walk.provision.executable;
  return {
    state: 'found',
    line,
    options: { server: { executable: { type: 'existing-path', path } } },
  };
}
