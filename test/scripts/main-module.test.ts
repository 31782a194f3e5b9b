import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isMainModule } from '../../scripts/main-module.ts';

test('a program is known by its file, through a link in its path as well', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'main-')));
  mkdirSync(join(folder, 'real'));
  symlinkSync(join(folder, 'real'), join(folder, 'link'));
  const file = join(folder, 'real', 'a.js');
  writeFileSync(file, '');
  expect(isMainModule(file, file)).toBe(true);
  expect(isMainModule(file, join(folder, 'link', 'a.js'))).toBe(true);
  expect(isMainModule(file, join(folder, 'real'))).toBe(false);
  expect(isMainModule(file, undefined)).toBe(false);
  rmSync(folder, { recursive: true });
});
