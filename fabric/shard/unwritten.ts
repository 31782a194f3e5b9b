/**
 * Nodes that can't write results, as on a full disk. What they were given comes back and is no attempt of
 * any job; they get nothing for a while, twice as long each time, then one lease to try with. The first
 * lease whose results are written makes such a node an ordinary one again.
 */
import type { Draft } from './draft.ts';
import type { ShardState } from './state.ts';

const HOLD_FIRST_MS = 1_000;
const HOLD_MAX_MS = 10_000;

/** Notes that a node could not write, and returns for how long it gets no lease. */
export function holdNode({ state, nowMs }: Draft, node: string, why: string): number {
  const tries = (state.unwritten?.[node]?.tries ?? 0) + 1;
  const holdMs = Math.min(HOLD_FIRST_MS * 2 ** (tries - 1), HOLD_MAX_MS);
  state.unwritten = { ...state.unwritten, [node]: { why, tries, untilMs: nowMs + holdMs } };
  return holdMs;
}

/** The node has written results. */
export function releaseNode({ state }: Draft, node: string): void {
  if (state.unwritten?.[node] === undefined) return;
  const { [node]: _, ...others } = state.unwritten;
  state.unwritten = others;
}

/** How many leases a node may hold at once, as far as its results are concerned. */
export function leasesAllowed({ unwritten }: ShardState, node: string, nowMs: number): number {
  const held = unwritten?.[node];
  if (held === undefined) return Number.POSITIVE_INFINITY;
  return nowMs < held.untilMs ? 0 : 1;
}

/** When nodes that get no lease may be tried again. */
export function holdInstants({ unwritten }: ShardState): number[] {
  return Object.values(unwritten ?? {}).map(({ untilMs }) => untilMs);
}

/** What keeps ready nodes from writing, in a sentence for people; null where nothing does. */
export function resultsProblem({ nodes, unwritten }: ShardState): string | null {
  const held = nodes
    .filter(({ spec, state }) => state === 'ready' && unwritten?.[spec.id] !== undefined)
    .map(({ spec }) => spec.id);
  const [first] = held;
  if (first === undefined) return null;
  const others = held.length === 1 ? first : `${first} and ${held.length - 1} more`;
  const { why } = unwritten![first]!;
  return `Results can't be written on ${others} (${why}): what was leased there waits until they can.`;
}
