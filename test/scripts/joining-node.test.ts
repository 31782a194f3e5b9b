// What a node says of itself when it is started by hand: its file and its options, checked as a mission's
// nodes are, before it meets any fabric.
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { RunSpec } from '../../fabric/mission/run-spec.ts';
import { isFree, nodeFrom, nodeOf, type NodeWish } from '../../scripts/joining-node.ts';
import { temporaryFolder } from '../activities/temporary-folder.ts';

const folder = temporaryFolder();
const run = { policy: { leaseTimeoutMs: 60_000 } } as RunSpec;
const placed = { id: 'extra', shard: 'luna' };

function write(name: string, content: unknown): string {
  writeFileSync(folder.in(name), typeof content === 'string' ? content : JSON.stringify(content));
  return name;
}

const made = (wish: Partial<NodeWish>) => nodeOf({ ...placed, ...wish }, run, folder.path);

test('without a file it simulates jobs', () => {
  expect(made({ slots: 5, price: 0.5, skills: ['lift', 'dig'] })).toEqual({
    ...placed,
    skills: ['dig', 'lift'],
    slots: 5,
    pricePerJob: 0.5,
    image: 'none',
    runtime: 'node',
    tags: [],
    adapter: { type: 'simulated', speed: 1 },
  });
});

test('a file may name its node and shard, and what is said beside it counts more', () => {
  const adapter = write('placed.json', { id: 'own', shard: 'mars', slots: 3 });
  expect(nodeFrom(adapter, {}, run, folder.path)).toMatchObject({ id: 'own', shard: 'mars' });
  expect(made({ adapter })).toMatchObject({ ...placed, slots: 3 });
  const nameless = write('nameless.json', { shard: 'mars' });
  expect(() => nodeFrom(nameless, {}, run, folder.path)).toThrow(
    /^nameless\.json: id: found nothing; expected a name/,
  );
});

test.each([
  ['nobody has', [null], true],
  ['a living node has', ['ready'], false],
  ['a node has that is lost and stays so', ['ready', 'lost'], true],
  ['a node has that is lost for a moment', ['lost', 'ready'], false],
] as const)('a name that %s', async (_, states, free) => {
  const left: (string | null)[] = [...states];
  const state = () => Promise.resolve((left.length > 1 ? left.shift() : left[0]) ?? null);
  expect(await isFree(state, { takenMs: 300, lostMs: 300 })).toBe(free);
});

test('a file says the rest, with paths from its own folder, and options count more', () => {
  const adapter = write('node.json', {
    skills: ['dig'],
    slots: 3,
    tags: ['eu'],
    adapter: { type: 'command', command: ['node', 'agent.mjs'], memoryMb: 64 },
  });
  expect(made({ adapter, slots: 1 })).toMatchObject({
    skills: ['dig'],
    slots: 1,
    tags: ['eu'],
    adapter: { type: 'command', folder: folder.path, memoryMb: 64, timeoutMs: 10_000 },
  });
});

test.each([
  [{ id: 'Extra' }, '--id: found "Extra"; expected a name of small letters'],
  [{ shard: '../luna' }, '--shard: found "../luna"; expected a name of small letters'],
  [{ slots: 0 }, 'worker node: slots: found 0; expected a whole number from 1 to 64'],
  [{ price: NaN }, 'worker node: pricePerJob: found NaN; expected a number from 0 to 1,000,000'],
  [{ adapter: 'nowhere.json' }, 'nowhere.json: found no such file; expected a file of one node'],
])('%o is refused with what was expected', (wish, message) => {
  expect(() => made(wish)).toThrow(message);
});

test.each([
  ['not JSON', 'expected'],
  [[], 'found an empty list; expected an object'],
  [{ count: 2 }, 'count: found an unknown key; expected one of id, shard, skills, slots'],
  [
    { adapter: { type: 'agent', agent: 'mine', module: 'mine.js' } },
    'adapter.module: found "mine.js", no such file',
  ],
  [
    { adapter: { type: 'command', command: ['node'], timeoutMs: 60_000 } },
    'adapter.timeoutMs: found 60,000; expected at most 24,000',
  ],
])('a file of %j is refused with the place in it', (content, message) => {
  const adapter = write('node.json', content);
  expect(() => made({ adapter })).toThrow(message);
  expect(() => made({ adapter })).toThrow(/^node\.json: /);
});
