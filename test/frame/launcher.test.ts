// The launcher answers before anything is loaded: on a Node that is too old, on native Windows, and
// where nothing is built. A copy of it stands in an empty folder, so that no build is needed or found.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const bin = fileURLToPath(new URL('../../bin', import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'launcher-'));
  cpSync(bin, join(folder, 'bin'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts the copied launcher; `pretend` runs before it and may change what `process` says. */
function launch(pretend = '', args: string[] = []) {
  const preload = join(folder, 'pretend.cjs');
  writeFileSync(preload, pretend);
  const launcher = join(folder, 'bin', 'planetary-fabric');
  return spawnSync(process.execPath, ['--require', preload, launcher, ...args], {
    encoding: 'utf8',
  });
}

function build(main: string): void {
  mkdirSync(join(folder, 'dist', 'scripts'), { recursive: true });
  writeFileSync(join(folder, 'dist', 'scripts', 'cli.js'), main);
}

const nodeVersion = (version: string): string =>
  `Object.defineProperty(process.versions, 'node', { value: '${version}' });`;

describe('the launcher', () => {
  test.each(['18.20.8', '20.18.3', '16.0.0'])('names the Node it needs on Node %s', (version) => {
    const { status, stdout, stderr } = launch(nodeVersion(version));
    expect(stderr).toBe(`planetary-fabric needs Node 20.19 or newer; this is Node ${version}.\n`);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });

  test('points to WSL2 on native Windows', () => {
    const { status, stderr } = launch(
      "Object.defineProperty(process, 'platform', { value: 'win32' });",
    );
    expect(stderr).toMatch(/^planetary-fabric runs on Linux and macOS; on Windows, .*WSL2.*\n$/);
    expect(status).toBe(2);
  });

  test('says how to build when nothing is built', () => {
    rmSync(join(folder, 'dist'), { recursive: true, force: true });
    const { status, stderr } = launch();
    expect(stderr).toMatch(
      /^planetary-fabric is not built yet: run `npm ci` \(or `npm run build`\) in .+\.\n$/,
    );
    expect(status).toBe(2);
  });

  test.each(['20.19.0', '22.0.0', '24.1.0'])(
    'hands over to the command line on Node %s',
    (version) => {
      build('export async function main(argv) { console.log(JSON.stringify(argv)); return 3; }');
      const { status, stdout } = launch(nodeVersion(version), ['owner', '--reason', 'a b']);
      expect(stdout).toBe('["owner","--reason","a b"]\n');
      expect(status).toBe(3);
    },
  );

  test('lets an unexpected error show itself and fail the command', () => {
    build("export async function main() { throw new Error('broken invariant'); }");
    const { status, stderr } = launch();
    expect(stderr).toContain('broken invariant');
    expect(status).toBe(1);
  });
});
