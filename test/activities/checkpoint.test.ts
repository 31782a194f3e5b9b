// A checkpoint file from the snapshots of a real cut, and whatever may have become of it on the way back.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import {
  CheckpointError,
  checkpointFiles,
  readCheckpoint,
  saveCut,
  sealCheckpoint,
  type Checkpoint,
} from '../../activities/checkpoint.ts';
import type { CutPart } from '../../fabric/checkpoint/cut.ts';
import { LIMITS } from '../../fabric/limits.ts';
import { ORCHESTRATOR } from '../../fabric/orchestrator/checkpoints.ts';
import { simulate } from '../../fabric/simulate/simulate.ts';
import type { SimulatedCheckpoint } from '../../fabric/simulate/vault.ts';
import { jobsOf, specOf } from '../fabric/small-world.ts';

const root = mkdtempSync(join(tmpdir(), 'checkpoint-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const spec = specOf({
  shards: [
    { name: 'earth', policy: { spilloverLimit: 5, spillTargets: ['luna'] }, linkMs: 200 },
    { name: 'luna' },
  ],
  feeds: [{ shard: 'earth', count: 60, durationMs: 40 }],
  nodes: [
    { id: 'earth-node', shard: 'earth' },
    { id: 'luna-node', shard: 'luna' },
  ],
  policy: { checkpointEveryMs: 60 },
});
const cuts = simulate({ spec, jobs: jobsOf(spec) }).checkpoints;
/** In the middle of the run: jobs are queued, leased and in transit. */
const busy = cuts.find(({ shards }) => shards.some(({ outbox }) => outbox.length > 0))!;

let folders = 0;
const newFolder = (): string => join(root, String(folders++));

async function save(folder: string, { epoch, orchestrator, shards }: SimulatedCheckpoint) {
  const parts: Record<string, CutPart> = {};
  for (const state of [orchestrator, ...shards]) {
    const chain = 'shard' in state ? state.shard : ORCHESTRATOR;
    const workflow = { workflowId: `fabric.${chain}`, execution: 'e', events: 40, state };
    parts[chain] = await saveCut({ folder, epoch, chain, workflow });
  }
  return { folder, epoch, parts, spec, atMs: 1_000 };
}

async function sealedFile(): Promise<string> {
  return (await sealCheckpoint(await save(newFolder(), busy))).path;
}

const digest = (text: string): string =>
  `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** The file with another body, and a checksum that fits. */
function rewrite(path: string, change: (body: Checkpoint) => unknown): void {
  const file = JSON.parse(readFileSync(path, 'utf8')) as { schema: string; body: Checkpoint };
  const body = change(file.body);
  const sha256 = digest(JSON.stringify(body));
  writeFileSync(path, JSON.stringify({ ...file, sha256, body }));
}

it('holds every workflow of the cut, with its jobs by where they were, and names itself', async () => {
  const sealed = await sealCheckpoint(await save(newFolder(), busy));
  const { checkpoint, sha256 } = await readCheckpoint(sealed.path);
  expect(sha256).toBe(sealed.sha256);
  expect(sha256).toBe(digest(readFileSync(sealed.path, 'utf8')));
  expect(checkpoint.orchestrator.state).toEqual(busy.orchestrator);
  expect(checkpoint.shards.map(({ state }) => state)).toEqual(busy.shards);
  const { accepted, queued, leased, inTransit, completed } = checkpoint.counts;
  expect(inTransit).toBeGreaterThan(0);
  expect(queued + leased + inTransit + completed).toBe(accepted);
  expect(sealed.positions).toEqual({
    'fabric.orchestrator': 40,
    'fabric.earth': 40,
    'fabric.luna': 40,
  });
});

it('leaves nothing but the file, and is the same file when it is sealed again', async () => {
  const order = await save(newFolder(), busy);
  const first = await sealCheckpoint(order);
  expect(await sealCheckpoint(order)).toEqual(first);
  expect(readdirSync(order.folder)).toEqual([`${String(busy.epoch).padStart(9, '0')}.json`]);
});

it('is not made of a snapshot that is missing, or is not the one that was told of', async () => {
  const missing = await save(newFolder(), busy);
  rmSync(join(missing.folder, `.parts-${busy.epoch}`, 'luna.json'));
  await expect(sealCheckpoint(missing)).rejects.toThrow('luna.json');
  const other = await save(newFolder(), busy);
  writeFileSync(join(other.folder, `.parts-${busy.epoch}`, 'luna.json'), '{}');
  await expect(sealCheckpoint(other)).rejects.toThrow('the snapshot of luna is not the one');
});

it('is not made of snapshots of two cuts', async () => {
  const late = cuts.at(-1)!;
  const mixed = { ...busy, shards: [late.shards[0]!, busy.shards[1]!] };
  await expect(sealCheckpoint(await save(newFolder(), mixed))).rejects.toThrow(
    'the counts do not balance',
  );
});

it('is refused when a single character of it was changed, or its end is missing', async () => {
  const path = await sealedFile();
  const text = readFileSync(path, 'utf8');
  const at = text.indexOf('"earth"') + 1;
  writeFileSync(path, `${text.slice(0, at)}E${text.slice(at + 1)}`);
  await expect(readCheckpoint(path)).rejects.toThrow('was changed after it was written');
  writeFileSync(path, text.slice(0, -20));
  await expect(readCheckpoint(path)).rejects.toThrow('only a part of one');
});

it('is refused when it is of another version, with both named', async () => {
  const path = await sealedFile();
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace('checkpoint@1', 'checkpoint@7'));
  await expect(readCheckpoint(path)).rejects.toThrow(
    'found "planetary-fabric/checkpoint@7"; expected "planetary-fabric/checkpoint@1"',
  );
});

it('is refused when its counts do not balance, though its checksum fits', async () => {
  const path = await sealedFile();
  rewrite(path, (body) => {
    const [earth, luna] = body.shards;
    const tally = { ...earth!.state.tally, completed: earth!.state.tally.completed + 1 };
    return { ...body, shards: [{ ...earth!, state: { ...earth!.state, tally } }, luna] };
  });
  const refused = readCheckpoint(path);
  await expect(refused).rejects.toThrow(CheckpointError);
  await expect(refused).rejects.toThrow(/60 jobs were accepted and 61 are accounted for/);
});

it('keeps so many files of a run as the cap says', async () => {
  const folder = newFolder();
  for (let epoch = 1; epoch <= LIMITS.checkpointsKept + 3; epoch++) {
    await sealCheckpoint(await save(folder, { ...busy, epoch }));
  }
  const files = await checkpointFiles(folder);
  expect(files).toHaveLength(LIMITS.checkpointsKept);
  expect(files[0]).toContain('000000004.json');
});
