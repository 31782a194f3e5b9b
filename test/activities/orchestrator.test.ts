import { rmSync, writeFileSync } from 'node:fs';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import type { AppendAnswer, AppendInput } from '../../activities/contracts.ts';
import { makeOrchestratorActivities } from '../../activities/orchestrator.ts';
import { unwritableWords } from '../../activities/unwritable.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();
const activities = makeOrchestratorActivities();

const append = (input: AppendInput): Promise<AppendAnswer> =>
  new MockActivityEnvironment().run((given: AppendInput) => activities.appendLedger(given), input);

const order = (chain: string, lease: number): AppendInput => ({
  folder: folder.in(chain),
  head: '',
  entries: [{ seq: 0, at: 1, type: 'late', lease, fence: '1.7' }],
});

test('a ledger that can’t be written is an answer in words, and the same append works once it can', async () => {
  writeFileSync(folder.in('run'), 'in the way');
  const unwritable = 'a file stands where a folder should';
  expect(await append(order('run/earth', 7))).toEqual({ unwritable });
  rmSync(folder.in('run'));
  expect(await append(order('run/earth', 7))).toMatchObject({ throughSeq: 0 });
});

test('a chain that is not the one to be continued is a failure still', async () => {
  await append(order('run/earth', 7));
  await expect(append(order('run/earth', 8))).rejects.toMatchObject({ type: 'IntegrityError' });
});

test('only what the file system said is taken for a disk that can’t be written', () => {
  const said = (code: string) => Object.assign(new Error(code), { code, syscall: 'write' });
  expect(unwritableWords(said('ENOSPC'))).toBe('no space left on the device');
  expect(unwritableWords(said('EDQUOT'))).toBe('the disk quota is used up');
  expect(unwritableWords(said('EIO'))).toBe('the device reports an error');
  expect(unwritableWords(said('EROFS'))).toBe('the file system is read-only');
  expect(unwritableWords(said('ENXIO'))).toBe('ENXIO');
  for (const other of [new Error('ENOSPC'), new TypeError('no'), null, 'ENOSPC', { code: 'X' }]) {
    expect(unwritableWords(other)).toBeNull();
  }
});
