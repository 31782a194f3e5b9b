/**
 * The ledger on disk: one folder a chain, one file a group of entries. A group is written under a
 * temporary name, synced and linked to its own, which is atomic and happens once. Before that, the group it
 * follows is read again: a chain is never continued over a gap, nor from another head than the one on
 * disk, so a second writer is found out whatever it wrote first.
 */
import { randomUUID } from 'node:crypto';
import { link, readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LedgerEntry } from '../fabric/ledger.ts';
import type { AppendInput, AppendOutput } from './contracts.ts';
import { makeFolder, removeIfThere, syncFolder, writeSynced } from './durable-file.ts';
import { integrityError } from './integrity-error.ts';
import {
  claimedStart,
  groupContent,
  groupName,
  isGroupName,
  nextHead,
  readGroup,
  type ChainPoint,
  type LedgerGroup,
} from './ledger-group.ts';

export type { ChainPoint, LedgerGroup } from './ledger-group.ts';

/** A temporary file that is older than this was left by a writer that was killed. */
const LEFT_BEHIND_MS = 10 * 60_000;
/** Chains of which this process remembers its last group, so that it need not list the folder. */
const REMEMBERED_MAX = 256;

const START: ChainPoint = { entries: 0, head: '' };

/** By folder: the last group that this process saw on disk. */
const lastGroups = new Map<string, string>();

/**
 * Appends one group. There already with the same content is success. Throws an IntegrityError, which is
 * not retried, when it is there with other content, when the entries are not consecutive, or when the
 * chain on disk does not stand where the group continues it; the file system's errors are thrown as they
 * are, and nothing is left of the group then.
 */
export async function appendLedger({ folder, head, entries }: AppendInput): Promise<AppendOutput> {
  const firstSeq = entries[0]?.seq ?? -1;
  const inOrder = entries.every(({ seq }, i) => seq === firstSeq + i);
  if (firstSeq < 0 || !inOrder || (firstSeq === 0) !== (head === '')) {
    throw integrityError(`ledger ${folder}: a group from entry ${firstSeq} is not consecutive`);
  }
  await makeFolder(folder);
  await requirePoint(folder, { entries: firstSeq, head });
  const content = groupContent(head, entries);
  const name = groupName(firstSeq);
  await createOnce(folder, name, content);
  remember(folder, name);
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

/**
 * The groups of a chain with the head that each leads to. Throws like `readLedger`. The last groups of a
 * chain can't be missed by looking at the chain alone: whoever knows a point that it had reached hands
 * that in as `known`, and a chain that does not lead through it is an IntegrityError as well.
 */
export async function* readLedgerGroups(
  folder: string,
  known: ChainPoint = START,
): AsyncGenerator<LedgerGroup, void> {
  let at = START;
  let isPassed = known.entries === 0;
  for (const name of await groupNames(folder)) {
    const path = join(folder, name);
    const group = readGroup(path, await readFile(path), at);
    at = { entries: at.entries + group.entries.length, head: group.head };
    isPassed ||= at.entries === known.entries && at.head === known.head;
    yield group;
  }
  if (isPassed) return;
  const found = `${folder} has ${at.entries} entries and does not lead through ${known.head}`;
  throw integrityError(`${found}, where it stood after entry ${known.entries}`);
}

/** Throws an IntegrityError unless the chain on disk has a group that ends at exactly this point. */
async function requirePoint(folder: string, { entries, head }: ChainPoint): Promise<void> {
  const name = lastGroups.get(folder) ?? null;
  const isFirstLook = name === null;
  if (isFirstLook) await removeLeftBehind(folder);
  if (entries === 0) return;
  const last = groupName(entries);
  const before =
    name !== null && name < last ? name : (await groupNames(folder)).findLast((at) => at < last);
  const found = before === undefined ? START : await endOf(join(folder, before));
  if (found !== null && found.entries === entries && found.head === head) return;
  if (found === null || (!isFirstLook && before === name)) {
    // What is remembered is older than what is on disk, or is gone: look again, at all of it.
    lastGroups.delete(folder);
    return requirePoint(folder, { entries, head });
  }
  const there = `it stands after ${found.entries} entries at "${found.head}"`;
  throw integrityError(
    `ledger ${folder}: a group that continues it after ${entries} entries at "${head}" is refused; on disk ${there}`,
  );
}

/** Where the chain stands after a group; null when the file is gone. */
async function endOf(path: string): Promise<ChainPoint | null> {
  const content = await readFile(path).catch(nullIfGone);
  if (content === null) return null;
  const start = claimedStart(path, content);
  const { entries, head } = readGroup(path, content, start);
  return { entries: start.entries + entries.length, head };
}

/** Gives the file its name when its bytes are on disk, and never to two different contents. */
async function createOnce(folder: string, name: string, content: Buffer): Promise<void> {
  const temporary = join(folder, `.${name}.${randomUUID()}`);
  try {
    await writeSynced(temporary, content);
    await link(temporary, join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const there = await readFile(join(folder, name));
    if (!there.equals(content)) {
      throw integrityError(`ledger ${folder}: ${name} is there already with other content`);
    }
  } finally {
    await removeIfThere(temporary).catch(() => undefined);
  }
  await syncFolder(folder);
}

function remember(folder: string, name: string): void {
  lastGroups.delete(folder);
  lastGroups.set(folder, name);
  const oldest = lastGroups.keys().next().value;
  if (lastGroups.size > REMEMBERED_MAX && oldest !== undefined) lastGroups.delete(oldest);
}

/** Clears away what killed writers left; a writer at work is done long before its file is that old. */
async function removeLeftBehind(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith('.') || !isGroupName(name.slice(1).replace(/\.[^.]*$/, ''))) continue;
    const path = join(folder, name);
    const found = await stat(path).catch(nullIfGone);
    if (found !== null && Date.now() - found.mtimeMs > LEFT_BEHIND_MS) await removeIfThere(path);
  }
}

/**
 * Names of a chain's groups in order. Names with a dot before them are passed over: temporary files, and
 * what a file manager leaves. Throws an IntegrityError for any other file, which no fabric has put there.
 */
async function groupNames(folder: string): Promise<string[]> {
  const names = (await readdir(folder).catch(nullIfGone)) ?? [];
  const shown = names.filter((name) => !name.startsWith('.')).sort();
  const foreign = shown.find((name) => !isGroupName(name));
  if (foreign === undefined) return shown;
  throw integrityError(
    `${join(folder, foreign)} is no group of this ledger; it holds nothing else`,
  );
}

function nullIfGone(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
