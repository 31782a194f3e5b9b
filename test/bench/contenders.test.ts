// What every contender has to bring, whoever it is.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { DURABILITY_WORDS, PATHS } from '../../bench/compare/contender.ts';
import { CONTENDERS } from '../../bench/compare/contenders.ts';
import manifest from '../../bench/peers/package.json' with { type: 'json' };
import product from '../../package.json' with { type: 'json' };

describe.each(CONTENDERS)('the contender $name', (contender) => {
  test('says what it is, in one line each', () => {
    const { name, title, lacks, keeps, paths } = contender;
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
    for (const line of [title, lacks, keeps, ...PATHS.map((path) => paths[path])]) {
      expect(line).toMatch(/^\S.{3,}$/);
      expect(line).not.toContain('\n');
    }
  });

  test('belongs to one class of durability', () => {
    expect(Object.keys(DURABILITY_WORDS)).toContain(contender.durability);
  });

  test('states its settings, and a module that is there', () => {
    expect(Object.keys(contender.settings).length).toBeGreaterThan(0);
    const module = new URL(`../../bench/peers/${contender.module}`, import.meta.url);
    expect(existsSync(fileURLToPath(module))).toBe(true);
  });

  test('says its version, or why it is not run and what would mend that', async () => {
    const presence = await contender.presence();
    if (presence.state === 'installed') expect(presence.version).toMatch(/\d+\.\d+/);
    else expect(`${presence.why}\n${presence.install}`).toMatch(/^.+\n.+$/);
  });

  test('has a store of its own, or brings it', () => {
    expect(contender.openStore === null).toBe(contender.supervisesItself === true);
  });
});

describe('the contenders', () => {
  test('have names of their own, the fabric first', () => {
    const names = CONTENDERS.map(({ name }) => name);
    expect(names[0]).toBe('fabric');
    expect(new Set(names).size).toBe(names.length);
  });

  test('are pinned, and none is a dependency of the product', () => {
    const own = Object.keys({ ...product.dependencies, ...product.devDependencies });
    for (const [name, version] of Object.entries(manifest.dependencies)) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
      expect(own).not.toContain(name);
    }
  });
});
