import { readFileSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { appendLedger, ledgerHead, readLedger } from '../../activities/ledger.ts';
import type { LedgerEntry } from '../../fabric/ledger.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();
const chain = () => folder.in('run/earth');

const entries = (from: number, count: number, lease = 7): LedgerEntry[] =>
  Array.from({ length: count }, (_, i) => ({
    seq: from + i,
    at: 1_000 + from + i,
    type: 'late',
    lease,
    fence: '1.7',
  }));

async function all(): Promise<LedgerEntry[]> {
  const read: LedgerEntry[] = [];
  for await (const entry of readLedger(chain())) read.push(entry);
  return read;
}

async function twoGroups(): Promise<string> {
  const first = await appendLedger({ folder: chain(), head: '', entries: entries(0, 3) });
  const { head } = await appendLedger({
    folder: chain(),
    head: first.head,
    entries: entries(3, 2),
  });
  return head;
}

const refusal = { type: 'IntegrityError', nonRetryable: true };

describe('appending', () => {
  test('writes one file a group, named by its first entry, and reads back in order', async () => {
    const head = await twoGroups();
    expect(readdirSync(chain()).sort()).toEqual(['000000000000.ndjson', '000000000003.ndjson']);
    expect(await all()).toEqual([...entries(0, 3), ...entries(3, 2)]);
    expect(head).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await ledgerHead(chain())).toBe(head);
  });

  test('the same group twice is one group, also from two writers at once', async () => {
    const order = { folder: chain(), head: '', entries: entries(0, 3) };
    const answers = await Promise.all([appendLedger(order), appendLedger(order)]);
    answers.push(await appendLedger(order));
    expect(new Set(answers.map(({ head }) => head)).size).toBe(1);
    expect(answers[0]!.throughSeq).toBe(2);
    expect(readdirSync(chain())).toHaveLength(1);
  });

  test('another group under the same number is refused for good, and the first one stays', async () => {
    await appendLedger({ folder: chain(), head: '', entries: entries(0, 3) });
    const other = { folder: chain(), head: '', entries: entries(0, 3, 8) };
    await expect(appendLedger(other)).rejects.toMatchObject(refusal);
    expect(await all()).toEqual(entries(0, 3));
    expect(readdirSync(chain())).toHaveLength(1);
  });

  test('what a killed writer left half-written is passed over', async () => {
    await appendLedger({ folder: chain(), head: '', entries: entries(0, 1) });
    writeFileSync(folder.in('run/earth/.000000000001.ndjson.dead'), '{"schema":"planet');
    const head = await ledgerHead(chain());
    await appendLedger({ folder: chain(), head, entries: entries(1, 2) });
    expect(await all()).toHaveLength(3);
  });

  test.each([
    ['a gap between entries', '', [...entries(0, 1), ...entries(2, 1)]],
    ['no entry', '', []],
    ['a later group without a head', '', entries(4, 1)],
    ['a first group with a head', 'sha256:00', entries(0, 1)],
  ])('%s is refused', async (_, head, group) => {
    const order = { folder: chain(), head, entries: group };
    await expect(appendLedger(order)).rejects.toMatchObject(refusal);
  });
});

describe('reading', () => {
  test('a chain that was never written is empty', async () => {
    expect(await all()).toEqual([]);
    expect(await ledgerHead(chain())).toBe('');
  });

  test('an entry that was changed is found by the group behind it', async () => {
    await twoGroups();
    const path = folder.in('run/earth/000000000000.ndjson');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"lease":7', '"lease":9'));
    await expect(all()).rejects.toMatchObject(refusal);
  });

  test('a change in the last group moves the head', async () => {
    const head = await twoGroups();
    const path = folder.in('run/earth/000000000003.ndjson');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"lease":7', '"lease":9'));
    expect(await ledgerHead(chain())).not.toBe(head);
  });

  test('a group that is missing is found', async () => {
    await twoGroups();
    unlinkSync(folder.in('run/earth/000000000000.ndjson'));
    await expect(all()).rejects.toMatchObject(refusal);
  });

  test('a group that was cut short is found', async () => {
    await twoGroups();
    const path = folder.in('run/earth/000000000003.ndjson');
    const lines = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, `${lines.slice(0, 2).join('\n')}\n`);
    await expect(all()).rejects.toMatchObject(refusal);
  });
});
