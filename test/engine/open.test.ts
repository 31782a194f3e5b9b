/** From a wish to a live engine, and the named errors where there is none. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectEngine, connectWorkers, plainEndpoint } from '../../engine/connect.ts';
import { EngineUnreachableError } from '../../engine/errors.ts';
import type { Engine } from '../../engine/open.ts';
import { existingEngine, openEngine } from '../../engine/open.ts';
import type { TimeSkippingServer } from '../../engine/time-skipping.ts';
import { resolveTimeSkipping } from '../../engine/time-skipping.ts';

const root = mkdtempSync(join(tmpdir(), 'fabric-open-'));
const stateDir = join(root, 'state');
const env = Object.fromEntries([
  ...Object.entries(process.env).filter(
    ([name]) => name === 'TEMPORAL_CLI_PATH' || !name.startsWith('TEMPORAL_'),
  ),
  ['TEMPORAL_CONFIG_FILE', join(root, 'none.toml')],
  ['TEMPORAL_NAMESPACE', 'ops'],
]) as NodeJS.ProcessEnv;
const lines: string[] = [];
let engine: Engine;
let timeSkipping: TimeSkippingServer;

beforeAll(async () => {
  engine = await openEngine({ stateDir, env, progress: (line) => lines.push(line) });
  timeSkipping = await resolveTimeSkipping();
}, 600_000);

afterAll(async () => {
  await engine.stop();
  rmSync(root, { recursive: true, force: true });
});

it('an embedded engine is opened with the namespace asked for, and told in lines', async () => {
  expect(engine).toMatchObject({ kind: 'embedded', namespace: 'ops' });
  expect(lines.at(-1)).toBe(`engine: at ${engine.address}, Web UI ${engine.uiUrl}`);
  await (await connectEngine(engine)).close();
});

it('an engine that runs already is opened again, not started twice', async () => {
  const again = await openEngine({ stateDir, env });
  expect(again).toMatchObject({ kind: 'embedded', address: engine.address, reused: true });
});

it('another namespace than the running one serves is refused with both names', async () => {
  await expect(openEngine({ stateDir, env, namespace: 'other' })).rejects.toThrow(
    /"other".*serves "ops"/,
  );
});

it('a named server is used as an external one, and stop leaves it alone', async () => {
  const named = { ...env, TEMPORAL_ADDRESS: engine.address };
  const external = await openEngine({ stateDir: join(root, 'unused'), env: named });
  expect(external).toMatchObject({ kind: 'external', serverVersion: engine.serverVersion });
  await external.stop();
  await (await connectEngine(engine)).close();
});

it('a look for an engine starts none', async () => {
  expect(await existingEngine({ stateDir: join(root, 'empty'), env })).toBeNull();
});

it('an address where nothing answers, or an unknown namespace, is a named error with exit code 3', async () => {
  const nowhere = plainEndpoint('127.0.0.1:1', 'default');
  await expect(connectEngine(nowhere, 500)).rejects.toMatchObject({ exitCode: 3 });
  await expect(connectWorkers(nowhere)).rejects.toThrow(EngineUnreachableError);
  await expect(connectEngine({ ...engine, namespace: 'none' })).rejects.toThrow(
    /namespace "none".*can't be used/,
  );
});

it('two months pass at once on the time-skipping server, or one line says why there is none', async () => {
  if (timeSkipping.state === 'absent') {
    expect(timeSkipping.why).toMatch(/^no time-skipping test server/);
    console.warn(timeSkipping.why);
    return;
  }
  const testEnv = await TestWorkflowEnvironment.createTimeSkipping(timeSkipping.options);
  const beforeMs = await testEnv.currentTimeMs();
  await testEnv.sleep('60 days');
  expect((await testEnv.currentTimeMs()) - beforeMs).toBeGreaterThanOrEqual(60 * 86_400_000);
  await testEnv.teardown();
});
