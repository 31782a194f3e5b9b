/**
 * What a node that was lost had finished, by its last heartbeat, held against the disk: of each lease only
 * what its segment holds, whole and as told, counts. The jobs of any other run again, and so do those whose
 * segments would take long to read: the thread that reads them has the ledger to write.
 */
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Segment } from '../fabric/ledger.ts';
import type { LeaseProgress } from '../fabric/messages.ts';
import { each, isOrdinals, size } from '../fabric/ordinals.ts';
import type { ReadBackInput } from './contracts.ts';
import { readSegment, type ResultRecord } from './results.ts';

/** Over all segments of one node. */
const BYTES_MAX = 4 * 1024 * 1024;

type Told = LeaseProgress & { readonly result: { readonly segment: Segment } };

/** Those that can be relied on. Heartbeats come from other processes: anything may stand in them. */
export async function readBack({ folder, told }: ReadBackInput): Promise<readonly LeaseProgress[]> {
  const kept: LeaseProgress[] = [];
  let room = BYTES_MAX;
  for (const one of Array.isArray(told) ? (told as unknown[]) : []) {
    if (!isTold(one)) continue;
    room -= await bytesOf(join(folder, one.result.segment.name));
    if (room >= 0 && (await isWritten(folder, one.result))) kept.push(one);
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

async function isWritten(folder: string, { segment, items }: Told['result']): Promise<boolean> {
  // Sets first: a few numbers can name more jobs than there is memory for.
  const jobs = items.reduce((sum, item) => sum + size(item.completed) + item.failed.length, 0);
  if (jobs !== segment.records) return false;
  try {
    const found = (await readSegment(folder, segment)).map(endOf);
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

/** By hand, since the process that restarts must be there at once and loads no library of schemas before. */
function isTold(value: unknown): value is Told {
  const { lease, fence, result } = fieldsOf(value);
  const { items, segment, busyMs } = fieldsOf(result);
  const { name, records, sha256 } = fieldsOf(segment);
  return (
    isCount(lease) &&
    isText(fence) &&
    typeof busyMs === 'number' &&
    isText(name) &&
    basename(name) === name &&
    isCount(records) &&
    isText(sha256) &&
    Array.isArray(items) &&
    items.every(isItem)
  );
}

function isItem(value: unknown): boolean {
  const { completed, failed } = fieldsOf(value);
  if (!Array.isArray(completed) || !isOrdinals(completed) || !Array.isArray(failed)) return false;
  return (failed as unknown[]).every(
    (each) => Array.isArray(each) && each.length === 2 && isCount(each[0]) && isText(each[1]),
  );
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
