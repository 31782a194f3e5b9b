// Holds the layout rules of CONTRIBUTING.md over the whole tree, and shows on planted snippets that
// every rule can fail.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import * as tidy from './tidy-rules.ts';

const root = new URL('..', import.meta.url);

// Files that are tracked or about to be; what git ignores is nobody's business. A file that was deleted
// and not yet committed is still listed.
const paths = execFileSync(
  'git',
  ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
  {
    cwd: root,
    encoding: 'utf8',
  },
)
  .split('\0')
  .filter((path) => path !== '');

const files = paths.flatMap((path): tidy.SourceFile[] => {
  const text = read(path);
  return text === undefined || text.includes('\0') ? [] : [{ path, text }];
});
const sources = files.filter((file) => /\.tsx?$/.test(file.path));
const dependencies = Object.keys(manifest.dependencies);

function read(path: string): string | undefined {
  try {
    return readFileSync(new URL(path, root), 'utf8');
  } catch {
    return undefined;
  }
}

function plant(path: string, ...lines: string[]): tidy.SourceFile {
  return { path, text: `${lines.join('\n')}\n` };
}

describe('the tree', () => {
  test('has sources to look at', () => {
    expect(sources.length).toBeGreaterThan(5);
  });
  test('imports in one direction only', () => {
    expect(sources.flatMap(tidy.importDirection)).toEqual([]);
  });
  test('ships only code whose packages are installed with it', () => {
    expect(sources.flatMap((file) => tidy.installedPackages(file, dependencies))).toEqual([]);
  });
  test('has no clock or chance in the core and no ambient state in workflows', () => {
    expect(sources.flatMap(tidy.determinism)).toEqual([]);
  });
  test('has no grab-bags and names its code in kebab-case', () => {
    expect(paths.flatMap(tidy.names)).toEqual([]);
  });
  test('has no product file over the limit', () => {
    expect(sources.flatMap(tidy.length)).toEqual([]);
  });
  test('opens every product file with a header', () => {
    expect(sources.flatMap(tidy.header)).toEqual([]);
  });
  test('leaves nothing for later', () => {
    expect(sources.flatMap(tidy.leftovers)).toEqual([]);
  });
  test('bears no trace of one machine or registry', () => {
    expect(files.flatMap(tidy.machineTraces)).toEqual([]);
  });
});

describe('the rule on import direction', () => {
  const findings = (path: string, line: string): string[] =>
    tidy.importDirection(plant(path, line));

  test.each([
    ['fabric/shard/a.ts', "import { b } from '../../workflows/b.ts';"],
    ['fabric/a.ts', "import type { B } from '../activities/b.ts';"],
    ['fabric/a.ts', "import fs from 'node:fs';"],
    ['fabric/a.ts', "import fs from 'fs';"],
    ['fabric/a.ts', "import { x } from '@temporalio/common';"],
    ['fabric/a.ts', "export * from '../scripts/b.ts';"],
    ['fabric/a.ts', "import manifest from '../package.json' with { type: 'json' };"],
    ['workflows/a.ts', "import { b } from '../activities/b.ts';"],
    ['workflows/a.ts', "import { type B } from '../activities/b.ts';"],
    ['workflows/a.ts', "import { b } from '../scripts/b.ts';"],
    ['workflows/a.ts', "const b = await import('../activities/b.ts');"],
    ['workflows/a.ts', "import os from 'os';"],
    ['workflows/a.ts', "import { Client } from '@temporalio/client';"],
    ['activities/a.ts', "import { b } from '../workflows/b.ts';"],
    ['workers/a.ts', "import { b } from '../scripts/b.ts';"],
    ['agents/a.ts', "import type { B } from '../workflows/b.ts';"],
    ['engine/a.ts', "import { b } from '../scripts/b.ts';"],
    ['reporting/a.ts', "import { b } from '../scripts/b.ts';"],
    ['reporting/a.ts', "import { b } from '../audit/b.ts';"],
    ['audit/a.ts', "import { b } from '../scripts/b.ts';"],
    ['scripts/a.ts', "import { b } from '../test/b.ts';"],
  ])('refuses in %s: %s', (path, line) => {
    expect(findings(path, line)).toHaveLength(1);
  });

  test.each([
    ['fabric/shard/a.ts', "import { z } from 'zod'; import { b } from '../policy.ts';"],
    [
      'workflows/a.ts',
      "import type * as b from '../activities/b.ts'; import { c } from '../fabric/c.ts';",
    ],
    ['workflows/a.ts', "import { proxyActivities } from '@temporalio/workflow';"],
    ['workflows/a.ts', "type B = typeof import('../activities/b.ts');"],
    ['activities/a.ts', "import type { B } from '../workflows/b.ts'; import fs from 'node:fs';"],
    ['scripts/a.ts', "import { b } from '../workflows/b.ts'; import { c } from '../engine/c.ts';"],
    ['scripts/a.ts', "import manifest from '../package.json' with { type: 'json' };"],
  ])('allows in %s: %s', (path, line) => {
    expect(findings(path, line)).toEqual([]);
  });
});

describe('the rule on installed packages', () => {
  const findings = (path: string, line: string): string[] =>
    tidy.installedPackages(plant(path, line), ['zod', '@temporalio/client']);

  test('refuses a development package in what is shipped', () => {
    expect(findings('scripts/a.ts', "import yaml from 'yaml';")).toHaveLength(1);
  });
  test('allows installed packages, their parts, built-ins and anything in tests', () => {
    expect(
      findings('scripts/a.ts', "import { z } from 'zod/v4'; import fs from 'node:fs';"),
    ).toEqual([]);
    expect(findings('scripts/a.ts', "import { x } from '@temporalio/client/lib/x';")).toEqual([]);
    expect(findings('test/a.ts', "import yaml from 'yaml';")).toEqual([]);
  });
});

