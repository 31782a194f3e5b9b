import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readJsonText } from '../../fabric/mission/json-text.ts';
import { problemLine } from '../../fabric/mission/problems.ts';

const lines = (text: string): string[] => {
  const read = readJsonText(text);
  return read.ok ? [] : read.problems.map(problemLine);
};

test.each([
  ['', 'line 1, column 1: found the end of the file; expected a value'],
  ['{\n  "a": 1,\n}', 'line 3, column 1: found "}"; expected a key in quotes'],
  ['{"a": 1 "b": 2}', 'line 1, column 9: found "\\""; expected "," or "}"'],
  ['{"a": [1, 2}', 'line 1, column 12: found "}"; expected "," or "]"'],
  ['{"a": nope}', 'line 1, column 7: found "nope"; expected a value'],
  ['{\r\n  "a": \'x\'}', 'line 2, column 8: found "\'"; expected a value'],
  ['{a: 1}', 'line 1, column 2: found "a"; expected a key in quotes or "}"'],
  ['{"a": 1', 'line 1, column 8: found the end of the file; expected "," or "}"'],
  ['{} x', 'line 1, column 4: found "x"; expected the end of the file'],
  ['{"a": 01}', 'line 1, column 8: found "1"; expected "," or "}"'],
  [
    '{"a": "x\ny"}',
    'line 1, column 7: found text with a bad escape, a line break or no closing quote; expected a value',
  ],
  [
    '// mine\n{}',
    'line 1, column 1: found a comment; expected a value; remarks go into a "$comment" key',
  ],
  [
    '{"luna": {},\n "luna": {}}',
    'line 2, column 2: found the key "luna" a second time; expected every key once',
  ],
])('%j is told where it stops being JSON', (text, line) => {
  expect(lines(text)).toEqual([line]);
});

test('a byte order mark is passed over', () => {
  expect(readJsonText('\ufeff{"a":1}')).toEqual({ ok: true, value: { a: 1 } });
});

test('it refuses exactly what JSON.parse refuses', () => {
  const broken = fc
    .tuple(
      fc.json(),
      fc.nat(),
      fc.constantFrom('', ',', '}', ']', '"', '1', '-', 'e', '{', ':', ' '),
    )
    .map(([text, at, char]) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + char + text.slice(place + (at % 2));
    });
  fc.assert(
    fc.property(fc.oneof(broken, fc.json(), fc.string()), (text) => {
      const [line] = lines(text);
      if (line?.includes('a second time')) return;
      expect(line === undefined).toBe(isJson(text));
    }),
    { numRuns: 5000 },
  );
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text.replace(/^\ufeff/, ''));
    return true;
  } catch {
    return false;
  }
}
