// What the first documents point at is there: in the tree, and in the package that README.md comes with.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string): string => readFileSync(join(root, name), 'utf8');

/** Paths of this repository that a text in Markdown links to. */
const linksOf = (text: string): string[] =>
  [...text.matchAll(/\]\(([^)#\s]+)/g)].map(([, to]) => to!).filter((to) => !to.includes(':'));

test('every link of README.md leads into the package', () => {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const packed = execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' });
  const [{ files }] = JSON.parse(packed) as [{ files: { path: string }[] }];
  const paths = files.map(({ path }) => path);
  const links = linksOf(read('README.md'));
  expect(links.length).toBeGreaterThan(10);
  const lost = links.filter((link) =>
    link.endsWith('/') ? !paths.some((path) => path.startsWith(link)) : !paths.includes(link),
  );
  expect(lost).toEqual([]);
});

test('every folder and document that CONTRIBUTING.md names is there', () => {
  const text = read('CONTRIBUTING.md');
  const named = [...text.matchAll(/`([\w./-]+(?:\/|\.(?:md|ts|json)))`/g)].map(([, path]) => path!);
  expect(named.length).toBeGreaterThan(4);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
