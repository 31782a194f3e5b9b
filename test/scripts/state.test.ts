// Who holds the name of a fabric: one process at a time, told apart from what a crash left behind.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { processIdentity } from '../../engine/process-identity.ts';
import type { RunSpec } from '../../fabric/mission/run-spec.ts';
import type { FabricRecord } from '../../scripts/state.ts';
import {
  claimFabric,
  dropFabric,
  findFabric,
  keepRunSpec,
  readRunSpec,
  updateFabric,
  writeAtomic,
} from '../../scripts/state.ts';

const spec = (runId: string): RunSpec =>
  ({
    schema: 'planetary-fabric/run@1',
    runId,
    fabric: 'planetary-fabric',
    scenario: 'edge-relief',
  }) as RunSpec;

let stateDir: string;

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'state-'));
});

afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

const claim = (runId: string) => claimFabric(stateDir, spec(runId), join(stateDir, 'spec.json'));
const found = () => findFabric(stateDir, 'planetary-fabric');

/** Rewrites the record as though another process had written it. */
async function supervisedBy(pid: number, identity: string): Promise<FabricRecord> {
  const { record } = (await found())!;
  const changed = { ...record, supervisor: { pid, identity } };
  await writeAtomic(join(stateDir, 'fabrics', 'planetary-fabric.json'), JSON.stringify(changed));
  return changed;
}

test('a name that nobody held is taken, and is live while its holder runs', async () => {
  expect(await found()).toBeNull();
  expect(await claim('run-a')).toBeNull();
  expect(await found()).toMatchObject({ live: true, record: { runId: 'run-a', engine: null } });
});

test('a second claim of a live name is refused with three ways on, and changes nothing', async () => {
  await claim('run-a');
  const refused = claim('run-b');
  await expect(refused).rejects.toMatchObject({ exitCode: 2 });
  await expect(refused).rejects.toThrow(
    /is live: edge-relief, run run-a\. Three ways on:\n.* watch\n.* submit FILE\.ndjson\n.*--fabric ANOTHER-NAME$/,
  );
  expect(await found()).toMatchObject({ record: { runId: 'run-a' } });
});

test('of many claims at once one wins', async () => {
  const claims = await Promise.allSettled(
    ['a', 'b', 'c', 'd', 'e'].map((name) => claim(`run-${name}`)),
  );
  expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(readdirSync(join(stateDir, 'fabrics'))).toEqual(['planetary-fabric.json']);
});

test('a name that a crash left is taken over, and what was left is handed back', async () => {
  await claim('run-a');
  const left = await supervisedBy(process.pid, 'another start of that process id');
  expect((await found())?.live).toBe(false);
  expect(await claim('run-b')).toEqual(left);
  expect(await found()).toMatchObject({ live: true, record: { runId: 'run-b' } });
});

test('a name is live for as long as the process of its record, whichever asks', async () => {
  await claim('run-a');
  const other = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = new Promise((resolve) => other.once('exit', resolve));
  await supervisedBy(other.pid!, (await processIdentity(other.pid!))!);
  expect((await found())?.live).toBe(true);
  other.stdin.end();
  await ended;
  expect((await found())?.live).toBe(false);
});

test('`--keep` hands the name of the same run to a process that its holder started', async () => {
  await claim('run-a');
  await supervisedBy(process.ppid, (await processIdentity(process.ppid))!);
  await expect(claim('run-b')).rejects.toThrow(/is live/);
  await claim('run-a');
  expect(await found()).toMatchObject({ record: { supervisor: { pid: process.pid } } });
});

test('giving a name up leaves nothing, or what was there before; only its own run may', async () => {
  await claim('run-a');
  const left = await supervisedBy(process.pid, 'ended');
  await claim('run-b');
  await dropFabric(stateDir, spec('run-a'));
  expect((await found())?.record.runId).toBe('run-b');
  await dropFabric(stateDir, spec('run-b'), left);
  expect((await found())?.record).toEqual(left);
  await dropFabric(stateDir, spec('run-a'));
  expect(await found()).toBeNull();
});

test('engine and processes are recorded by the holder alone', async () => {
  await claim('run-a');
  await updateFabric(stateDir, 'planetary-fabric', { pids: { orchestrator: 7 } });
  expect((await found())?.record.pids).toEqual({ orchestrator: 7 });
  await supervisedBy(process.ppid, 'another');
  await updateFabric(stateDir, 'planetary-fabric', { pids: {} });
  expect((await found())?.record.pids).toEqual({ orchestrator: 7 });
});

test.each(['', 'half a rec', '{"schema":"other"}'])(
  'a broken record %j counts as none',
  async (text) => {
    await writeAtomic(join(stateDir, 'fabrics', 'planetary-fabric.json'), text);
    expect(await found()).toBeNull();
  },
);

test('a file is replaced in one step, without leftovers', async () => {
  const file = join(stateDir, 'a', 'b.json');
  await Promise.all(Array.from({ length: 20 }, (_, i) => writeAtomic(file, `${i}`.repeat(10_000))));
  expect(new Set(readFileSync(file, 'utf8')).size).toBeLessThanOrEqual(2);
  expect(readdirSync(join(stateDir, 'a'))).toEqual(['b.json']);
});

test('the spec of a run is found by its id, and an unknown id is told the known ones', async () => {
  await keepRunSpec(stateDir, spec('run-b'));
  await keepRunSpec(stateDir, spec('run-a'));
  expect(await readRunSpec(stateDir, 'run-a')).toEqual(spec('run-a'));
  await expect(readRunSpec(stateDir, 'run-c')).rejects.toThrow(
    'There is no run "run-c" in this folder; there is run-a, run-b.',
  );
});
