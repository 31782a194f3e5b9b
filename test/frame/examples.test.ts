// The examples do what they say: they run against the built package, as a reader would run them, on a
// real server.
import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = join(root, 'bin', 'planetary-fabric');
const LINES_MAX = 40;
const RUN_MS_MAX = 60_000;

let folder: string;
let up: ChildProcess | null = null;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'examples-'));
});

afterAll(async () => {
  if (up !== null && up.exitCode === null) {
    up.kill('SIGINT');
    await once(up, 'close');
  }
  rmSync(folder, { recursive: true, force: true });
});

const run = (program: string, ...args: string[]) =>
  spawnSync(process.execPath, [program, ...args], {
    cwd: folder,
    encoding: 'utf8',
    timeout: RUN_MS_MAX,
    killSignal: 'SIGINT',
  });

test('each file is short enough to be read at once', () => {
  const files = readdirSync(join(root, 'examples'), { recursive: true, withFileTypes: true });
  for (const file of files.filter((each) => each.isFile())) {
    const text = readFileSync(join(file.parentPath, file.name), 'utf8');
    expect(text.split('\n').length, file.name).toBeLessThanOrEqual(LINES_MAX);
  }
});

test.each([
  ['own-agent', 'word-count'],
  ['own-command', 'letter-count'],
])(
  '%s: jobs of a file are done by an agent of its own',
  (example, scenario) => {
    const mission = join(root, 'examples', example, 'mission.json');
    const { status, stdout, stderr } = run(bin, 'run', mission, '--json', '--export', 'r.json');
    expect(status, stderr).toBe(0);
    const report = JSON.parse(stdout) as { jobs: { completed: number }; scenario: string };
    expect(report).toMatchObject({ scenario, jobs: { submitted: 3, completed: 3 } });
    expect(JSON.parse(readFileSync(join(folder, 'r.json'), 'utf8'))).toEqual(report);
  },
  2 * RUN_MS_MAX,
);

test(
  'embed: a program pauses a shard of a running fabric, hands it jobs and lets it go on',
  async () => {
    const started = spawn(process.execPath, [bin, 'up'], { cwd: folder });
    up = started;
    const ended = once(started, 'close');
    let said = '';
    started.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    started.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await vi.waitUntil(() => /^fabric: /m.test(said) || started.exitCode !== null, RUN_MS_MAX);
    const isRunning = (): boolean =>
      run(bin, 'status', '--json').stdout.includes('"state": "running"');
    await vi.waitUntil(isRunning, { timeout: RUN_MS_MAX, interval: 200 });

    const startedMs = Date.now();
    const embed = run(join(root, 'examples', 'embed.mjs'));
    expect(embed.stderr).toBe('');
    expect(embed.stdout).toMatch(
      /^applied: .+\nluna accepted embed-a, embed-b, embed-c\napplied: .+\nplanetary-fabric is running, after 3 commands\n$/,
    );
    // A connection that is closed holds the program no longer.
    expect(Date.now() - startedMs).toBeLessThan(5_000);
    expect(run(bin, 'down').status).toBe(0);
    expect((await ended)[0], said).toBe(0);
  },
  2 * RUN_MS_MAX,
);
