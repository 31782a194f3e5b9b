// What a stranger gets: the package is packed, installed in an empty folder as npm would, and used
// there. It packs the dist/ that the last install or build left.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

interface Manifest {
  name: string;
  version: string;
  exports: Record<string, string | { types: string; default: string }>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
const entries = Object.entries(manifest.exports ?? {}).flatMap(([name, target]) =>
  typeof target === 'string' ? [] : [{ specifier: name.replace(/^\./, manifest.name), ...target }],
);
const INSTALL_MS_MAX = 240_000;

let folder: string;
let home: string;
let packed: string[];

const installed = (...parts: string[]): string =>
  join(home, 'node_modules', manifest.name, ...parts);

function npm(cwd: string, ...args: string[]): string {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function run(...args: string[]) {
  const bin = join(home, 'node_modules', '.bin', 'planetary-fabric');
  return spawnSync(bin, args, { cwd: home, encoding: 'utf8' });
}

beforeAll(() => {
  if (!existsSync(join(root, 'dist')))
    throw new Error('dist/ is missing: run `npm run build` first');
  folder = mkdtempSync(join(tmpdir(), 'package-'));
  home = join(folder, 'home');
  mkdirSync(home);
  writeFileSync(join(home, 'package.json'), '{ "private": true, "type": "module" }');

  const [tarball] = JSON.parse(
    npm(root, 'pack', '--json', '--ignore-scripts', '--pack-destination', folder),
  ) as { filename: string; files: { path: string }[] }[];
  if (tarball === undefined) throw new Error('npm packed nothing');
  packed = tarball.files.map(({ path }) => path);
  npm(
    home,
    'install',
    join(folder, tarball.filename),
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
  );
}, INSTALL_MS_MAX);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the package, installed in an empty folder', () => {
  test('carries what it needs to run and to be allowed to', () => {
    expect(packed).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'NOTICE',
        'README.md',
        'CHANGELOG.md',
        'bin/package.json',
        'bin/planetary-fabric',
        'dist/scripts/cli.js',
        'config/scenarios/edge-relief.json',
        'config/todays-earthquakes.example.json',
        'config/feeds/usgs-sample.geojson',
      ]),
    );
  });

  test('carries no tests, no benchmarks and nothing that a run has written', () => {
    const surplus = packed.filter((path) =>
      /^(dist\/)?(test|bench|reports|coverage|\.\w)/.test(path),
    );
    expect(surplus).toEqual([]);
  });

  test('prints its version', () => {
    const { status, stdout } = run('--version');
    expect(stdout.trim()).toBe(manifest.version);
    expect(status).toBe(0);
  });

  test('finds out what is installed and what is missing', () => {
    const { status, stdout, stderr } = run('doctor');
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toMatch(/temporal/i);
    expect(status).toBe(0);
  });

  test('exports something', () => {
    expect(entries.length).toBeGreaterThan(0);
  });

  test.each(entries)('lets $specifier be imported, with types', ({ specifier, types }) => {
    expect(existsSync(installed(types)), types).toBe(true);
    const script = `import * as all from '${specifier}'; console.log(JSON.stringify(Object.keys(all)));`;
    const imported = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: home,
      encoding: 'utf8',
    });
    expect(imported.stderr).toBe('');
    expect((JSON.parse(imported.stdout) as string[]).length).toBeGreaterThan(0);
  });

  test('lets OwnerConsole be imported by its package', () => {
    const script = `import { OwnerConsole } from '${manifest.name}'; console.log(typeof OwnerConsole);`;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', script],
      {
        cwd: home,
        encoding: 'utf8',
      },
    );
    expect(stderr).toBe('');
    expect(stdout.trim()).toBe('function');
  });
});
