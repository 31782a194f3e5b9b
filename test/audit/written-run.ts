/**
 * A simulated run as files, written by the very activities that write a real one: what a workflow appended,
 * in the order and on the head that it asked for, and the segments of its nodes.
 */
import { join } from 'node:path';
import { appendLedger } from '../../activities/ledger.ts';
import { writtenSegment } from '../activities/written-segment.ts';
import type { LedgerEntry, Segment } from '../../fabric/ledger.ts';
import type { RecordedRun } from './simulated-ledger.ts';

/** Writes below these folders. Throws what the ledger throws where an append does not fit. */
export async function writeRun(
  { appends, segments }: RecordedRun,
  folders: { readonly ledger: string; readonly results: string },
): Promise<void> {
  const written = new Map<string, Segment>();
  for (const [name, records] of segments) {
    const file = `${name.replaceAll('/', '.')}.ndjson`;
    const full = records.map(({ code, result, ...record }) => ({
      ...record,
      ...(code === undefined ? {} : { code }),
      ...(result === undefined ? {} : { result }),
      value: 1,
      ms: 1,
    }));
    written.set(name, await writtenSegment(folders.results, file, full));
  }
  // The simulated engine answers with a name for each head; the files have the real ones.
  const heads = new Map([['', '']]);
  for (const { chain, head, entries } of appends) {
    const real = heads.get(head === '' ? '' : `${chain} ${head}`);
    if (real === undefined) throw new Error(`${chain}: nothing was ever appended up to ${head}`);
    const output = await appendLedger({
      folder: join(folders.ledger, chain),
      head: real,
      entries: entries.map((entry) => onDisk(entry, written)),
    });
    heads.set(`${chain} ${chain}-${output.throughSeq}`, output.head);
  }
}

function onDisk(entry: LedgerEntry, written: ReadonlyMap<string, Segment>): LedgerEntry {
  if (entry.type !== 'outcome' || entry.segment === null) return entry;
  const { name } = entry.segment;
  const segment = written.get(name);
  if (!segment) throw new Error(`no node wrote ${name}`);
  return { ...entry, segment };
}
