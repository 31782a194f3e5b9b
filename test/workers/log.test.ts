import { expect, test } from 'vitest';
import { logLine } from '../../workers/log.ts';

test('a line of the log is one line, with what it is about and nothing that all lines repeat', () => {
  const line = logLine({
    level: 'WARN',
    timestampNanos: 1_900_000_000_123_456_789n,
    message: 'Activity failed\n  twice',
    meta: {
      namespace: 'default',
      taskQueue: 'f.node.n1',
      error: new Error('no\nspace'),
      list: [1, 2],
    },
  });
  const about = 'taskQueue=f.node.n1 error=no | space list=[1,2]';
  expect(line).toBe(`2030-03-17T17:46:40.123Z WARN Activity failed | twice ${about}`);
});
