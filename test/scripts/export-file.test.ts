// A bad `--export` must be found before the run, and a good one must leave no trace before it.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkExportable, exportTo } from '../../scripts/export-file.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'export-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('parent folders are made, and nothing else', async () => {
  await checkExportable(folder, 'a/b/report.json');
  expect(readdirSync(join(folder, 'a', 'b'))).toEqual([]);
});

test('a file that is there keeps its text until the report is copied over it', async () => {
  writeFileSync(join(folder, 'old.json'), 'old');
  writeFileSync(join(folder, 'new.json'), 'new');
  await checkExportable(folder, 'old.json');
  expect(readFileSync(join(folder, 'old.json'), 'utf8')).toBe('old');
  expect(await exportTo(folder, 'old.json', join(folder, 'new.json'))).toBe(
    join(folder, 'old.json'),
  );
  expect(readFileSync(join(folder, 'old.json'), 'utf8')).toBe('new');
});

test('where nothing can be written, the parent folders that were made are removed again', async () => {
  const name = 'n'.repeat(300);
  await expect(checkExportable(folder, `a/b/${name}/report.json`)).rejects.toThrow(/ENAMETOOLONG/);
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ['a folder', 'there', 'it is a folder'],
  ['below a file', 'file/report.json', ''],
  ['an empty name', '', 'it is a folder'],
  ['a place where nobody may write', '/proc/report.json', ''],
  ['a folder where nobody may make one', '/proc/none/report.json', ''],
])('%s is refused with its path and the reason', async (_, file, why) => {
  mkdirSync(join(folder, 'there'));
  writeFileSync(join(folder, 'file'), '');
  const refused = checkExportable(folder, file);
  await expect(refused).rejects.toMatchObject({ exitCode: 2 });
  await expect(refused).rejects.toThrow(new RegExp(`^--export: /.+ can't be written: .*${why}`));
});
