/** A whole segment on disk, as a node leaves it. */
import type { ResultRecord } from '../../activities/results.ts';
import { SegmentWriter } from '../../activities/segment-writer.ts';
import type { Segment } from '../../fabric/ledger.ts';

export async function writtenSegment(
  folder: string,
  name: string,
  records: readonly ResultRecord[],
): Promise<Segment> {
  const writer = new SegmentWriter(folder, name);
  for (const record of records) writer.add(record);
  return (await writer.end())!;
}
