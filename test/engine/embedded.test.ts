/** The embedded server for real: side by side, durable settings, reuse, and nothing left behind. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectEngine, connectWorkers } from '../../engine/connect.ts';
import type { EmbeddedEngine } from '../../engine/embedded.ts';
import { findLive, startEmbedded, stopRecorded } from '../../engine/embedded.ts';
import { EngineStartError } from '../../engine/errors.ts';
import { processIdentity } from '../../engine/process-identity.ts';
import { resolveEngine } from '../../engine/resolve.ts';
import { SEARCH_ATTRIBUTES } from '../../engine/server-arguments.ts';

const root = mkdtempSync(join(tmpdir(), 'fabric-engine-'));
let executable = '';
let first: EmbeddedEngine;

/** The resolver without the operator's own connection: these tests start servers of their own. */
const ownEnv = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^TEMPORAL_(?!CLI_PATH)/.test(name)),
);

const commandLineOf = (pid: number): string =>
  execFileSync('ps', ['-o', 'args=', '-ww', '-p', String(pid)], { encoding: 'utf8' });

async function clusterOf(engine: EmbeddedEngine): Promise<string> {
  const { connection, close } = await connectEngine(engine);
  const { clusterId } = await connection.workflowService.getClusterInfo({});
  await close();
  return clusterId!;
}

beforeAll(async () => {
  const { provision } = await resolveEngine({
    env: { ...ownEnv, TEMPORAL_CONFIG_FILE: join(root, 'none.toml') },
  });
  if (provision.kind !== 'executable') throw new Error('an executable was expected');
  executable = provision.executable;
  first = await startEmbedded({ executable, stateDir: join(root, 'first') });
}, 600_000);

afterAll(async () => {
  await first.stop();
  rmSync(root, { recursive: true, force: true });
});

describe('a started server', () => {
  it('answers a client and takes a worker connection', async () => {
    const { client, close } = await connectEngine(first);
    const { count } = await client.workflow.count(`${SEARCH_ATTRIBUTES[0]} = "x"`);
    expect(count).toBe(0);
    await close();
    await (await connectWorkers(first)).close();
    expect(first.serverVersion).toMatch(/^1\.\d+\.\d+/);
  });

  it('registers the four search attributes as keywords', async () => {
    const { connection, close } = await connectEngine(first);
    const { customAttributes } = await connection.operatorService.listSearchAttributes({
      namespace: first.namespace,
    });
    for (const name of SEARCH_ATTRIBUTES) expect(customAttributes?.[name]).toBe(2);
    await close();
  });

  it('serves the Web UI on loopback', async () => {
    expect((await fetch(first.uiUrl)).status).toBe(200);
    expect(first.uiUrl).toMatch(/^http:\/\/127\.0\.0\.1:/);
  });

  it('keeps its database in WAL mode with a sync at every commit', () => {
    // Bytes 18 and 19 of an SQLite file are 2 in WAL mode (sqlite.org/fileformat2.html, 1.3.3).
    const header = readFileSync(first.dbFile).subarray(18, 20);
    expect([...header]).toEqual([2, 2]);
    expect(existsSync(`${first.dbFile}-wal`)).toBe(true);
    expect(commandLineOf(first.pid)).toContain('--sqlite-pragma synchronous=FULL');
  });

  it('is recorded, found again, and reused for the same database', async () => {
    const stateDir = join(root, 'first');
    expect(await findLive(stateDir)).toMatchObject({ pid: first.pid, address: first.address });
    const again = await startEmbedded({ executable, stateDir });
    expect(again).toMatchObject({ pid: first.pid, reused: true });
    await again.stop();
    expect(await processIdentity(first.pid)).not.toBeNull();
  });

  it('refuses another database from the same state folder', async () => {
    const other = startEmbedded({
      executable,
      stateDir: join(root, 'first'),
      dbFile: join(root, 'other.db'),
    });
    await expect(other).rejects.toThrow(EngineStartError);
  });

  it('lives side by side with a second one, and each stop leaves no process', async () => {
    const stateDir = join(root, 'second');
    const second = await startEmbedded({ executable, stateDir });
    expect(second.address).not.toBe(first.address);
    expect(second.uiUrl).not.toBe(first.uiUrl);
    await (await connectEngine(second)).close();
    await second.stop();
    expect(await processIdentity(second.pid)).toBeNull();
    expect(await findLive(stateDir)).toBeNull();
    expect(existsSync(join(stateDir, 'engine.json'))).toBe(false);
    await second.exited;
  });

  it('started at the same moment as others never takes another one for itself', async () => {
    const dirs = ['one', 'two', 'three'].map((name) => join(root, 'at-once', name));
    const all = await Promise.all(dirs.map((stateDir) => startEmbedded({ executable, stateDir })));
    expect(new Set(all.map(({ address }) => address)).size).toBe(all.length);
    const clusters = await Promise.all(all.map(clusterOf));
    expect(new Set(clusters).size).toBe(all.length);
    for (const [i, { pid, address }] of all.entries()) {
      expect(commandLineOf(pid)).toContain(`--port ${address.split(':')[1]}`);
      expect(await findLive(dirs[i]!)).toMatchObject({ pid, address });
    }
    await Promise.all(all.map((each) => each.stop()));
  });
});

