/**
 * What a scenario puts before the fabric's numbers. Only a scenario with such a page needs the results
 * themselves; for all others each result is dropped as soon as its hash was read.
 */
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import type { ResultRecord } from './records.ts';
import type { Report } from './schema.ts';

export interface FirstPage {
  readonly heading: string;
  readonly lead: string;
  /** HTML, escaped. */
  readonly body: string;
  /** CSS of the body, beside the page's own. */
  readonly style: string;
  /** Where its data come from. */
  readonly credit: string;
  readonly csv: string;
  /** Its first lines, for the terminal. */
  readonly topLines: readonly string[];
  /** The same for the JSON report. */
  readonly data: NonNullable<Report['triage']>;
}

/** Takes results one by one, in any order; then makes the page of them. */
export interface ResultGatherer {
  readonly take: (record: ResultRecord) => void;
  readonly present: () => FirstPage | null;
}

export function gatherResults(presentation: RunSpec['presentation']): ResultGatherer {
  if (presentation === null) return { take: () => undefined, present: () => null };
  return { take: () => undefined, present: () => null };
}
