import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkInFull, checkLine } from '../../../activities/feed/job-line.ts';
import { LEVELS_MAX, plainJob } from '../../../activities/feed/plain-line.ts';
import { readLine } from '../../../activities/feed/read-line.ts';

const orOdd = (usual: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 8, arbitrary: usual }, { weight: 1, arbitrary: fc.jsonValue() });

const word = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9 ._:/@+-]{0,127}$/) },
  { weight: 1, arbitrary: fc.constantFrom('', ' a', 'constructor', 'prototype', 'é', 'a\n', 'a"') },
  { weight: 1, arbitrary: fc.string({ maxLength: 140 }) },
);
const amount = fc.oneof(
  fc.integer({ min: -1, max: 11 }),
  fc.double(),
  fc.constantFrom(-0, 86_400_000, 86_400_001, 604_800_001, 1e9, 253_402_300_800_001),
);
const key = fc.oneof(
  fc.string(),
  fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'a"b', '1', '$comment'),
);
const payload = fc.oneof(
  fc.jsonValue(),
  fc.dictionary(key, fc.oneof(fc.string(), fc.array(fc.string()), fc.dictionary(key, amount))),
);

const fields = fc.record(
  {
    id: orOdd(word),
    kind: orOdd(word),
    skills: orOdd(fc.array(word, { maxLength: 34 })),
    priority: orOdd(amount),
    value: orOdd(amount),
    latencyBudgetMs: orOdd(fc.option(amount)),
    estimateMs: orOdd(fc.option(amount)),
    eventTimeMs: orOdd(amount),
    payload,
    $comment: orOdd(fc.string()),
    toString: fc.jsonValue(),
  },
  { requiredKeys: ['id', 'kind'] },
);
/** Mostly good: the two fields that every line has, and a payload. */
const usual = fc.record({
  id: fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
  kind: fc.constantFrom('quake', 'digest'),
  priority: fc.integer({ min: 0, max: 9 }),
  payload,
});

const edges = [-1, -0, 0, 0.5, 1, 9, 9.5, 10, 5e8, 1e9, 1e9 + 1, 2.6e14, 86_400_001, 604_800_001];
const oddities: [string, unknown][] = [
  ...['priority', 'value', 'latencyBudgetMs', 'estimateMs', 'eventTimeMs', '$comment'].flatMap(
    (field) => [...edges, -2.6e14, null, '1', []].map((odd): [string, unknown] => [field, odd]),
  ),
  ...[1, 32, 33].map((skills): [string, unknown] => ['skills', Array(skills).fill('x')]),
  ...['__proto__', 'constructor', 'prototype', 'toString'].flatMap((odd): [string, unknown][] => [
    ['kind', odd],
    [odd, 1],
    ['payload', [JSON.parse(`{"a":{"${odd}":1}}`)]],
    ['skills', ['a', odd]],
  ]),
  ['id', 'a'.repeat(128)],
  ['id', 'a'.repeat(129)],
  ['$comment', 'a remark'],
];
/** Good but for one thing at most. */
const nearlyUsual = fc
  .tuple(usual, fc.constantFrom(...oddities))
  .map(([line, [field, odd]]) => Object.fromEntries([...Object.entries(line), [field, odd]]));

/** JSON as others write it: with spaces, escapes, equal keys, a mark in front, something behind. */
const written = fc
  .record({
    line: fc.oneof(fields, usual, nearlyUsual, fc.jsonValue()),
    manner: fc.constantFrom(
      'tight',
      'tight',
      'spaced',
      'escaped',
      'marked',
      'doubled',
      'cut',
      'more',
    ),
    at: fc.nat(),
    other: fc.jsonValue(),
  })
  .map(({ line, manner, at, other }) => {
    const text = JSON.stringify(line);
    if (manner === 'spaced') return JSON.stringify(line, null, ' ').replaceAll('\n', '\t');
    if (manner === 'escaped') {
      return text.replaceAll(/[a-z]/g, (char, place: number) =>
        (place + at) % 5 === 0 ? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}` : char,
      );
    }
    if (manner === 'marked') return `\ufeff${text}`;
    if (manner === 'cut') return text.slice(0, at % (text.length + 1));
    if (manner === 'more') return `${text}${JSON.stringify(other)}`;
    if (manner === 'doubled') {
      const braces = [...text.matchAll(/\{"/g)].map(({ index }) => index + 1);
      const brace = braces[at % Math.max(1, braces.length)] ?? 0;
      return `${text.slice(0, brace)}"id":${JSON.stringify(other)},${text.slice(brace)}`;
    }
    return text;
  });

describe('the fast way through lines', () => {
  test('says yes to nothing that the full check refuses, and then says the same', () => {
    fc.assert(
      fc.property(fc.oneof(written, fc.string()), (text) => {
        const job = plainJob(text);
        if (job !== null) expect(checkInFull(text)).toEqual({ job });
        expect(checkLine(text)).toEqual(checkInFull(text));
      }),
      { numRuns: 3_000 },
    );
  });

  test('takes ordinary lines, whatever their payload and their spaces', () => {
    const ordinary = fc.record({ line: usual, space: fc.constantFrom('', ' ') });
    fc.assert(
      fc.property(ordinary, ({ line, space }) => {
        const text = JSON.stringify(line, null, space).replaceAll('\n', ' ');
        expect(plainJob(text) !== null).toBe('job' in checkInFull(text));
      }),
      { numRuns: 1_000 },
    );
  });

  test('agrees on every single thing that may be odd about a line', () => {
    for (const [field, odd] of oddities) {
      const text = JSON.stringify(
        Object.fromEntries([
          ['id', 'a'],
          ['kind', 'k'],
          [field, odd],
        ]),
      );
      expect(checkLine(text), text).toEqual(checkInFull(text));
    }
  });

  test.each([
    '{"id":"a","kind":"k","id":"a"}',
    '{"id":"a","kind":"k","payload":{"x":"1","x":"1"}}',
    '{"id":"a","kind":"k","payload":{"x":"\\"","x":"\\\\"}}',
    '{"id":"a","kind":"k","payload":{"x":{},"\\u0078":{}}}',
  ])('leaves keys that stand twice to the full check: %s', (text) => {
    expect(plainJob(text)).toBeNull();
    expect(checkLine(text)).toMatchObject({ problems: [{ expected: 'every key once' }] });
  });
});

test('a line that was checked is read without a schema as the same job', () => {
  fc.assert(
    fc.property(written, (text) => {
      const checked = checkInFull(text);
      fc.pre('job' in checked);
      expect(readLine(text)).toEqual(checked.job);
    }),
    { numRuns: 1_000 },
  );
});

test('values nested deeper than anything can walk are a problem of their line', () => {
  const nested = (levels: number) =>
    checkLine(`{"id":"a","kind":"k","payload":${'['.repeat(levels)}${']'.repeat(levels)}}`);
  expect(nested(LEVELS_MAX)).toHaveProperty('job');
  const problem = {
    found: 'values nested more than 1,000 levels deep',
    expected: 'at most 1,000 levels',
  };
  expect(nested(LEVELS_MAX + 1)).toEqual({ problems: [problem] });
  expect(nested(400_000)).toEqual({ problems: [problem] });
});

test.each(['__proto__', 'constructor', 'prototype'])(
  'the key %s is refused at any depth',
  (name) => {
    const problem = { found: `the key "${name}"`, expected: 'another name' };
    for (const text of [`"${name}":1`, `"payload":[{"a":{"${name}":1}}]`]) {
      expect(checkLine(`{"id":"a","kind":"k",${text}}`)).toEqual({ problems: [problem] });
    }
  },
);
