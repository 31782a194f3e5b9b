/**
 * The relief desk's list as a part of the JSON report: every line from T1 up with its lead, and how many
 * there are of the rest. The CSV file beside it has every event.
 */
import { z } from 'zod';
import { earthquakeResult, LEVELS } from './result.ts';
import type { Triage, TriageLine } from './triage.ts';

const [assessed] = earthquakeResult.options;
const count = z.int().min(0);

/** Lines that the summary carries; the counts are of all. */
export const SUMMARY_LINES_MAX = 200;

/** The schema of the summary, for the report's own. */
export const triageSummarySchema = z.strictObject({
  earthquakes: count,
  notEarthquakes: count,
  magnitudeUnknown: count,
  /** Lines by level: single events and sequences. */
  lines: z.strictObject({ T4: count, T3: count, T2: count, T1: count, T0: count }),
  /** From T1 up, in order of need. */
  ranked: z
    .array(
      z.strictObject({
        rank: z.int().min(1),
        level: z.enum(LEVELS),
        /** Events that fold into this line, its lead among them. */
        sequenceEvents: z.int().min(1),
        lead: assessed,
      }),
    )
    .max(SUMMARY_LINES_MAX),
});

export type TriageSummary = z.output<typeof triageSummarySchema>;

/** The summary of a list. */
export function triageSummary(list: Triage): TriageSummary {
  const isNeeded = ({ level }: TriageLine) => level !== 'T0';
  return {
    earthquakes: list.earthquakes,
    notEarthquakes: list.notEarthquakes.length,
    magnitudeUnknown: list.magnitudeUnknown.length,
    lines: { ...list.lineCounts },
    ranked: list.lines
      .filter(isNeeded)
      .slice(0, SUMMARY_LINES_MAX)
      .map(({ rank, level, lead, others }) => ({
        rank,
        level,
        sequenceEvents: others.length + 1,
        lead: lead.assessment,
      })),
  };
}
