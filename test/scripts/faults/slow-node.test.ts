// A process that gets a part of its time: how much it does, that it is left as it was, and at once.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { FaultPower } from '../../../scripts/faults/power.ts';
import { slowNode } from '../../../scripts/faults/slow-node.ts';
import { pause } from '../../../scripts/interruption.ts';
import type { SupervisedProcess } from '../../../scripts/supervised-process.ts';
import { superviseProcess } from '../../../scripts/supervised-process.ts';

/** Computes without a pause and tells of every 5 ms that it really got. */
const COMPUTES = `
console.log('ready');
for (let gotMs = 0, from = performance.now(), told = 0; ; ) {
  const now = performance.now();
  gotMs += Math.min(now - from, 1);
  from = now;
  if (gotMs - told < 5) continue;
  told = gotMs;
  require('node:fs').writeSync(1, '.');
}`;

let folder: string;
let computing: SupervisedProcess;
const log = (): string => readFileSync(join(folder, 'p.log'), 'utf8');
const steps = (): number => log().split('.').length - 1;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slow-node-'));
  computing = superviseProcess({
    role: 'node host',
    command: process.execPath,
    args: ['-e', COMPUTES],
    env: process.env,
    logFile: join(folder, 'p.log'),
  });
  await computing.ready;
});

afterEach(async () => {
  await computing.stop(0);
  rmSync(folder, { recursive: true, force: true });
});

function power(over: AbortSignal): FaultPower {
  const processes = { hostOf: () => ({ process: computing, nodes: ['a'] }) };
  return { processes, over, pause: (ms: number) => pause(ms, over) } as unknown as FaultPower;
}

/** Steps that the process makes while `work` goes on. */
async function stepsDuring(work: () => Promise<unknown>): Promise<number> {
  const before = steps();
  await work();
  return steps() - before;
}

test('it does less by about so many times, and as much as before when it is over', async () => {
  await vi.waitUntil(() => steps() > 0);
  const forMs = 1_500;
  const { work } = slowNode(power(new AbortController().signal), { node: 'a', times: 5, forMs });
  const usual = await stepsDuring(() => pause(forMs));
  const struck = vi.fn();
  const slowed = await stepsDuring(() => work(struck));
  expect(struck).toHaveBeenCalledOnce();
  expect(slowed).toBeGreaterThan(0);
  expect(usual / slowed).toBeGreaterThan(2);
  const after = steps();
  await vi.waitUntil(() => steps() > after + 5, 10_000);
});

test('the end of the run ends it at once', async () => {
  const over = new AbortController();
  const { work } = slowNode(power(over.signal), { node: 'a', times: 16, forMs: 60_000 });
  const startedMs = performance.now();
  const ended = work(() => over.abort());
  expect(await ended).toBe(true);
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  const after = steps();
  await vi.waitUntil(() => steps() > after + 5, 10_000);
});

test('halted for another reason too, it goes on only when that is over as well', async () => {
  await vi.waitUntil(() => steps() > 0);
  const goOn = computing.halt();
  const { work } = slowNode(power(new AbortController().signal), {
    node: 'a',
    times: 2,
    forMs: 300,
  });
  expect(await stepsDuring(() => work(() => undefined))).toBeLessThanOrEqual(1);
  goOn();
  const after = steps();
  await vi.waitUntil(() => steps() > after + 5, 10_000);
});
