// What continuous integration promises: the closing line of .ci/run and when it fails, and the facts
// about the workflow on GitHub that people outside lean on.
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { ownEnv } from '../e2e/live-fabric.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const WORKFLOW = '.github/workflows/demo-planetary-orchestrator-fabric.yml';

interface Step {
  name: string;
  uses?: string;
  run?: string;
  if?: string;
  with?: Record<string, unknown>;
}

interface Job {
  'timeout-minutes'?: number;
  permissions?: unknown;
  strategy: { 'fail-fast': boolean; matrix: { node: number[] } };
  steps: Step[];
}

interface Workflow {
  on: { pull_request: unknown; push: { branches: string[] } };
  permissions: Record<string, string>;
  concurrency: { group: string };
  jobs: Record<string, Job>;
}

describe('the closing line of a CI run', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'verdict-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** The exit code and the printed lines for vitest results with one file of these test states. */
  function verdict(states: string[], over: { suite?: string; success?: boolean } = {}) {
    const failed = states.includes('failed');
    const results = {
      success: over.success ?? !failed,
      testResults: [
        {
          name: 'a.test.ts',
          status: over.suite ?? (failed ? 'failed' : 'passed'),
          assertionResults: states.map((status, index) => ({ status, fullName: `test ${index}` })),
        },
      ],
    };
    const file = join(folder, 'results.json');
    writeFileSync(file, JSON.stringify(results));
    return judge(file);
  }

  function judge(file: string) {
    const script = join(root, '.ci', 'verdict.mjs');
    const { status, stdout } = spawnSync(process.execPath, [script, file], { encoding: 'utf8' });
    return { status, lines: stdout.trimEnd().split('\n') };
  }

  test('stands alone and passes when all tests passed', () => {
    expect(verdict(['passed', 'passed'])).toEqual({ status: 0, lines: ['2 passed, 0 failed'] });
  });

  test('fails on a failed test', () => {
    expect(verdict(['passed', 'failed'])).toEqual({ status: 1, lines: ['1 passed, 1 failed'] });
  });

  test.each(['skipped', 'pending', 'todo'])('fails on a test that is %s, and names it', (state) => {
    expect(verdict(['passed', state])).toEqual({
      status: 1,
      lines: [`ci: ${state}: test 1`, '1 passed, 0 failed'],
    });
  });

  test('fails when no test ran', () => {
    expect(verdict([])).toEqual({ status: 1, lines: ['ci: no test ran', '0 passed, 0 failed'] });
  });

  test('counts a file that fails as a whole', () => {
    expect(verdict([], { suite: 'failed', success: false })).toEqual({
      status: 1,
      lines: ['ci: failed as a whole: a.test.ts', '0 passed, 1 failed'],
    });
  });

  test('fails on an error outside any test', () => {
    expect(verdict(['passed'], { success: false }).status).toBe(1);
  });

  test('fails when there are no results at all', () => {
    const { status, lines } = judge(join(folder, 'none.json'));
    expect(status).toBe(1);
    expect(lines).toEqual([expect.stringContaining('no test ran'), '0 passed, 1 failed']);
  });
});

describe('.ci/run', () => {
  const path = join(root, '.ci', 'run');
  const folders: string[] = [];
  afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

  test('can be executed and is sound shell', () => {
    expect(() => accessSync(path, constants.X_OK)).not.toThrow();
    expect(spawnSync('bash', ['-n', path]).status).toBe(0);
  });

  /** Runs a copy of it where `npm` is a script of these lines, and everything it installs is there. */
  function ciRun(...npm: string[]) {
    const folder = mkdtempSync(join(tmpdir(), 'ci-run-'));
    folders.push(folder);
    cpSync(join(root, '.ci'), join(folder, '.ci'), { recursive: true });
    const stubs = {
      npm,
      chromium: [],
      git: [],
      python3: [],
      strace: [],
      'redis-server': [],
      initdb: [],
    };
    mkdirSync(join(folder, 'stubs'));
    mkdirSync(join(folder, 'reports'));
    for (const [name, lines] of Object.entries(stubs)) {
      const script = ['#!/bin/sh', ...lines, ''].join('\n');
      writeFileSync(join(folder, 'stubs', name), script, { mode: 0o755 });
    }
    writeFileSync(join(folder, 'reports', 'vitest.json'), results('failed'));
    const { CI: _, ...env } = process.env;
    const PATH = `${join(folder, 'stubs')}:${env['PATH']}`;
    const command = join(folder, '.ci', 'run');
    const { status, stdout } = spawnSync(command, { env: { ...env, PATH }, encoding: 'utf8' });
    return { status, lines: stdout.trimEnd().split('\n') };
  }

  const results = (...states: string[]) =>
    JSON.stringify({
      success: !states.includes('failed'),
      testResults: [{ name: 'a', assertionResults: states.map((status) => ({ status })) }],
    });
  const writes = (...states: string[]) => `echo '${results(...states)}' > reports/vitest.json`;

  test('does what `npm cit` does, and nothing else, and closes with its results', () => {
    const { status, lines } = ciRun('echo "npm $* with CI=$CI"', writes('passed', 'passed'));
    expect(lines.slice(-2)).toEqual(['npm cit --no-progress with CI=true', '2 passed, 0 failed']);
    expect(lines.filter((line) => line.startsWith('npm '))).toHaveLength(1);
    expect(status).toBe(0);
  });

  test('fails when `npm cit` does, though every test passed', () => {
    const { status, lines } = ciRun(writes('passed'), 'exit 7');
    expect(lines.at(-1)).toBe('1 passed, 0 failed');
    expect(status).toBe(7);
  });

  test('fails on a skipped test, though `npm cit` does not', () => {
    const { status, lines } = ciRun(writes('passed', 'skipped'));
    expect(lines.at(-1)).toBe('1 passed, 0 failed');
    expect(status).toBe(1);
  });

  test('counts no results of an earlier run', () => {
    const { status, lines } = ciRun('exit 1');
    expect(lines.at(-2)).toContain('no test ran');
    expect(lines.at(-1)).toBe('0 passed, 1 failed');
    expect(status).toBe(1);
  });

  test('finds the results where vitest writes them when CI is set, and only then', async () => {
    const [, file] = /^readonly RESULTS=(.+)$/m.exec(readFileSync(path, 'utf8'))!;
    const configOf = async (CI: string) => {
      vi.stubEnv('CI', CI);
      vi.resetModules();
      return (await import('../../vitest.config.ts')).default.test;
    };
    expect(await configOf('true')).toMatchObject({
      reporters: ['default', 'json'],
      outputFile: { json: file },
    });
    expect(await configOf('')).toMatchObject({ reporters: ['default'] });
    vi.unstubAllEnvs();
  });

  test('stops at the first error and takes no input', () => {
    const text = readFileSync(path, 'utf8');
    expect(text).toContain('set -euo pipefail');
    expect(text).toContain('exec </dev/null');
  });
});

