// What the acceptance tests hold a report to, and what they print of it.
import { expect, test } from 'vitest';
import { AcceptanceFailed, acceptanceLines, reportFailures } from '../../scripts/acceptance.ts';
import { exitCodeOf } from '../../scripts/exit-code.ts';
import { built, sampleRun } from '../reporting/sample-run.ts';

test('a gate that failed and jobs that are not there are failures', async () => {
  const { report } = await built(sampleRun());
  expect(reportFailures(report, 9)).toEqual([]);
  const gates = [{ name: 'failureRate' as const, limit: 0.02, value: 0.11, passed: false }];
  expect(reportFailures({ ...report, gates }, 10_000)).toEqual([
    'failureRate is 0.11, the limit 0.02',
    '9 of 10000 jobs were accepted',
  ]);
});

test('a failed test is a failed command, and says where its report is', () => {
  const error = new AcceptanceFailed('highLoadShardTest', ['one', 'two'], 'r.json');
  expect(error.message).toBe('highLoadShardTest failed: one; two. Report: r.json');
  expect(exitCodeOf(error)).toBe(1);
});

test('completion ratio, queue depths, checkpoints and ledger are printed', async () => {
  const { report } = await built(sampleRun());
  const text = acceptanceLines('a test', { report, jsonFile: 'r.json' }).join('\n');
  expect(text).toContain('completion ratio  80.00% (8 of 10)');
  expect(text).toMatch(/queue depths +edge \d+ \(at most \d+\)/);
  expect(text).toContain('checkpoints       none written');
  expect(text).toContain('ledger            /fabric/ledger');
});