describe('a stale record', () => {
  it('whose process id is now another process is replaced', async () => {
    const stateDir = join(root, 'stale');
    const gone = await startEmbedded({ executable, stateDir });
    const record = JSON.parse(readFileSync(join(stateDir, 'engine.json'), 'utf8')) as object;
    await gone.stop();
    const forged = { ...record, pid: process.pid, identity: 'earlier-boot:1' };
    writeFileSync(join(stateDir, 'engine.json'), JSON.stringify(forged));
    expect(await findLive(stateDir)).toBeNull();
    const fresh = await startEmbedded({ executable, stateDir });
    expect(fresh.reused).toBe(false);
    expect(fresh.pid).not.toBe(process.pid);
    await fresh.stop();
  });

  it('whose server was killed leads to a new server on the same database and port', async () => {
    const stateDir = join(root, 'killed');
    const killed = await startEmbedded({ executable, stateDir });
    process.kill(killed.pid, 'SIGKILL');
    await killed.exited;
    const portPreferred = Number(killed.address.split(':')[1]);
    const fresh = await startEmbedded({ executable, stateDir, portPreferred });
    expect(fresh).toMatchObject({
      reused: false,
      dbFile: killed.dbFile,
      address: killed.address,
    });
    await fresh.stop();
  });

  it('whose watchdog was killed is ended and replaced, since nobody would stop it', async () => {
    const stateDir = join(root, 'orphan');
    const orphan = await startEmbedded({ executable, stateDir });
    const { watchdogPid } = JSON.parse(readFileSync(join(stateDir, 'engine.json'), 'utf8')) as {
      watchdogPid: number;
    };
    process.kill(watchdogPid, 'SIGKILL');
    await orphan.exited;
    const fresh = await startEmbedded({ executable, stateDir });
    expect(fresh.pid).not.toBe(orphan.pid);
    expect(await processIdentity(orphan.pid)).toBeNull();
    await fresh.stop();
  });
});

describe('a server that is to outlive its starter', () => {
  it('has no watchdog and ends by its record', async () => {
    const stateDir = join(root, 'kept');
    const kept = await startEmbedded({ executable, stateDir, keepAlive: true });
    expect((await findLive(stateDir))?.keepAlive).toBe(true);
    expect(await stopRecorded(stateDir)).toBe(true);
    expect(await processIdentity(kept.pid)).toBeNull();
    expect(await stopRecorded(stateDir)).toBe(false);
  });
});

describe('the log', () => {
  it('is set aside once it has passed 10 MB', async () => {
    const stateDir = join(root, 'first');
    const logFile = join(stateDir, 'engine.log');
    await first.stop();
    writeFileSync(logFile, Buffer.alloc(10 * 1024 * 1024 + 1, 'x'));
    first = await startEmbedded({ executable, stateDir });
    expect(statSync(`${logFile}.1`).size).toBeGreaterThan(10 * 1024 * 1024);
    expect(statSync(logFile).size).toBeLessThan(1024 * 1024);
  });
});

it('an executable that is no server is a named error with its log', async () => {
  const start = startEmbedded({ executable: '/bin/false', stateDir: join(root, 'false') });
  await expect(start).rejects.toThrow(EngineStartError);
  await expect(
    startEmbedded({ executable: join(root, 'none'), stateDir: join(root, 'none') }),
  ).rejects.toThrow(EngineStartError);
});
