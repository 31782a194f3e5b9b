/** The mission's timeline: owner commands that are due at a time, or after so many outcomes. */
import type { TimelineCommand } from '../mission/run-spec.ts';
import { takeOwnerCommand } from './commands.ts';
import type { Draft } from './draft.ts';
import type { OrchestratorState } from './state.ts';
import { outcomes } from './status.ts';

/** Issues what is due, each entry once and in the order of the file. */
export function issueTimeline(draft: Draft): void {
  const { state, nowMs } = draft;
  if (state.closingAtMs !== null) return;
  for (const [i, entry] of state.timeline.entries()) {
    if (state.issued.includes(i) || !isDue(state, entry, nowMs)) continue;
    state.issued = [...state.issued, i];
    const { name, args, reason } = entry;
    const input = { ...args, reason, by: 'mission' };
    takeOwnerCommand(draft, { name, input, via: 'timeline', fallbackId: `timeline-${i + 1}` });
  }
}

/** When the next entry that waits for a time is due. */
export function timelineInstants(state: OrchestratorState): number[] {
  return state.timeline.flatMap((entry, i) =>
    entry.atMs === null || state.issued.includes(i) ? [] : [state.startedAtMs + entry.atMs],
  );
}

/** True while jobs are still to come from it. */
export function hasJobsToCome({ timeline, issued }: OrchestratorState): boolean {
  return timeline.some(
    (entry, i) => entry.name === 'submitJobs' && entry.atMs !== null && !issued.includes(i),
  );
}

function isDue(state: OrchestratorState, entry: TimelineCommand, nowMs: number): boolean {
  if (entry.atMs !== null) return nowMs >= state.startedAtMs + entry.atMs;
  return outcomes(state) >= (entry.atOutcomes ?? Number.POSITIVE_INFINITY);
}