describe('what comes before the tests', () => {
  /** The `pretest` of package.json on a machine where no Temporal server can be had. */
  function pretest(CI: string) {
    const env = {
      ...ownEnv,
      CI,
      TEMPORAL_CLI_PATH: join(root, 'no-such-program'),
      TEMPORAL_TEST_SERVER_PATH: process.execPath,
    };
    const npm = ['run', '--silent', 'pretest'];
    return spawnSync('npm', npm, { cwd: root, env, encoding: 'utf8' });
  }

  test('tells how it gets the engines, and stops CI where one can not be had', () => {
    const { status, stderr } = pretest('true');
    expect(stderr).toMatch(/^time-skipping test server from executable: /m);
    expect(stderr).toContain('Three ways to mend it');
    expect(status).not.toBe(0);
  });

  test('lets a developer go on with the tests that need none', () => {
    const { status, stderr } = pretest('');
    expect(stderr).toContain('Three ways to mend it');
    expect(status).toBe(0);
  });
});

describe('the workflow on GitHub', () => {
  const text = readFileSync(join(root, WORKFLOW), 'utf8');
  const workflow = parse(text) as Workflow;
  const job = workflow.jobs['fabric'];
  const steps = job?.steps ?? [];
  const indexOf = (wanted: (step: Step) => boolean): number => steps.findIndex(wanted);

  test('runs on pull requests and on main', () => {
    expect(Object.keys(workflow.on).sort()).toEqual(['pull_request', 'push']);
    expect(workflow.on.push.branches).toEqual(['main']);
  });

  test('has the one job `fabric`, on every Node line that is supported, with a time limit', () => {
    expect(Object.keys(workflow.jobs)).toEqual(['fabric']);
    expect(job?.strategy.matrix.node).toEqual([20, 22, 24]);
    expect(job?.['timeout-minutes']).toBeLessThanOrEqual(60);
  });

  test('may read the contents of the repository and nothing else', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    expect(job?.permissions).toBeUndefined();
    expect(text).not.toContain('secrets.');
  });

  test('runs one at a time for a branch', () => {
    expect(workflow.concurrency.group).toContain('github.ref');
  });

  test('pins every action to a commit, with the version beside it', () => {
    const uses = text.split('\n').filter((line) => /^\s*(- )?uses:/.test(line));
    expect(uses.length).toBe(steps.filter((step) => step.uses !== undefined).length);
    for (const line of uses) {
      expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
  });

  test('checks the allow-list before any install script of a dependency runs', () => {
    const check = indexOf((step) => step.run?.includes('test/frame/dependencies.test.ts') === true);
    const installs = indexOf((step) => step.run?.includes('.ci/run') === true);
    expect(steps[check]?.run).toContain('npm ci --ignore-scripts');
    expect(check).toBeGreaterThanOrEqual(0);
    expect(check).toBeLessThan(installs);
  });

  test('keeps the reports, of a failed run too, under the promised name and no name twice', () => {
    const upload = steps.find((step) => step.uses?.startsWith('actions/upload-artifact@'));
    expect(upload?.with?.['path']).toBe('reports/');
    expect(upload?.if).toBe('${{ !cancelled() }}');
    expect(upload?.with?.['name']).toBe(
      "${{ matrix.node == 22 && 'planetary-orchestrator-fabric' || format('planetary-orchestrator-fabric-node{0}', matrix.node) }}",
    );
  });
});