describe('the rule on determinism', () => {
  const findings = (path: string, line: string): string[] => tidy.determinism(plant(path, line));

  test.each([
    ['fabric/a.ts', 'const now = Date.now();'],
    ['fabric/a.ts', 'const at = new Date(0);'],
    ['fabric/a.ts', 'const now = performance.now();'],
    ['fabric/a.ts', 'const roll = Math.random();'],
    ['fabric/a.ts', "const roll = Math['random']();"],
    ['fabric/a.ts', "const home = process.env['HOME'];"],
    ['fabric/a.ts', 'const id = crypto.randomUUID();'],
    ['fabric/a.ts', 'ids.sort((a, b) => a.localeCompare(b));'],
    ['workflows/a.ts', "const home = process.env['HOME'];"],
    ['workflows/a.ts', 'const text = count.toLocaleString();'],
  ])('refuses in %s: %s', (path, line) => {
    expect(findings(path, line)).toHaveLength(1);
  });

  test.each([
    ['fabric/a.ts', '// The Date of a job is not read from performance or process.'],
    ['fabric/a.ts', 'const most = Math.max(job.process, 1); const x = { process: 1 };'],
    ['workflows/a.ts', 'const now = Date.now(); const roll = Math.random();'],
    ['scripts/a.ts', 'const now = Date.now();'],
  ])('allows in %s: %s', (path, line) => {
    expect(findings(path, line)).toEqual([]);
  });
});

describe('the rules on names', () => {
  test.each([
    'scripts/utils.ts',
    'fabric/job-helpers.ts',
    'engine/common/a.ts',
    'workers/node-manager.ts',
  ])('refuse the grab-bag %s', (path) => {
    expect(tidy.names(path)).toHaveLength(1);
  });
  test.each(['scripts/runMission.ts', 'fabric/Shard.ts', 'fabric/Shard/a.ts', 'engine/a_b.ts'])(
    'refuse %s, which is not in kebab-case',
    (path) => {
      expect(tidy.names(path)).toHaveLength(1);
    },
  );
  test.each([
    'fabric/shard/decide.ts',
    'test/tidy.test.ts',
    'docs/ARCHITECTURE.md',
    '.ci/verdict.mjs',
  ])('allow %s', (path) => {
    expect(tidy.names(path)).toEqual([]);
  });
});

describe('the rules on length, header and leftovers', () => {
  const lines = (count: number): string[] => Array.from({ length: count }, () => '//');

  test('stop one line past the limit, outside the tests', () => {
    expect(tidy.length(plant('fabric/a.ts', ...lines(tidy.FILE_LINES_MAX)))).toEqual([]);
    expect(tidy.length(plant('fabric/a.ts', ...lines(tidy.FILE_LINES_MAX + 1)))).toHaveLength(1);
    expect(tidy.length(plant('test/a.test.ts', ...lines(tidy.FILE_LINES_MAX + 1)))).toEqual([]);
  });

  test('ask for a header comment, after a shebang if there is one', () => {
    expect(tidy.header(plant('fabric/a.ts', 'export const a = 1;'))).toHaveLength(1);
    expect(tidy.header(plant('fabric/a.ts', '/** Why. */', 'export const a = 1;'))).toEqual([]);
    expect(tidy.header(plant('scripts/a.ts', '#!/usr/bin/env node', '// Why.'))).toEqual([]);
  });

  test.each([
    `// ${'TO'}${'DO'}: later`,
    `// ${'FIX'}${'ME'}`,
    `test${'.skip'}('a', () => {});`,
    `describe${'.only'}('a', () => {});`,
    `test.concurrent${'.todo'}('a');`,
    `x${'it'}('a', () => {});`,
    `// @ts-${'ignore'}`,
    `// @ts-${'expect-error'}`,
    'const a = b as any;',
    'function a(b: any[]): void {}',
  ])('refuse: %s', (line) => {
    expect(tidy.leftovers(plant('fabric/a.ts', line))).toHaveLength(1);
  });

  test('allow the same words where they mean something else', () => {
    const text = ['// any job', 'queue.skip(1);', 'const todo = 1;', "const only = 'any';"];
    expect(tidy.leftovers(plant('fabric/a.ts', ...text))).toEqual([]);
    expect(tidy.leftovers(plant('test/a.test.ts', `// @ts-${'expect-error'}`))).toEqual([]);
  });
});

describe('the rule on traces of a machine', () => {
  test.each([
    `const a = '${'/wo'}rk/main';`,
    `see ${'/ro'}ot/x`,
    `file://${'/ho'}me/ada/x`,
    `"${'/t'}mp/run-1"`,
    `https://${['registry', 'npmjs', 'org'].join('.')}/zod`,
    `GOPROXY=${['proxy', 'golang', 'org'].join('.')}`,
  ])('refuses: %s', (line) => {
    expect(tidy.machineTraces(plant('docs/a.md', line))).toHaveLength(1);
  });

  test.each([
    'https://example.org/home/page',
    '/etc/temporal/config',
    'scripts/work/a.ts',
    '$HOME/root/x',
  ])('allows: %s', (line) => {
    expect(tidy.machineTraces(plant('docs/a.md', line))).toEqual([]);
  });
});
