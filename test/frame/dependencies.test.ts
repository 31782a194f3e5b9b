// Every package that an install brings stands in config/dependency-allowlist.json, which is read in
// review: the direct ones with what they are for, the others with their licence. After a change of the
// lockfile, `vitest run test/frame/dependencies.test.ts -u` rewrites the part that can be computed;
// the reasons and the allowed licences are for a person to write.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

interface LockedPackage {
  version: string;
  integrity?: string;
  resolved?: string;
  license?: string;
  link?: boolean;
  hasInstallScript?: boolean;
}

interface Allowlist {
  licences: Record<string, string>;
  direct: Record<string, string>;
  transitive: Record<string, string>;
  statedElsewhere: Record<string, string>;
}

interface Manifest {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  allowScripts: Record<string, boolean>;
}

const ALLOWLIST = new URL('../../config/dependency-allowlist.json', import.meta.url);

function readJson<T>(url: URL): T {
  return JSON.parse(readFileSync(url, 'utf8')) as T;
}

const nameOf = (lockPath: string): string => lockPath.replace(/^.*node_modules\//, '');

const manifest = readJson<Manifest>(new URL('../../package.json', import.meta.url));
const allowlist = readJson<Allowlist>(ALLOWLIST);
const lock = readJson<{ packages: Record<string, LockedPackage> }>(
  new URL('../../package-lock.json', import.meta.url),
);
const locked = Object.entries(lock.packages).filter(([path]) => path !== '');
const direct = { ...manifest.dependencies, ...manifest.devDependencies };

/** The licences a package is locked with, by name; a package locked twice may have two. */
function licencesByName(packages: [string, LockedPackage][]): Map<string, string> {
  const licences = new Map<string, Set<string>>();
  for (const [path, { license }] of packages) {
    const name = nameOf(path);
    const found = license ?? allowlist.statedElsewhere[name]?.split(':')[0] ?? 'not stated';
    licences.set(name, (licences.get(name) ?? new Set()).add(found));
  }
  return new Map([...licences].map(([name, found]) => [name, [...found].sort().join(' or ')]));
}

/** The terms of a licence expression; `A AND B` needs both, and so, to be safe, does `A OR B`. */
function terms(expression: string): string[] {
  return expression.split(/\s+(?:AND|OR|or)\s+|[()]/).filter((term) => term !== '');
}

describe('dependencies', () => {
  const licences = licencesByName(locked);

  test('are on the allow-list, and the list holds nothing else', async () => {
    const transitive = Object.fromEntries(
      [...licences].filter(([name]) => !(name in direct)).sort(([a], [b]) => (a < b ? -1 : 1)),
    );
    const expected = `${JSON.stringify({ ...allowlist, transitive }, null, 2)}\n`;
    await expect(expected).toMatchFileSnapshot(fileURLToPath(ALLOWLIST));
  });

  test('that are direct each say what they are for', () => {
    expect(Object.keys(allowlist.direct).sort()).toEqual(Object.keys(direct).sort());
    for (const [name, why] of Object.entries(allowlist.direct)) {
      expect(why.length, name).toBeGreaterThan(10);
    }
  });

  test('have an allowed licence, all of them', () => {
    const refused = [...licences].filter(
      ([, licence]) => !terms(licence).every((term) => term in allowlist.licences),
    );
    expect(refused).toEqual([]);
  });

  test('that are direct are pinned to one version', () => {
    const ranges = Object.entries(direct).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
    expect(ranges).toEqual([]);
  });

  test('are locked by content and not by address', () => {
    expect(
      locked.filter(([, entry]) => !entry.link && !entry.integrity?.startsWith('sha512-')),
    ).toEqual([]);
    expect(locked.filter(([, entry]) => entry.resolved !== undefined)).toEqual([]);
  });

  test('run a script at install time only with approval', () => {
    const scripted = locked
      .filter(([, entry]) => entry.hasInstallScript)
      .map(([path]) => nameOf(path));
    expect(scripted.length).toBeGreaterThan(0);
    expect(scripted.filter((name) => manifest.allowScripts[name] === undefined)).toEqual([]);
  });

  test('that state a licence elsewhere are still there and still do not state it themselves', () => {
    for (const name of Object.keys(allowlist.statedElsewhere)) {
      const entries = locked.filter(([path]) => nameOf(path) === name);
      expect(entries.length, name).toBeGreaterThan(0);
      expect(
        entries.every(([, entry]) => entry.license === undefined),
        name,
      ).toBe(true);
    }
  });
});

describe('the reading of licence expressions', () => {
  test('asks for every term', () => {
    expect(terms('MIT')).toEqual(['MIT']);
    expect(terms('(MIT OR GPL-3.0) AND Apache-2.0')).toEqual(['MIT', 'GPL-3.0', 'Apache-2.0']);
  });
});
