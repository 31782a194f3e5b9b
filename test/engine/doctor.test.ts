/** The diagnosis on a machine whose tools are known. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { diagnose, searchAttributeLines } from '../../engine/doctor.ts';
import type { FakeMachine } from './fake-machine.ts';
import { cliScript, fakeMachine } from './fake-machine.ts';

let machine: FakeMachine;

beforeEach(() => {
  machine = fakeMachine();
});

afterEach(() => machine.remove());

it('lists every link of both chains and the tools, and provides nothing', async () => {
  const { rows } = await diagnose({ env: machine.env });
  expect(rows.map((row) => `${row.group}: ${row.name}`)).toEqual([
    ...['node', 'npm', 'go', 'python', 'pip'].map((name) => `tools: ${name}`),
    'engine: address or profile',
    'engine: executable',
    'engine: PATH',
    'engine: cache',
    'engine: SDK download',
    'engine: Go build',
    'time-skipping: executable',
    'time-skipping: cache',
    'time-skipping: SDK download',
    'time-skipping: Python wheel',
  ]);
  expect(rows.find((row) => row.name === 'go')?.state).toBe('missing');
  expect(existsSync(join(machine.root, 'cache'))).toBe(false);
});

it('names the server that would be used', async () => {
  const path = machine.script('bin/temporal', cliScript('1.29.1'));
  const diagnosis = await diagnose({ env: machine.env });
  expect(diagnosis.engine).toBe(`PATH: ${path} (server 1.29.1)`);
  expect(diagnosis.engineReady).toBe(true);
});

it('says that a named executable which is missing stops a run', async () => {
  const env = { ...machine.env, TEMPORAL_CLI_PATH: join(machine.root, 'none') };
  const diagnosis = await diagnose({ env });
  expect(diagnosis.engineReady).toBe(false);
  expect(diagnosis.engine).toMatch(/^none: TEMPORAL_CLI_PATH/);
});

it('gives one shell line a search attribute', () => {
  expect(searchAttributeLines('far:7233', 'ops')[0]).toBe(
    'temporal operator search-attribute create --name FabricName --type Keyword --address far:7233 --namespace ops',
  );
  expect(searchAttributeLines()).toHaveLength(4);
});
