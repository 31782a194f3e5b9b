// How long a refused call waits until it is made again: as in the SDK, but for a workflow that is between two runs.
import { expect, test } from 'vitest';
import { defaultGrpcRetryOptions } from '@temporalio/client';
import type { GrpcRetryOptions } from '@temporalio/client';
import { callRetry } from '../../engine/call-retry.ts';

type Status = Parameters<GrpcRetryOptions['retryableDecider']>[1];
const refusal = (code: number, details: string) => ({ code, details }) as Status;
const closing = refusal(8, 'workflow operation can not be applied because workflow is closing');
const { delayFunction, retryableDecider } = callRetry();

test('a workflow that is between two runs is asked again within 100 ms, and ever less often', () => {
  expect(retryableDecider(1, closing)).toBe(true);
  expect(delayFunction(1, closing)).toBeLessThan(100);
  expect(delayFunction(9, closing)).toBeGreaterThan(1_000);
});

test.each([
  ['too many calls', refusal(8, 'namespace rate limit exceeded')],
  ['no server', refusal(14, 'connection refused')],
  ['no such workflow', refusal(5, 'workflow is closing or gone')],
])('%s: as the SDK does', (_, status) => {
  const sdk = defaultGrpcRetryOptions();
  expect(retryableDecider(1, status)).toBe(sdk.retryableDecider(1, status));
  // Each wait is drawn from ±20% around its middle.
  const ratio = delayFunction(2, status) / sdk.delayFunction(2, status);
  expect(ratio).toBeGreaterThan(0.6);
  expect(ratio).toBeLessThan(1.6);
});
