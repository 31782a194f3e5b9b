/**
 * The ledger on disk: one folder a chain, one file a group of entries. A group is written under a
 * temporary name, synced and linked to its own, which is atomic and happens once; each group names the
 * digest of the chain before it, so nothing can be changed, left out or put in between unnoticed.
 */
import { createHash, randomUUID } from 'node:crypto';
import { link, readFile, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { LedgerEntry } from '../fabric/ledger.ts';
import type { AppendInput, AppendOutput } from './contracts.ts';
import { makeFolder, syncFolder, writeSynced } from './durable-file.ts';
import { integrityError } from './integrity-error.ts';

/** The first line of a group. */
interface GroupHeader {
  readonly schema: typeof GROUP_SCHEMA;
  /** Head of the chain before this group, '' for the first. */
  readonly previous: string;
  readonly firstSeq: number;
  readonly entries: number;
}

export interface LedgerGroup {
  readonly entries: readonly LedgerEntry[];
  /** Digest of the chain up to and including this group: `sha256:` and 64 hex digits. */
  readonly head: string;
}

const GROUP_SCHEMA = 'planetary-fabric/ledger-group@1';
const GROUP_NAME = /^\d{12}\.ndjson$/;

/**
 * Appends one group. There already with the same content is success. Throws an IntegrityError, which is
 * not retried, when it is there with other content or the entries are not consecutive; the file
 * system's errors are thrown as they are, and retried.
 */
export async function appendLedger({ folder, head, entries }: AppendInput): Promise<AppendOutput> {
  const firstSeq = entries[0]?.seq ?? -1;
  const inOrder = entries.every(({ seq }, i) => seq === firstSeq + i);
  if (firstSeq < 0 || !inOrder || (firstSeq === 0) !== (head === '')) {
    throw integrityError(`ledger ${folder}: a group from entry ${firstSeq} is not consecutive`);
  }
  const content = groupContent(head, entries);
  const name = groupName(firstSeq);
  await makeFolder(folder);
  const temporary = join(folder, `.${name}.${randomUUID()}`);
  await writeSynced(temporary, content);
  try {
    await link(temporary, join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const there = await readFile(join(folder, name));
    if (!there.equals(content)) {
      throw integrityError(`ledger ${folder}: ${name} is there already with other content`);
    }
  } finally {
    await unlink(temporary);
  }
  await syncFolder(folder);
  return { throughSeq: firstSeq + entries.length - 1, head: nextHead(head, content) };
}

/**
 * Every entry of a chain in order. Throws an IntegrityError at the first group that is damaged, missing
 * or out of its place. A folder that is not there is an empty chain.
 */
export async function* readLedger(folder: string): AsyncGenerator<LedgerEntry, void> {
  for await (const { entries } of readLedgerGroups(folder)) yield* entries;
}

/** The chain's digest as it stands on disk, '' when nothing was written. Throws like `readLedger`. */
export async function ledgerHead(folder: string): Promise<string> {
  let head = '';
  for await (const group of readLedgerGroups(folder)) head = group.head;
  return head;
}

/** The groups of a chain with the head that each leads to. Throws like `readLedger`. */
export async function* readLedgerGroups(folder: string): AsyncGenerator<LedgerGroup, void> {
  let head = '';
  let nextSeq = 0;
  for (const name of await groupNames(folder)) {
    const content = await readFile(join(folder, name));
    const entries = checkedEntries(join(folder, name), content, head, nextSeq);
    head = nextHead(head, content);
    nextSeq += entries.length;
    yield { entries, head };
  }
}

function groupContent(previous: string, entries: readonly LedgerEntry[]): Buffer {
  const header: GroupHeader = {
    schema: GROUP_SCHEMA,
    previous,
    firstSeq: entries[0]!.seq,
    entries: entries.length,
  };
  const lines = [header, ...entries].map((line) => `${JSON.stringify(line)}\n`);
  return Buffer.from(lines.join(''));
}

function nextHead(previous: string, content: Buffer): string {
  return `sha256:${createHash('sha256').update(previous).update(content).digest('hex')}`;
}

/** Twelve digits, so that names sort as their numbers do. */
function groupName(firstSeq: number): string {
  return `${String(firstSeq).padStart(12, '0')}.ndjson`;
}

async function groupNames(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => GROUP_NAME.test(name)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function checkedEntries(
  path: string,
  content: Buffer,
  head: string,
  nextSeq: number,
): LedgerEntry[] {
  const lines = content
    .toString('utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => parsed(path, line));
  const [header, ...entries] = lines as [GroupHeader | undefined, ...LedgerEntry[]];
  if (header?.schema !== GROUP_SCHEMA) throw integrityError(`${path} is not a group of a ledger`);
  if (header.firstSeq !== nextSeq || path !== join(path, '..', groupName(nextSeq))) {
    throw integrityError(`${path} starts at entry ${header.firstSeq}; expected ${nextSeq}`);
  }
  if (header.previous !== head) {
    throw integrityError(`${path} does not follow the group before it: one of them was changed`);
  }
  const whole = entries.length === header.entries;
  if (!whole || !entries.every(({ seq }, i) => seq === nextSeq + i)) {
    throw integrityError(`${path} does not hold the ${header.entries} entries it was written with`);
  }
  return entries;
}

function parsed(path: string, line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    throw integrityError(`${path} holds a line that is not JSON`);
  }
}
