// What is refused before a run with faults starts.
import { expect, test } from 'vitest';
import type { RunFault } from '../../../fabric/mission/run-spec.ts';
import { UsageError } from '../../../scripts/exit-code.ts';
import { refuseForeignServer } from '../../../scripts/faults/carry-out.ts';

const killServer: RunFault = { kind: 'kill-server', atMs: 0, atOutcomes: null };
const external = { kind: 'external', address: 'example.org:7233' } as const;

test('a server that somebody else runs is not killed', () => {
  expect(() => refuseForeignServer({ faults: [killServer] }, external)).toThrow(UsageError);
  expect(() => refuseForeignServer({ faults: [killServer] }, external)).toThrow(
    'found "kill-server" and a Temporal server of yours at example.org:7233',
  );
});

test('the embedded one is, and without such a fault any server will do', () => {
  const embedded = { kind: 'embedded', address: '127.0.0.1:7233' } as const;
  refuseForeignServer({ faults: [killServer] }, embedded);
  refuseForeignServer({}, external);
});
