// When faults are done, to what, and what is refused before a run with faults starts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { appendLedger } from '../../../activities/ledger.ts';
import type { LedgerEntry } from '../../../fabric/ledger.ts';
import type { RunFault, RunSpec } from '../../../fabric/mission/run-spec.ts';
import { UsageError } from '../../../scripts/exit-code.ts';
import type { FaultsOrder } from '../../../scripts/faults/carry-out.ts';
import { carryOutFaults, refuseForeignServer } from '../../../scripts/faults/carry-out.ts';
import { faultsNotDone, recordedFaults } from '../../../scripts/faults/record.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'carry-out-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const killServer: RunFault = { kind: 'kill-server', atMs: 0, atOutcomes: null };
const address = 'example.org:7233';
const external = { kind: 'external', address, connectionOptions: { address } } as const;

test('a server that somebody else runs is not killed', () => {
  expect(() => refuseForeignServer({ faults: [killServer] }, external)).toThrow(UsageError);
  expect(() => refuseForeignServer({ faults: [killServer] }, external)).toThrow(
    'found "kill-server" and a Temporal server of yours at example.org:7233',
  );
});

test('the embedded one is, and without such a fault any server will do', () => {
  const embedded = { ...external, kind: 'embedded' } as const;
  refuseForeignServer({ faults: [killServer] }, embedded);
  refuseForeignServer({}, external);
});

test('a connection over TLS is not cut, since no proxy has its certificate', () => {
  const due = { atMs: 0, atOutcomes: null };
  const cut: RunFault = { ...due, kind: 'cut-network', node: null, how: 'closed', forMs: 1 };
  const overTls = { ...external, connectionOptions: { address, tls: {} } };
  expect(() => refuseForeignServer({ faults: [cut] }, overTls)).toThrow(UsageError);
  refuseForeignServer({ faults: [cut] }, external);
  refuseForeignServer({ faults: [killServer] }, { ...overTls, kind: 'embedded' });
});

type Due = Pick<RunFault, 'atMs' | 'atOutcomes'>;

/** One of each kind, and before it what it does to the processes. */
const KINDS: [string, (due: Due) => RunFault][] = [
  ['orchestrator: kill', (due) => ({ ...due, kind: 'kill-orchestrator' })],
  ['server: kill', (due) => ({ ...due, kind: 'kill-server' })],
  ['a: kill', (due) => ({ ...due, kind: 'kill-node', node: 'a' })],
  ['a: halt, go on', (due) => ({ ...due, kind: 'stop-node', node: 'a', forMs: 1 })],
  ['a: halt, go on', (due) => ({ ...due, kind: 'slow-node', node: 'a', times: 2, forMs: 1 })],
  [
    'a: stalled, healed',
    (due) => ({ ...due, kind: 'cut-network', node: 'a', how: 'stalled', forMs: 1 }),
  ],
  [
    'orchestrator: closed, healed',
    (due) => ({ ...due, kind: 'cut-network', node: null, how: 'closed', forMs: 1 }),
  ],
];

/** Processes that only note what is done to them, and the run's folders. */
function watched(faults: readonly RunFault[]) {
  const done: string[] = [];
  const processOf = (name: string) => ({
    kill: (_again: boolean, struck: () => void) => {
      struck();
      done.push(`${name}: kill`);
      return Promise.resolve();
    },
    whenReady: () => Promise.resolve(),
    halt: () => {
      done.push(`${name}: halt`);
      return () => done.push('go on');
    },
  });
  const proxyOf = (node: string | null) => ({
    cut: (how: string) => {
      done.push(`${node ?? 'orchestrator'}: ${how}`);
      return () => done.push('healed');
    },
  });
  const orchestrator = processOf('orchestrator');
  const hostOf = (node: string) => ({ process: processOf(node), nodes: [node] });
  const folders = { ledger: join(folder, 'ledger'), results: '', reports: folder };
  const spec = { runId: 'r', folders, faults } as unknown as RunSpec;
  const order = {
    spec,
    isBroughtBack: true,
    tell: () => undefined,
    processes: { orchestrator, hostOf, proxyOf },
    engine: {
      kill: (struck: () => void) => {
        struck();
        done.push('server: kill');
        return Promise.resolve();
      },
    },
  };
  return { spec, order: order as unknown as FaultsOrder, done: () => done.join(', ') };
}

/** A ledger in which so many jobs have ended. */
async function ended({ folders }: RunSpec, jobs: number): Promise<void> {
  const items = [
    { feed: 'f', origin: 'a', attempt: 1, completed: [0, jobs], failed: [], retried: [], back: [] },
  ];
  const lease = { lease: 1, fence: '1.1', node: 'b' };
  const entries: LedgerEntry[] = [
    { seq: 0, at: Date.now(), type: 'open', shard: 'earth', policy: {} } as unknown as LedgerEntry,
    { ...lease, seq: 1, at: Date.now(), type: 'outcome', segment: null, items, cost: 0 },
  ];
  await appendLedger({ folder: join(folders.ledger, 'earth'), head: '', entries });
}

test.each(KINDS)('it is done at its time and after its count: %s', async (doing, fault) => {
  for (const due of [
    { atMs: 1, atOutcomes: null },
    { atMs: null, atOutcomes: 7 },
  ]) {
    const made = fault(due);
    const { spec, order, done } = watched([made]);
    const faults = carryOutFaults(order);
    await ended(spec, 7);
    await vi.waitUntil(() => recordedFaults(spec)[0]?.backAtMs !== undefined);
    await faults.end();
    expect(done()).toBe(doing);
    expect(recordedFaults(spec)).toMatchObject([{ place: 0, kind: made.kind }]);
    expect(faultsNotDone(spec)).toEqual([]);
    rmSync(folder, { recursive: true });
  }
});

test('what is not due by the end of the run is not done, and is known', async () => {
  const late: RunFault[] = [
    { kind: 'kill-node', node: 'a', atMs: 60_000, atOutcomes: null },
    { kind: 'kill-server', atMs: null, atOutcomes: 8 },
  ];
  const early: RunFault = { kind: 'kill-orchestrator', atMs: null, atOutcomes: 7 };
  const { spec, order, done } = watched([late[0]!, early, late[1]!]);
  const faults = carryOutFaults(order);
  await ended(spec, 7);
  await vi.waitUntil(() => done() !== '');
  await faults.end();
  expect(done()).toBe('orchestrator: kill');
  expect(faultsNotDone(spec)).toEqual(late);
});
