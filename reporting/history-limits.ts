/**
 * The limits of the engine that a workflow could run into, and how near the workflows of a run came to each.
 * Source of the numbers: the defaults of Temporal Server 1.29, `common/dynamicconfig/constants.go`.
 */
import { number } from './numbers.ts';
import type { ProblemSink } from './problems.ts';
import type { Report } from './schema.ts';

const MB = 1024 * 1024;

/** By name: what the server takes at the most, of one workflow run. */
export const ENGINE_LIMITS = {
  /** Events of its history. */
  events: 51_200,
  /** Bytes of its history. */
  bytes: 50 * MB,
  /** Bytes of one payload; measured is the whole event that carries it. */
  eventBytes: 2 * MB,
  /** Bytes of all that one workflow task asks for. */
  taskBytes: 4 * MB,
  /** Signals that it took. */
  signals: 10_000,
  /** Updates that it took. */
  updates: 2_000,
  pendingActivities: 2_000,
  /** Signals on their way to other workflows. */
  pendingSignals: 2_000,
} as const;

export type LimitName = keyof typeof ENGINE_LIMITS;

export const LIMIT_NAMES = Object.keys(ENGINE_LIMITS) as LimitName[];

/** The same in words, to stand behind a number. */
export const LIMIT_WORDS: Record<LimitName, string> = {
  events: 'events in one history',
  bytes: 'bytes in one history',
  eventBytes: 'bytes in one event',
  taskBytes: 'bytes asked for by one workflow task',
  signals: 'signals to one workflow run',
  updates: 'updates to one workflow run',
  pendingActivities: 'activities under way at once',
  pendingSignals: 'signals on their way at once',
};

/** The highest that any workflow run of a run came to. */
export type HistoryPeaks = Record<LimitName, number>;

/** I8: every workflow stays below this share of every limit. */
export const SHARE_MAX = 0.8;

/** The same as the report tells it, the nearest first. */
export function limitSections(peaks: HistoryPeaks): Report['history']['limits'] {
  return LIMIT_NAMES.map((name) => ({
    name,
    most: peaks[name],
    limit: ENGINE_LIMITS[name],
    share: peaks[name] / ENGINE_LIMITS[name],
  })).sort((a, b) => b.share - a.share);
}

/** Adds a problem for every limit that a workflow came too near to. */
export function namePeaks(peaks: HistoryPeaks | null, problems: ProblemSink): void {
  for (const { name, most, limit, share } of peaks === null ? [] : limitSections(peaks)) {
    if (share <= SHARE_MAX) continue;
    const what = `a workflow run came to ${number(most)} ${LIMIT_WORDS[name]}; the engine takes ${number(limit)}`;
    problems.add('near-engine-limit', what);
  }
}
