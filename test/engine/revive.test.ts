/** An embedded server that was killed, brought back: the same address, the same database, what was in it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectEngine } from '../../engine/connect.ts';
import type { EmbeddedEngine } from '../../engine/embedded.ts';
import { startEmbedded } from '../../engine/embedded.ts';
import { EngineStartError } from '../../engine/errors.ts';
import { resolveEngine } from '../../engine/resolve.ts';
import { reviveEmbedded } from '../../engine/revive.ts';
import { keepEngine } from '../../scripts/engine-life.ts';

const root = mkdtempSync(join(tmpdir(), 'revive-'));
const running: EmbeddedEngine[] = [];
let executable = '';

beforeAll(async () => {
  const ownEnv = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^TEMPORAL_(?!CLI_PATH)/.test(name)),
  );
  const { provision } = await resolveEngine({
    env: { ...ownEnv, TEMPORAL_CONFIG_FILE: join(root, 'none.toml') },
  });
  if (provision.kind !== 'executable') throw new Error('an executable was expected');
  executable = provision.executable;
}, 600_000);

afterAll(async () => {
  await Promise.all(running.map((engine) => engine.stop()));
  rmSync(root, { recursive: true, force: true });
});

/** At ports of its own, so that no server beside these tests takes them between two starts. */
async function server(name: string, portPreferred: number): Promise<EmbeddedEngine> {
  const stateDir = join(root, name);
  const engine = await startEmbedded({ executable, stateDir, portPreferred });
  running.push(engine);
  return engine;
}

it('killed again and again it comes back where it was, with what it held', async () => {
  const engine = await server('kept', 17_233);
  const { client, close } = await connectEngine(engine);
  await client.workflow.start('anything', { workflowId: 'kept', taskQueue: 'none' });
  const backs: EmbeddedEngine[] = [];
  const notes: (string | null)[] = [];
  const life = keepEngine(engine, {
    stateDir: join(root, 'kept'),
    onBack: (back) => backs.push(back),
    onNote: (note) => notes.push(note),
  });
  // Two at once are one after another: the second is for the server that took the first one's place.
  await Promise.all([life.kill(), life.kill()]);
  await life.release();
  running.push(...backs);
  expect(backs.map(({ address }) => address)).toEqual([engine.address, engine.address]);
  expect(new Set([engine, ...backs].map(({ pid }) => pid)).size).toBe(3);
  expect(notes.at(-1)).toBeNull();
  // The connection of before finds it again by itself.
  const { status } = await client.workflow.getHandle('kept').describe();
  expect(status.name).toBe('RUNNING');
  await close();
}, 60_000);

it('once released, its end is nobody’s loss', async () => {
  const engine = await server('released', 17_433);
  const backs: EmbeddedEngine[] = [];
  const order = { onBack: (back: EmbeddedEngine) => backs.push(back), onNote: () => undefined };
  const life = keepEngine(engine, { stateDir: join(root, 'released'), ...order });
  await life.release();
  await engine.stop();
  expect(backs).toEqual([]);
}, 60_000);

it('where another program has taken its port it does not come back elsewhere', async () => {
  const engine = await server('gone', 17_633);
  await engine.stop();
  const taker = await server('taker', 17_633);
  expect(taker.address).toBe(engine.address);
  await expect(reviveEmbedded(engine, join(root, 'gone'))).rejects.toThrow(EngineStartError);
}, 60_000);
