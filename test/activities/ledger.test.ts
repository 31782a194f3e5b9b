import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChainPoint, LedgerGroup } from '../../activities/ledger.ts';
import { appendLedger, ledgerHead, readLedger, readLedgerGroups } from '../../activities/ledger.ts';
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

async function groupsOnDisk(known?: ChainPoint): Promise<LedgerGroup[]> {
  const read: LedgerGroup[] = [];
  for await (const group of readLedgerGroups(chain(), known)) read.push(group);
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

describe('a second writer', () => {
  test('who continues from another head is refused, and so is one who leaves a gap', async () => {
    const head = await twoGroups();
    const other = `sha256:${'0'.repeat(64)}`;
    for (const [from, wrong] of [
      [5, other],
      [3, other],
      [4, head],
      [9, head],
    ] as const) {
      const order = { folder: chain(), head: wrong, entries: entries(from, 2) };
      await expect(appendLedger(order)).rejects.toMatchObject(refusal);
    }
    expect(await all()).toHaveLength(5);
    expect(readdirSync(chain())).toHaveLength(2);
  });

  test('who appends the same is welcome, also when it is a group behind', async () => {
    const first = await appendLedger({ folder: chain(), head: '', entries: entries(0, 3) });
    const second = { folder: chain(), head: first.head, entries: entries(3, 2) };
    const { head } = await appendLedger(second);
    await appendLedger({ folder: chain(), head, entries: entries(5, 1) });
    expect(await appendLedger(second)).toEqual({ throughSeq: 4, head });
    expect(await all()).toHaveLength(6);
  });

  test('whose groups are missing on disk is stopped before it makes a gap', async () => {
    const head = await twoGroups();
    unlinkSync(folder.in('run/earth/000000000003.ndjson'));
    const order = { folder: chain(), head, entries: entries(5, 1) };
    await expect(appendLedger(order)).rejects.toThrow(/after 5 entries.*after 3 entries/);
    rmSync(chain(), { recursive: true });
    await expect(appendLedger(order)).rejects.toThrow(/after 0 entries/);
    expect(readdirSync(chain())).toEqual([]);
  });

  test('whose group before was damaged meanwhile is stopped', async () => {
    const head = await twoGroups();
    const path = folder.in('run/earth/000000000003.ndjson');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"lease":7', '"lease":9'));
    const order = { folder: chain(), head, entries: entries(5, 1) };
    await expect(appendLedger(order)).rejects.toMatchObject(refusal);
  });
});

describe('what is left behind', () => {
  const left = (name: string, ageMs: number): void => {
    const path = join(chain(), name);
    writeFileSync(path, 'half');
    utimesSync(path, new Date(Date.now() - ageMs), new Date(Date.now() - ageMs));
  };

  test('a killed writer is cleared away by the next process once it is old', async () => {
    mkdirSync(chain(), { recursive: true });
    left('.000000000000.ndjson.0f-1a', 60 * 60_000);
    left('.000000000000.ndjson.2b-3c', 1_000);
    left('.DS_Store', 60 * 60_000);
    await appendLedger({ folder: chain(), head: '', entries: entries(0, 1) });
    const kept = ['.000000000000.ndjson.2b-3c', '.DS_Store', '000000000000.ndjson'];
    expect(readdirSync(chain()).sort()).toEqual(kept);
    expect(await all()).toHaveLength(1);
  });
});

describe('any damage', () => {
  const intact = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });

  async function written(sizes: readonly number[]): Promise<ChainPoint> {
    rmSync(chain(), { recursive: true, force: true });
    let at = { entries: 0, head: '' };
    for (const count of sizes) {
      const order = { folder: chain(), head: at.head, entries: entries(at.entries, count) };
      const { head } = await appendLedger(order);
      at = { entries: at.entries + count, head };
    }
    return at;
  }

  const seen = async (known?: ChainPoint): Promise<string> => {
    try {
      await groupsOnDisk(known);
      return 'whole';
    } catch (error) {
      return (error as { type?: string }).type ?? String(error);
    }
  };
  const groups = (): string[] => readdirSync(chain()).sort();

  test('of a single byte is found without any help', async () => {
    await fc.assert(
      fc.asyncProperty(
        intact,
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (sizes, group, at, flip) => {
          const known = await written(sizes);
          expect(await seen(known)).toBe('whole');
          const path = join(chain(), groups()[group % sizes.length]!);
          const bytes = readFileSync(path);
          bytes[at % bytes.length]! ^= flip;
          writeFileSync(path, bytes);
          expect(await seen()).toBe('IntegrityError');
        },
      ),
      { numRuns: 300 },
    );
  });

  test('by cutting a group short or adding to it is found without any help', async () => {
    await fc.assert(
      fc.asyncProperty(
        intact,
        fc.nat(),
        fc.nat(),
        fc.uint8Array({ maxLength: 3 }),
        async (sizes, group, at, more) => {
          await written(sizes);
          const path = join(chain(), groups()[group % sizes.length]!);
          if (more.length > 0) writeFileSync(path, more, { flag: 'a' });
          else truncateSync(path, at % readFileSync(path).length);
          expect(await seen()).toBe('IntegrityError');
        },
      ),
      { numRuns: 150 },
    );
  });

  test('by taking a group away is found, the last one by who knows the head', async () => {
    await fc.assert(
      fc.asyncProperty(intact, fc.nat(), async (sizes, group) => {
        const known = await written(sizes);
        const at = group % sizes.length;
        unlinkSync(join(chain(), groups()[at]!));
        expect(await seen(known)).toBe('IntegrityError');
        if (at < sizes.length - 1) expect(await seen()).toBe('IntegrityError');
      }),
      { numRuns: 100 },
    );
  });

  test('by swapping or doubling groups is found without any help', async () => {
    const several = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(several, fc.nat(), fc.boolean(), async (sizes, group, isSwap) => {
        await written(sizes);
        const [one, other] = [group % sizes.length, (group + 1) % sizes.length].map((at) =>
          join(chain(), groups()[at]!),
        ) as [string, string];
        const aside = folder.in('aside');
        if (isSwap) copyFileSync(one, aside);
        copyFileSync(other, one);
        if (isSwap) renameSync(aside, other);
        expect(await seen()).toBe('IntegrityError');
      }),
      { numRuns: 100 },
    );
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

  test('a change in the last group is found by the group itself', async () => {
    await twoGroups();
    const path = folder.in('run/earth/000000000003.ndjson');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"lease":7', '"lease":9'));
    await expect(all()).rejects.toMatchObject(refusal);
  });

  test('a last group that was made up to fit moves the head', async () => {
    const head = await twoGroups();
    const path = folder.in('run/earth/000000000003.ndjson');
    const [header, ...lines] = readFileSync(path, 'utf8')
      .replace('"lease":7', '"lease":9')
      .split('\n');
    const body = lines.join('\n');
    const sha256 = createHash('sha256').update(body).digest('hex');
    writeFileSync(path, `${header!.replace(/[0-9a-f]{64}"}/, `${sha256}"}`)}\n${body}`);
    expect(await ledgerHead(chain())).not.toBe(head);
  });

  test('a missing tail is found by who knows how far the chain had come', async () => {
    const head = await twoGroups();
    const through = async (known: ChainPoint) => (await groupsOnDisk(known)).length;
    const [first] = await groupsOnDisk();
    expect(await through({ entries: 5, head })).toBe(2);
    expect(await through({ entries: 3, head: first!.head })).toBe(2);
    await expect(through({ entries: 5, head: first!.head })).rejects.toMatchObject(refusal);
    unlinkSync(folder.in('run/earth/000000000003.ndjson'));
    expect(await all()).toHaveLength(3);
    await expect(through({ entries: 5, head })).rejects.toThrow(/3 entries.*after entry 5/);
    rmSync(chain(), { recursive: true });
    await expect(through({ entries: 5, head })).rejects.toMatchObject(refusal);
  });

  test.each(['notes.txt', '000000000003.ndjson.bak', '3.ndjson'])(
    'a foreign file is found: %s',
    async (name) => {
      await twoGroups();
      writeFileSync(join(chain(), name), 'hello\n');
      await expect(all()).rejects.toThrow(`${name} is no group of this ledger`);
    },
  );

  test('a group of the first version, which had no digest of its own, is still read', async () => {
    const lines = entries(0, 2).map((entry) => `${JSON.stringify(entry)}\n`);
    const schema = 'planetary-fabric/ledger-group@1';
    const header = JSON.stringify({ schema, previous: '', firstSeq: 0, entries: 2 });
    mkdirSync(chain(), { recursive: true });
    writeFileSync(join(chain(), '000000000000.ndjson'), `${header}\n${lines.join('')}`);
    const head = await ledgerHead(chain());
    await appendLedger({ folder: chain(), head, entries: entries(2, 1) });
    expect(await all()).toEqual(entries(0, 3));
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
