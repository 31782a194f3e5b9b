// Jobs handed in one call at a time: what goes together, what does not, and what each caller is told.
import { expect, test, vi } from 'vitest';
import type { CommandOptions, JobToSubmit } from '../../scripts/owner-console.ts';
import { JointSubmissions } from '../../scripts/joint-submissions.ts';
import type { CommandRecord } from '../../workflows/protocol.ts';

interface Sent {
  readonly ids: string[];
  readonly options: CommandOptions;
  readonly answer: (record?: Partial<CommandRecord>) => void;
  readonly fail: (error: Error) => void;
}

/** A fabric that answers when the test says so. */
function fabric() {
  const sent: Sent[] = [];
  const submissions = new JointSubmissions(
    (jobs, options) =>
      new Promise((resolve, reject) => {
        const ids = jobs.map(({ id }) => id);
        const accepted = { shard: 'earth', outcome: 'applied', accepted: ids, refused: [] };
        const answer = (record: Partial<CommandRecord> = {}): void =>
          resolve({ outcome: 'applied', answers: [accepted], ...record } as CommandRecord);
        sent.push({ ids, options, answer, fail: reject });
      }),
  );
  return { sent, submissions };
}

const job = (id: string): JobToSubmit => ({ id, kind: 'k' });
const accepted = ({ answers }: CommandRecord) => answers.flatMap((each) => each.accepted);
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('what comes while one is under way goes together, and each caller hears of its own jobs', async () => {
  const { sent, submissions } = fabric();
  const calls = ['a', 'b', 'c'].map((id) => submissions.submit([job(id)]));
  expect(sent.map(({ ids }) => ids)).toEqual([['a']]);
  sent[0]!.answer();
  await settled();
  expect(sent.map(({ ids }) => ids)).toEqual([['a'], ['b', 'c']]);
  const refused = [{ id: 'c', because: 'full' }];
  sent[1]!.answer({ answers: [{ accepted: ['b'], refused }] as never });
  expect((await Promise.all(calls)).map(accepted)).toEqual([['a'], ['b'], []]);
  expect((await calls[2]!).answers).toEqual([{ accepted: [], refused }]);
});

test('an answer that stays away for a second holds up nobody, and what comes late lets no second one go', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const { sent, submissions } = fabric();
    const calls = ['a', 'b'].map((id) => submissions.submit([job(id)]));
    vi.advanceTimersByTime(999);
    expect(sent.map(({ ids }) => ids)).toEqual([['a']]);
    vi.advanceTimersByTime(1);
    expect(sent.map(({ ids }) => ids)).toEqual([['a'], ['b']]);
    calls.push(submissions.submit([job('c')]));
    sent[0]!.answer();
    await settled();
    expect(sent.map(({ ids }) => ids)).toEqual([['a'], ['b']]);
    sent[1]!.answer();
    await settled();
    sent[2]!.answer();
    expect((await Promise.all(calls)).map(accepted)).toEqual([['a'], ['b'], ['c']]);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test('a call with a command id of its own neither waits nor goes with others', async () => {
  const { sent, submissions } = fabric();
  const calls = [submissions.submit([job('a')]), submissions.submit([job('b')])];
  const own = submissions.submit([job('c')], { commandId: 'x' });
  expect(sent.map(({ ids }) => ids)).toEqual([['a'], ['c']]);
  sent[1]!.answer();
  expect(accepted(await own)).toEqual(['c']);
  sent[0]!.answer();
  await settled();
  sent[2]!.answer();
  await Promise.all(calls);
});

test.each<[string, readonly (readonly [string, CommandOptions?])[], string[][]]>([
  [
    'another sender',
    [
      ['c', { by: 'ada' }],
      ['d', { by: 'bo' }],
    ],
    [['c'], ['d']],
  ],
  ['another reason', [['c', { reason: 'r' }], ['d']], [['c'], ['d']]],
  ['the same job twice', [['c'], ['c']], [['c'], ['c']]],
  [
    'all alike',
    [
      ['c', { by: 'ada' }],
      ['d', { by: 'ada' }],
    ],
    [['c', 'd']],
  ],
])('beside one under way: %s', async (_, late, expected) => {
  const { sent, submissions } = fabric();
  const first = submissions.submit([job('a')]);
  const calls = late.map(([id, options]) => submissions.submit([job(id)], options));
  for (let done = 0; done < sent.length; done++) {
    sent[done]!.answer();
    await settled();
  }
  await Promise.all([first, ...calls]);
  expect(sent.slice(1).map(({ ids }) => ids)).toEqual(expected);
});

test('no command has more than 500 jobs or 256 KiB', async () => {
  const { sent, submissions } = fabric();
  const many = (count: number, from: string): JobToSubmit[] =>
    Array.from({ length: count }, (_, i) => job(`${from}${i}`));
  const large = (id: string) => [{ ...job(id), payload: 'x'.repeat(150 * 1024) }];
  const calls = [
    submissions.submit(many(1, 'a')),
    submissions.submit(many(300, 'c')),
    submissions.submit(many(200, 'd')),
    submissions.submit(many(1, 'e')),
    submissions.submit(large('f')),
    submissions.submit(large('g')),
  ];
  for (let done = 0; done < sent.length; done++) {
    sent[done]!.answer();
    await settled();
  }
  await Promise.all(calls);
  expect(sent.map(({ ids }) => ids.length)).toEqual([1, 500, 2, 1]);
});

test('where a joint command is refused before any job was looked at, each goes by itself', async () => {
  const { sent, submissions } = fabric();
  const calls = ['b', 'c', 'd'].map((id) => submissions.submit([job(id)])).slice(1);
  sent[0]!.answer();
  await settled();
  sent[1]!.answer({ outcome: 'refused', refusedBecause: 'jobs[1].id: too long', answers: [] });
  await settled();
  sent[2]!.answer();
  await settled();
  sent[3]!.answer({ outcome: 'refused', refusedBecause: 'jobs[0].id: too long', answers: [] });
  expect(sent.slice(1).map(({ ids }) => ids)).toEqual([['c', 'd'], ['c'], ['d']]);
  expect(await calls[0]).toMatchObject({ outcome: 'applied' });
  expect(await calls[1]).toMatchObject({
    outcome: 'refused',
    refusedBecause: 'jobs[0].id: too long',
  });
});

test('what can not be sent is told to all of its callers, and the next are sent all the same', async () => {
  const { sent, submissions } = fabric();
  const calls = ['a', 'b', 'c'].map((id) => submissions.submit([job(id)]));
  const told = Promise.allSettled(calls);
  sent[0]!.answer();
  await settled();
  const last = submissions.submit([job('d')]);
  sent[1]!.fail(new Error('gone'));
  await settled();
  sent[2]!.answer();
  expect((await told).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect(accepted(await last)).toEqual(['d']);
});

test('no more than 10,000 calls wait', async () => {
  const { sent, submissions } = fabric();
  const calls = Array.from({ length: 10_001 }, (_, i) => submissions.submit([job(`${i}`)]));
  await expect(submissions.submit([job('more')])).rejects.toThrow(RangeError);
  for (let done = 0; done < sent.length; done++) {
    sent[done]!.answer();
    await settled();
  }
  expect(await Promise.all(calls)).toHaveLength(10_001);
});

test('what is no list of jobs fails for its caller, and nobody waits behind it', async () => {
  const { sent, submissions } = fabric();
  for (const bad of [[null], 'jobs']) {
    await expect(submissions.submit(bad as never)).rejects.toThrow(TypeError);
  }
  const good = submissions.submit([job('a')]);
  sent[0]!.answer();
  expect(accepted(await good)).toEqual(['a']);
});
