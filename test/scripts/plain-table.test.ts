import { expect, test } from 'vitest';
import { plainTable } from '../../scripts/plain-table.ts';

test('columns stand two blanks apart, numbers to the right, without borders or trailing blanks', () => {
  const rows = [
    ['edge', '1,200', 'busy'],
    ['helios', '7', ''],
  ];
  expect(plainTable(['shard', 'jobs', 'state'], rows, (column) => column === 1)).toEqual([
    'shard    jobs  state',
    'edge    1,200  busy',
    'helios      7',
  ]);
});

test('a head is not needed', () => {
  expect(
    plainTable(
      [],
      [
        ['a', 'b'],
        ['long', 'c'],
      ],
    ),
  ).toEqual(['a     b', 'long  c']);
});
