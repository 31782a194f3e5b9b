// Both engines are got before the tests, or the reason why one can't be is told and carried in the code.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { provideEngines } from '../../scripts/provide-engine.ts';

let folder: string;
let env: NodeJS.ProcessEnv;
let told: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'provide-'));
  told = [];
  env = {
    PATH: process.env['PATH'],
    XDG_CACHE_HOME: folder,
    TEMPORAL_CONFIG_FILE: join(folder, 'none.toml'),
    TEMPORAL_CLI_PATH: program(
      'temporal',
      'echo "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"',
    ),
    TEMPORAL_TEST_SERVER_PATH: program('test-server', 'true'),
  };
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(name: string, line: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${line}\n`);
  chmodSync(path, 0o755);
  return path;
}

const provide = () => provideEngines(env, (line) => told.push(line));

test('says which of both it took', async () => {
  expect(await provide()).toBe(0);
  expect(told).toEqual([
    expect.stringMatching(/^time-skipping test server from executable: /),
    expect.stringMatching(
      /^engine: embedded Temporal server, executable from executable: .*server 1\.29\.1/,
    ),
  ]);
});

test('ends with 3 and the three ways to mend it where no server can be had', async () => {
  env['TEMPORAL_CLI_PATH'] = join(folder, 'none');
  expect(await provide()).toBe(3);
  expect(told.at(-1)).toMatch(/TEMPORAL_CLI_PATH: .*none is not there[\s\S]*Three ways to mend it/);
});

test('ends with 3 where tests would be left out for want of the time-skipping server', async () => {
  env['TEMPORAL_TEST_SERVER_PATH'] = join(folder, 'none');
  expect(await provide()).toBe(3);
  expect(told[0]).toMatch(/^no time-skipping test server \(executable: .*none can't be run\)$/);
});
