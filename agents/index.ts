/**
 * The agents that ship with the fabric, by the name that a mission's adapter gives. Each is imported
 * only when it is asked for, so that a process without it never loads its data.
 */
import type { Agent } from './agent.ts';

const BUILT_IN: ReadonlyMap<string, () => Promise<Agent>> = new Map([
  ['earthquake', async () => (await import('./earthquake/agent.ts')).earthquakeAgent],
]);

/** The names that `builtInAgent` knows, sorted. */
export const BUILT_IN_AGENTS: readonly string[] = [...BUILT_IN.keys()].toSorted();

/** The built-in agent of that name, or undefined where there is none. Its `load` is not yet called. */
export async function builtInAgent(name: string): Promise<Agent | undefined> {
  return BUILT_IN.get(name)?.();
}
