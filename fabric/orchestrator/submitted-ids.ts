/**
 * Ids of submitted jobs are unique within a run. They are kept as 53-bit hashes (two rounds of FNV-1a):
 * at the cap of 20,000 the chance that two different ids meet is below one in ten million, and it would
 * show as a refusal, never as a lost job.
 */
import { LIMITS } from '../limits.ts';
import type { SubmittedJob } from '../messages.ts';
import { explain, reason } from '../reasons.ts';
import type { Draft } from './draft.ts';

const HIGH_FACTOR = 2 ** 32;
const HIGH_BITS = 0x1f_ffff;

/** Takes the ids that are new, and refuses the rest. */
export function admitIds(
  { state }: Draft,
  jobs: readonly SubmittedJob[],
): {
  readonly admitted: readonly SubmittedJob[];
  readonly refusedJobs: readonly { id: string; because: string }[];
} {
  const known = new Set(state.submittedIds);
  const admitted: SubmittedJob[] = [];
  const refusedJobs: { id: string; because: string }[] = [];
  for (const job of jobs) {
    const hash = hashOf(job.id);
    const why = known.has(hash)
      ? reason('duplicate-id', { id: job.id })
      : known.size >= LIMITS.submittedIdsMax
        ? reason('ids-full', { limit: LIMITS.submittedIdsMax })
        : null;
    if (why !== null) {
      refusedJobs.push({ id: job.id, because: explain(why) });
      continue;
    }
    known.add(hash);
    admitted.push(job);
  }
  state.submittedIds = [...known];
  return { admitted, refusedJobs };
}

/** Keeps ids of jobs that were accepted. */
export function rememberIds({ state }: Draft, ids: readonly string[]): void {
  state.submittedIds = [...new Set([...state.submittedIds, ...ids.map(hashOf)])];
}

/** Forgets ids whose jobs were refused after all, so that they can be handed in again. */
export function releaseIds({ state }: Draft, ids: readonly string[]): void {
  if (ids.length === 0) return;
  const gone = new Set(ids.map(hashOf));
  state.submittedIds = state.submittedIds.filter((hash) => !gone.has(hash));
}

function hashOf(id: string): number {
  return (fnv1a(id, 0x811c9dc5) & HIGH_BITS) * HIGH_FACTOR + fnv1a(id, 0x01000193);
}

/** 32-bit FNV-1a over UTF-16 units, from the given start. */
function fnv1a(text: string, start: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}
