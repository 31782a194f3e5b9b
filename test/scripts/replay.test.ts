/**
 * The command over what a run leaves: the recordings of the replay tests as its histories, and the ledger and
 * results of the sample run. A run of real processes is replayed in `test/e2e/`.
 */
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { main } from '../../scripts/cli.ts';
import { readHistories } from '../../scripts/histories.ts';
import { replayHistories, type Replayed } from '../../scripts/replay-histories.ts';
import { bundleOptions } from '../../workers/workflow-bundle.ts';
import { temporaryFolder } from '../activities/temporary-folder.ts';
import { fakePlace } from './fake-place.ts';

const BUNDLE_MS_MAX = 120_000;
const recordings = fileURLToPath(new URL('../histories', import.meta.url));
const folder = temporaryFolder();
let workflowBundle: { code: string };

beforeAll(async () => {
  workflowBundle = await bundleWorkflowCode({
    ...bundleOptions,
    logger: new DefaultLogger('ERROR'),
  });
}, BUNDLE_MS_MAX);

beforeEach(() => {
  mkdirSync(folder.in('histories'));
  for (const name of readdirSync(recordings)) {
    copyFileSync(join(recordings, name), folder.in(`histories/${name}`));
  }
});

async function replay(): Promise<Replayed[]> {
  const all: Replayed[] = [];
  const histories = readHistories(folder.in('histories'));
  for await (const each of replayHistories(histories, { workflowBundle })) all.push(each);
  return all;
}

const failed = async (): Promise<Record<string, string>> => {
  const bad = (await replay()).filter(({ why }) => why !== null);
  return Object.fromEntries(bad.map(({ workflowId, n, why }) => [`${workflowId}.${n}`, why!]));
};

function edit(name: string, change: (text: string) => string): void {
  const file = folder.in(`histories/${name}`);
  writeFileSync(file, gzipSync(change(gunzipSync(readFileSync(file)).toString())));
}

test('recorded histories come out as recorded, all of them with their events', async () => {
  const all = await replay();
  expect(all.filter(({ why }) => why !== null)).toEqual([]);
  expect(all).toHaveLength(readdirSync(recordings).length);
  for (const { events } of all) expect(events).toBeGreaterThan(10);
});

test('a history that was tampered with is named, and all others are replayed still', async () => {
  const name = 'planetary-fabric.shard.earth.1';
  edit(`${name}.json.gz`, (text) => text.replace('"name": "runLease"', '"name": "another"'));
  const all = await replay();
  expect(all).toHaveLength(readdirSync(recordings).length);
  expect(all.filter(({ why }) => why !== null)).toMatchObject(
    [{ workflowId: 'planetary-fabric.shard.earth', n: 1, why: /nondeterminism/i }].map((each) => ({
      ...each,
      why: expect.stringMatching(each.why) as string,
    })),
  );
});

test('a history that is damaged, missing between two, or of another run is named', async () => {
  copyFileSync(
    folder.in('histories/planetary-fabric.shard.luna.2.json.gz'),
    folder.in('histories/planetary-fabric.shard.earth.2.json.gz'),
  );
  writeFileSync(folder.in('histories/planetary-fabric.shard.luna.1.json.gz'), 'no gzip');
  unlinkSync(folder.in('histories/planetary-fabric.orchestrator.2.json.gz'));
  expect(await failed()).toEqual({
    'planetary-fabric.shard.luna.1': expect.stringMatching(/^it can't be read: /) as string,
    'planetary-fabric.shard.earth.2': 'it does not follow on run 1',
    'planetary-fabric.orchestrator.3': 'run 2 of it is missing',
  });
});

test('the last history of a workflow is missing when the one before continued as another', async () => {
  const names = readdirSync(folder.in('histories')).filter((name) => name.includes('.shard.luna.'));
  const last = names.sort().at(-1)!;
  unlinkSync(folder.in(`histories/${last}`));
  expect(await failed()).toEqual({
    [last.replace('.json.gz', '')]: `it is missing, though run ${names.length - 1} continued as it`,
  });
});

test('a run that is not there is an operator’s slip, and the newest runs are named', async () => {
  const place = fakePlace(folder.path);
  expect(await main(['replay', 'no-such-run'], place)).toBe(2);
  expect(place.printed.err).toContain('There is no run "no-such-run" in this folder;');
  mkdirSync(folder.in('reports/planetary-fabric/histories/edge-relief-1'), { recursive: true });
  expect(await main(['replay', '../../etc'], place)).toBe(2);
  expect(place.printed.err).toContain('the newest are edge-relief-1.');
});
