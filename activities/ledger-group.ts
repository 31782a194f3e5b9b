/**
 * One group of a chain as bytes: a header line, then an entry a line. The header names the chain before
 * the group and the digest of the entries after it, so a group is found damaged by itself, and no group
 * can be changed, left out, put in between or put in another's place unnoticed.
 */
import { createHash } from 'node:crypto';
import type { LedgerEntry } from '../fabric/ledger.ts';
import { integrityError } from './integrity-error.ts';

/** The first line of a group. Its keys are written in this order and no other. */
interface GroupHeader {
  readonly schema: string;
  /** Head of the chain before this group, '' for the first. */
  readonly previous: string;
  readonly firstSeq: number;
  readonly entries: number;
  /** Hex digest of all that follows this line; groups of the first version have none. */
  readonly sha256?: string;
}

export interface LedgerGroup {
  readonly entries: readonly LedgerEntry[];
  /** Digest of the chain up to and including this group: `sha256:` and 64 hex digits. */
  readonly head: string;
}

/** Where a chain stands: how many entries it has, and its digest, '' at its start. */
export interface ChainPoint {
  readonly entries: number;
  readonly head: string;
}

const SCHEMA = 'planetary-fabric/ledger-group@2';
const SCHEMA_BEFORE = 'planetary-fabric/ledger-group@1';
const NAME = /^\d{12}\.ndjson$/;
const NEWLINE = 0x0a;

/** Name of the file of a group. Twelve digits, so that names sort as their numbers do. */
export function groupName(firstSeq: number): string {
  return `${String(firstSeq).padStart(12, '0')}.ndjson`;
}

export function isGroupName(name: string): boolean {
  return NAME.test(name);
}

/** The bytes of a group. `entries` are consecutive and not empty. */
export function groupContent(previous: string, entries: readonly LedgerEntry[]): Buffer {
  const body = Buffer.from(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  const header: GroupHeader = {
    schema: SCHEMA,
    previous,
    firstSeq: entries[0]!.seq,
    entries: entries.length,
    sha256: hexOf(body),
  };
  return Buffer.concat([lineOf(header), body]);
}

/** The chain's digest after a group. */
export function nextHead(previous: string, content: Buffer): string {
  return `sha256:${createHash('sha256').update(previous).update(content).digest('hex')}`;
}

/**
 * Reads a group that should stand at `at` of its chain. Throws an IntegrityError that names the file, what was
 * found and what was expected.
 */
export function readGroup(path: string, content: Buffer, at: ChainPoint): LedgerGroup {
  const header = headerOf(path, content);
  const bodyAt = content.indexOf(NEWLINE) + 1;
  const body = content.subarray(bodyAt);
  if (header.firstSeq !== at.entries || !path.endsWith(groupName(at.entries))) {
    throw integrityError(`${path} starts at entry ${header.firstSeq}; expected ${at.entries}`);
  }
  if (header.previous !== at.head) {
    throw integrityError(`${path} does not follow the group before it: one of them was changed`);
  }
  const { schema } = header;
  const before = { schema, previous: at.head, firstSeq: at.entries, entries: header.entries };
  const expected = schema === SCHEMA_BEFORE ? before : { ...before, sha256: hexOf(body) };
  // Bytes are compared: a header that only means the same was not written by a fabric.
  if (!content.subarray(0, bodyAt).equals(lineOf(expected))) {
    throw integrityError(`${path} is damaged: its entries are not those it was written with`);
  }
  const lines = body.toString('utf8').split('\n');
  const isWhole = lines.pop() === '' && lines.length === header.entries;
  const entries = lines.map((line) => parsed(path, line) as LedgerEntry);
  if (!isWhole || !entries.every((entry, i) => entry?.seq === at.entries + i)) {
    throw integrityError(`${path} does not hold the ${header.entries} entries it was written with`);
  }
  return { entries, head: nextHead(at.head, content) };
}

/** What a group claims to follow: its header is taken at its word. Throws like `readGroup`. */
export function claimedStart(path: string, content: Buffer): ChainPoint {
  const { firstSeq, previous } = headerOf(path, content);
  return { entries: firstSeq, head: previous };
}

function headerOf(path: string, content: Buffer): GroupHeader {
  const end = content.indexOf(NEWLINE);
  const header = parsed(path, content.toString('utf8', 0, Math.max(end, 0))) as GroupHeader | null;
  if (header?.schema !== SCHEMA && header?.schema !== SCHEMA_BEFORE) {
    throw integrityError(`${path} is not a group of a ledger`);
  }
  return header;
}

function parsed(path: string, line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    throw integrityError(`${path} holds a line that is not JSON`);
  }
}

function lineOf(header: GroupHeader): Buffer {
  return Buffer.from(`${JSON.stringify(header)}\n`);
}

function hexOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
