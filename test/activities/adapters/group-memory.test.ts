import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { GroupMemory } from '../../../activities/adapters/group-memory.ts';

const MB = 1_048_576;
const started: ChildProcess[] = [];

afterEach(() => {
  for (const { pid } of started.splice(0)) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
});

/** A group of two processes, each of which holds so much and says so. */
async function holding(megabytes: number): Promise<number> {
  const held = `const held = Buffer.alloc(${megabytes * MB}, 1); console.log('held', held.length); setInterval(() => {}, 1_000);`;
  const both = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(held)}], { stdio: 'inherit' }); ${held}`;
  const child = spawn(process.execPath, ['-e', both], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  while (said.split('held').length < 3) await once(child.stdout, 'data');
  return child.pid!;
}

test.each([process.platform, 'darwin'] as const)(
  'on %s the processes of a group count together, and only the group that holds too much is named',
  async (platform) => {
    const memory = new GroupMemory(platform);
    await memory.open();
    const [small, large] = [await holding(1), await holding(120)];
    const named: string[] = [];
    const forget = memory.watch(small, 300 * MB, () => named.push('small'));
    const bytes = await new Promise<number>((resolve) => {
      memory.watch(large, 240 * MB, resolve);
    });
    expect(bytes).toBeGreaterThan(240 * MB);
    expect(bytes).toBeLessThan(600 * MB);
    expect(named).toEqual([]);
    forget();
  },
);
