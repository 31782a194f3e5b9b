import { expect, test } from 'vitest';
import type { LedgerEvent } from '../../fabric/ledger.ts';
import { built, failure, result, sampleRun, type SampleRun } from './sample-run.ts';

const SOUND = 'sha256:';

async function digestOf(change: (sample: SampleRun) => void = () => undefined): Promise<string> {
  const sample = sampleRun();
  change(sample);
  const { report } = await built(sample);
  return report.outcomeDigest;
}

test('equal runs have equal digests', async () => {
  expect(await digestOf()).toBe(await digestOf());
  expect((await digestOf()).startsWith(SOUND)).toBe(true);
});

test('the digest does not hang on the order in which chains are read', async () => {
  const turned = await digestOf((sample) => {
    sample.chains = Object.fromEntries(Object.entries(sample.chains).reverse());
  });
  expect(turned).toBe(await digestOf());
});

test('the digest does not hang on the node', async () => {
  const moved = await digestOf(({ chains }) => {
    for (const event of chains['edge']!) if ('node' in event) Object.assign(event, { node: 'x' });
  });
  expect(moved).toBe(await digestOf());
});

test('the digest does not hang on the shard', async () => {
  const moved = await digestOf(({ chains }) => {
    const isLast = (event: LedgerEvent): boolean => 'lease' in event && event.lease === 4;
    chains['helios']!.push(...chains['edge']!.filter(isLast));
    chains['edge'] = chains['edge']!.filter((event) => !isLast(event));
  });
  expect(moved).toBe(await digestOf());
});

test('a lost lease is no attempt and does not change the digest', async () => {
  const unharmed = await digestOf(({ chains }) => {
    chains['edge'] = chains['edge']!.filter((event) => !('lease' in event && event.lease === 3));
  });
  expect(unharmed).toBe(await digestOf());
});

const CHANGES: [string, (sample: SampleRun) => void][] = [
  ['a result', ({ segments }) => segments['edge-a-4.ndjson']!.splice(0, 1, result(8, 1, 'other'))],
  [
    'an error code',
    ({ chains, segments }) => {
      segments['edge-a-2.ndjson']!.splice(0, 1, failure(4, 2, 'other'));
      const items = itemsOf(chains['edge']!, 2);
      Object.assign(items, { failed: [[4, 'other']] });
    },
  ],
  ['counted attempts', ({ chains }) => Object.assign(itemsOf(chains['edge']!, 2), { attempt: 3 })],
  [
    'a status',
    ({ chains }) => Object.assign(itemsOf(chains['edge']!, 2), { completed: [4, 5], failed: [] }),
  ],
];

test.each(CHANGES)('%s changes the digest', async (_, change) => {
  expect(await digestOf(change)).not.toBe(await digestOf());
});

function itemsOf(chain: LedgerEvent[], lease: number): object {
  const found = chain.find((event) => event.type === 'outcome' && event.lease === lease);
  if (found?.type !== 'outcome') throw new Error(`no outcome of lease ${lease}`);
  return found.items[0]!;
}
