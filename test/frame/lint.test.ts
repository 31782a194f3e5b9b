// The lint bans on the core and on workflow code bite. Code that breaks them is planted in a folder of
// its own, beside a copy of the real settings, and the real linter is run there.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

const PLANTED: [path: string, line: string, complaint: string][] = [
  ['fabric/clock.ts', 'export const now = Date.now();', "'Date'"],
  ['fabric/date.ts', 'export const at = new Date(0);', "'Date'"],
  ['fabric/stopwatch.ts', 'export const now = performance.now();', "'performance'"],
  ['fabric/chance.ts', 'export const roll = Math.random();', 'Math.random'],
  [
    'fabric/unpacked-chance.ts',
    'const { random } = Math; export const a = random();',
    'Math.random',
  ],
  ['fabric/uuid.ts', 'export const id = crypto.randomUUID();', "'crypto'"],
  ['fabric/environment.ts', "export const home = process.env['HOME'];", "'process'"],
  ['fabric/file.ts', "import { readFileSync } from 'node:fs'; export { readFileSync };", 'node:fs'],
  ['fabric/bare.ts', "import os from 'os'; export { os };", '`os`'],
  ['fabric/temporal.ts', "export type { Client } from '@temporalio/client';", '@temporalio/client'],
  ['fabric/upwards.ts', "export { a } from '../workflows/a.ts';", '../workflows/a.ts'],
  ['fabric/order.ts', "export const a = 'a'.localeCompare('b');", 'localeCompare'],
  ['fabric/deep/er/clock.ts', 'export const now = Date.now();', "'Date'"],
  [
    'workflows/file.ts',
    "import { readFileSync } from 'node:fs'; export { readFileSync };",
    'node:fs',
  ],
  ['workflows/bare.ts', "import os from 'os'; export { os };", '`os`'],
  ['workflows/environment.ts', "export const home = process.env['HOME'];", "'process'"],
  ['workflows/client.ts', "export { Client } from '@temporalio/client';", '@temporalio/client'],
];

const HARMLESS: [path: string, line: string][] = [
  ['fabric/pure.ts', "import { z } from 'zod'; export const a = z.string();"],
  ['fabric/parameter.ts', 'export const later = (now: number): number => Math.max(now, 1);'],
  ['workflows/time.ts', 'export const now = (): number => Date.now();'],
  ['workflows/api.ts', "export { proxyActivities } from '@temporalio/workflow';"],
  [
    'scripts/clock.ts',
    "import os from 'node:os'; export const a = [Date.now(), Math.random(), os];",
  ],
];

interface Diagnostic {
  filename: string;
  message: string;
}

let folder: string;
let diagnostics: Diagnostic[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lint-'));
  cpSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
  for (const [path, line] of [...PLANTED, ...HARMLESS]) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), `${line}\n`);
  }
  const { stdout } = spawnSync(
    join(root, 'node_modules', '.bin', 'oxlint'),
    ['--format', 'json', '.'],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  );
  diagnostics = (JSON.parse(stdout) as { diagnostics: Diagnostic[] }).diagnostics;
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const messagesOn = (path: string): string[] =>
  diagnostics.filter(({ filename }) => filename === path).map(({ message }) => message);

describe('lint', () => {
  test.each(PLANTED)('refuses in %s: %s', (path, _line, complaint) => {
    expect(messagesOn(path).join('\n')).toContain(complaint);
  });
  test.each(HARMLESS)('allows in %s: %s', (path) => {
    expect(messagesOn(path)).toEqual([]);
  });
});
