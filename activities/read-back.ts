/**
 * What a node that was lost had finished, by its last heartbeat, held against the disk: of each lease only
 * what its segment holds, whole and as told, counts. The jobs of any other run again.
 */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { LeaseProgress, LeaseResult } from '../fabric/messages.ts';
import { each, isOrdinals, type Ordinals } from '../fabric/ordinals.ts';
import type { ReadBackInput } from './contracts.ts';
import { readSegment, type ResultRecord } from './results.ts';

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
    segment: z.object({ name: z.string(), records: count, sha256: z.string() }),
    busyMs: z.number().nonnegative(),
  }),
});

/** Those that can be relied on. Heartbeats come from other processes: anything may stand in them. */
export async function readBack({ folder, told }: ReadBackInput): Promise<readonly LeaseProgress[]> {
  const kept: LeaseProgress[] = [];
  for (const one of Array.isArray(told) ? (told as unknown[]) : []) {
    const { data } = progress.safeParse(one);
    if (data && (await isWritten(folder, data.result))) kept.push(data);
  }
  return kept;
}

async function isWritten(folder: string, { segment, items }: LeaseResult): Promise<boolean> {
  try {
    const records = await readSegment(folder, segment!);
    const completed = items.flatMap((item) => [...each(item.completed)]);
    const failed = items.flatMap((item) => item.failed.map(([ordinal]) => ordinal));
    return (
      isDeepStrictEqual(ordinalsOf(records, 'completed'), completed.sort(byNumber)) &&
      isDeepStrictEqual(ordinalsOf(records, 'failed'), failed.sort(byNumber))
    );
  } catch {
    return false;
  }
}

function ordinalsOf(records: readonly ResultRecord[], status: ResultRecord['status']): number[] {
  const own = records.filter((record) => record.status === status);
  return own.map(({ ordinal }) => ordinal).sort(byNumber);
}

function byNumber(a: number, b: number): number {
  return a - b;
}
