import { expect, test } from 'vitest';
import { nearNames } from '../../scripts/near-names.ts';

const names = ['status', 'submit', 'up', 'run', 'resume', 'owner', 'down'];

test.each([
  ['stauts', ['status']],
  ['statu', ['status']],
  ['statuss', ['status']],
  ['xtatus', ['status']],
  ['staus', ['status']],
  ['dwon', ['down']],
  ['res', ['resume']],
  ['upp', ['up']],
  ['teardown', []],
  ['sutats', []],
  ['x', []],
])('%s may mean %j', (typed, meant) => {
  expect(nearNames(names, typed)).toEqual(meant);
});
