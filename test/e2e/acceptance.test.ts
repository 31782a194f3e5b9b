/** The two acceptance tests at full size, called as a program that embeds the fabric calls them. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { highLoadShardTest, orchestratorKillAndResume } from '../../index.ts';

const TEST_MS_MAX = 120_000;
let folder: string;

beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'acceptance-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function printed() {
  const lines: string[] = [];
  return { lines, options: { folder, print: (line: string) => void lines.push(line) } };
}

it(
  'highLoadShardTest(10_000) ends every job with under 2% failed',
  async () => {
    const { lines, options } = printed();
    const result = await highLoadShardTest(10_000, options);
    expect(result.failureRate).toBeLessThan(0.02);
    expect(result.completionRatio).toBeGreaterThan(0.98);
    expect(Object.keys(result.queueDepths)).toEqual(['earth', 'luna', 'mars']);
    expect([result.ledger, result.report].map((path) => existsSync(path))).toEqual([true, true]);
    expect(lines.join('\n')).toMatch(/completion ratio[^]*queue depths[^]*checkpoints/);
  },
  TEST_MS_MAX,
);

it(
  'orchestratorKillAndResume(5_000) loses no job to the kill and ends as without it',
  async () => {
    const { lines, options } = printed();
    const result = await orchestratorKillAndResume(5_000, options);
    expect(result.completionRatio).toBeGreaterThan(0.98);
    expect(result.faults).toMatchObject([{ kind: 'kill-orchestrator', target: 'orchestrator' }]);
    console.log(lines.find((line) => line.includes('fault'))!.trim());
  },
  TEST_MS_MAX,
);
