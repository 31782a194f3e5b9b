// How far a run is, read from its ledger while it grows.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { appendLedger } from '../../../activities/ledger.ts';
import type { LedgerEntry } from '../../../fabric/ledger.ts';
import { OutcomeCount } from '../../../scripts/faults/outcome-count.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'outcome-count-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function outcome(seq: number, at: number, completed: number[], retried: number): LedgerEntry {
  const failures = Array.from({ length: retried }, (_, i): [number, string] => [90 + i, 'broken']);
  const items = [
    { feed: 'f', origin: 'edge', attempt: 1, completed, failed: [], retried: failures, back: [] },
  ];
  return {
    seq,
    at,
    type: 'outcome',
    lease: seq,
    fence: '1.1',
    node: 'n',
    segment: null,
    items,
    cost: 0,
  };
}

test('a ledger that is not there yet has no outcomes', async () => {
  const count = new OutcomeCount(join(folder, 'none'));
  await count.look();
  expect(count).toMatchObject({ outcomes: 0, startedAtMs: null });
});

test('every group counts once, over all chains, and is returned when it is new', async () => {
  const edge = join(folder, 'edge');
  const mars = join(folder, 'mars');
  const { head } = await appendLedger({
    folder: edge,
    head: '',
    entries: [outcome(0, 50, [0, 4], 2)],
  });
  const count = new OutcomeCount(folder);
  expect(await count.look()).toMatchObject([{ at: 50 }]);
  expect(await count.look()).toEqual([]);
  expect(count).toMatchObject({ outcomes: 4, startedAtMs: 50 });

  await appendLedger({
    folder: edge,
    head,
    entries: [outcome(1, 90, [], 0), outcome(2, 95, [], 1)],
  });
  await appendLedger({ folder: mars, head: '', entries: [outcome(0, 110, [7, 8], 0)] });
  const fresh = await count.look();
  expect(count.outcomes).toBe(5);
  expect(new Set(fresh.map(({ at }) => at))).toEqual(new Set([90, 95, 110]));
});
