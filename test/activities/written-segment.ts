/** A whole segment on disk, as a node leaves it. */
import type { ResultRecord } from '../../activities/results.ts';
import type { EndedJob } from '../../activities/segment-lines.ts';
import { SegmentWriter } from '../../activities/segment-writer.ts';
import type { Segment } from '../../fabric/ledger.ts';

export async function writtenSegment(
  folder: string,
  name: string,
  records: readonly ResultRecord[],
): Promise<Segment> {
  const writer = new SegmentWriter(folder, name);
  for (const record of records) writer.add(endedJob(record));
  return (await writer.end())!;
}

/** The job that is read back as this record. */
export function endedJob(record: ResultRecord): EndedJob {
  const { status, code = '', message = '', result = null, ...about } = record;
  if (status === 'failed') return { ...about, end: { status, code, message } };
  return { ...about, end: { status, json: JSON.stringify(result) } };
}
