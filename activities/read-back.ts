/**
 * What a node that was lost had finished, by its last heartbeat, held against the disk: of each lease only
 * what its segment holds, whole and as told, counts. The jobs of any other run again, and so do those whose
 * segments would take long to read: the thread that reads them has the ledger to write.
 */
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { LeaseProgress, LeaseResult } from '../fabric/messages.ts';
import { each, isOrdinals, size, type Ordinals } from '../fabric/ordinals.ts';
import type { ReadBackInput } from './contracts.ts';
import { readSegment, type ResultRecord } from './results.ts';

/** Over all segments of one node. */
const BYTES_MAX = 4 * 1024 * 1024;

const count = z.number().int().nonnegative();

const progress = z.object({
  lease: count,
  fence: z.string(),
  result: z.object({
    items: z.array(
      z.object({
        completed: z.custom<Ordinals>((value) => Array.isArray(value) && isOrdinals(value)),
        failed: z.array(z.tuple([count, z.string()])),
      }),
    ),
    segment: z.object({
      name: z.string().refine((name) => basename(name) === name),
      records: count,
      sha256: z.string(),
    }),
    busyMs: z.number().nonnegative(),
  }),
});

/** Those that can be relied on. Heartbeats come from other processes: anything may stand in them. */
export async function readBack({ folder, told }: ReadBackInput): Promise<readonly LeaseProgress[]> {
  const kept: LeaseProgress[] = [];
  let room = BYTES_MAX;
  for (const one of Array.isArray(told) ? (told as unknown[]) : []) {
    const { data } = progress.safeParse(one);
    if (!data) continue;
    room -= await bytesOf(join(folder, data.result.segment.name));
    if (room >= 0 && (await isWritten(folder, data.result))) kept.push(data);
  }
  return kept;
}

async function bytesOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}

async function isWritten(folder: string, { segment, items }: LeaseResult): Promise<boolean> {
  // Sets first: a few numbers can name more jobs than there is memory for.
  const jobs = items.reduce((sum, item) => sum + size(item.completed) + item.failed.length, 0);
  if (jobs !== segment!.records) return false;
  try {
    const found = (await readSegment(folder, segment!)).map(endOf);
    const said = items.flatMap(({ completed, failed }) => [
      ...[...each(completed)].map((ordinal) => endOf({ ordinal })),
      ...failed.map(([ordinal, code]) => endOf({ ordinal, code })),
    ]);
    return isDeepStrictEqual(found.sort(), said.sort());
  } catch {
    return false;
  }
}

/** How a job ended, as one word to compare. */
function endOf({ ordinal, code }: Pick<ResultRecord, 'ordinal' | 'code'>): string {
  return code === undefined ? `${ordinal}` : `${ordinal} ${code}`;
}
