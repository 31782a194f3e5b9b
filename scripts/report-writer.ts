/** Binds the report to what the run left. */
import type { ReportInput, WrittenReport } from './finish.ts';

/** Builds and writes the report of a run. */
export function writeRunReport(_input: ReportInput): Promise<WrittenReport> {
  throw new Error('no report writer is bound yet');
}
