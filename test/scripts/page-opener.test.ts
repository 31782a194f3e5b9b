// A program that shows pages is named only where it is there and can show them.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pageOpener } from '../../scripts/page-opener.ts';

let folder: string;
let empty: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'opener-'));
  empty = mkdtempSync(join(tmpdir(), 'opener-'));
  for (const program of ['open', 'xdg-open', 'wslview']) {
    writeFileSync(join(folder, program), '#!/bin/sh\n');
    chmodSync(join(folder, program), 0o755);
  }
  writeFileSync(join(empty, 'xdg-open'), 'not a program\n');
});

afterAll(() => {
  for (const each of [folder, empty]) rmSync(each, { recursive: true, force: true });
});

test.each<[string, NodeJS.Platform, NodeJS.ProcessEnv, string | null]>([
  ['macOS', 'darwin', {}, 'open'],
  ['a Linux desktop with X', 'linux', { DISPLAY: ':0' }, 'xdg-open'],
  ['a Linux desktop with Wayland', 'linux', { WAYLAND_DISPLAY: 'wayland-0' }, 'xdg-open'],
  ['a Linux server without a screen', 'linux', {}, null],
  ['WSL2', 'linux', { WSL_DISTRO_NAME: 'Ubuntu', DISPLAY: ':0' }, 'wslview'],
])('on %s the program is found', async (_, platform, env, program) => {
  const path = [empty, folder].join(delimiter);
  expect(await pageOpener({ ...env, PATH: path }, platform)).toBe(program);
});

test('a program that is not there, or that is none, is not named', async () => {
  expect(await pageOpener({ PATH: empty, DISPLAY: ':0' }, 'linux')).toBeNull();
  expect(await pageOpener({ PATH: empty }, 'darwin')).toBeNull();
  expect(await pageOpener({ DISPLAY: ':0' }, 'linux')).toBeNull();
});
