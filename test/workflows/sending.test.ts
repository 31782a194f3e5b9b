// What one decision has to say to another workflow goes as few signals as one payload allows.
import { expect, test } from 'vitest';
import { LIMITS } from '../../fabric/limits.ts';
import type { Message } from '../../fabric/messages.ts';
import { mailsOf } from '../../workflows/sending.ts';

const ofBytes = (bytes: number): Message => 'x'.repeat(bytes - 2) as unknown as Message;
const max = LIMITS.payloadBytesMax;

test.each<[string, number[], number[][]]>([
  ['one goes alone', [10], [[10]]],
  ['several go together, in their order', [10, 20, 30], [[10, 20, 30]]],
  ['together they fill one payload and no more', [max - 20, 20, 30], [[max - 20, 20], [30]]],
  ['one that is larger goes alone', [10, max + 10, 20], [[10], [max + 10], [20]]],
])('%s', (_, sizes, expected) => {
  const mails = mailsOf(sizes.map(ofBytes));
  expect(mails.map((mail) => mail.map((each) => JSON.stringify(each).length))).toEqual(expected);
});
