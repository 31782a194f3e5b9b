// When work is seen to go on after faults, from entries as they come to the disk.
import { beforeEach, expect, test } from 'vitest';
import type { LedgerEntry } from '../../../fabric/ledger.ts';
import type { InjectedFault } from '../../../reporting/reported-run.ts';
import type { FaultNote } from '../../../scripts/faults/record.ts';
import { WatchedFaults } from '../../../scripts/faults/watched-faults.ts';

let told: string[];
let watched: WatchedFaults;

beforeEach(() => {
  told = [];
  watched = new WatchedFaults((line) => told.push(line));
});

/** Watches a fault; what is noted of it is kept. */
function struck(kind: string, target: string, nodes: string[], atMs: number, backAtMs?: number) {
  const noted: Partial<InjectedFault>[] = [];
  const note = {
    fault: { place: 0, kind, target, nodes, atMs, ...(backAtMs === undefined ? {} : { backAtMs }) },
    add: (known: Partial<InjectedFault>) => {
      noted.push(known);
      return Promise.resolve();
    },
  };
  watched.add(note as unknown as FaultNote);
  return noted;
}

const lease = { lease: 1, fence: '1.1', node: 'a' };
const about = { feed: 'f', origin: 'earth', attempt: 1 };

function requeue(at: number, why: string): LedgerEntry {
  return { ...lease, seq: 0, at, type: 'requeue', why, jobs: [{ ...about, ordinals: [0, 10] }] };
}

function outcome(at: number, completed: number[], more: { back?: number[]; lost?: true } = {}) {
  const { back = [], ...how } = more;
  const items = [{ ...about, completed, failed: [], retried: [], back }];
  const ended = { ...lease, seq: 0, at, type: 'outcome', segment: null, items, cost: 0, ...how };
  return ended as LedgerEntry;
}

test('after a kill of the orchestrator any outcome counts that was decided after it', () => {
  const noted = struck('kill-orchestrator', 'orchestrator', [], 100);
  watched.take([outcome(90, [0, 1]), outcome(110, [])], 500);
  expect(watched.isWatching(500)).toBe(true);
  watched.take([outcome(120, [0, 1])], 700);
  watched.take([outcome(130, [1, 2])], 900);
  expect(watched.isWatching(900)).toBe(false);
  expect(noted).toEqual([{ answeredAtMs: 700 }]);
  expect(told).toEqual(['orchestrator: the next outcome came 600 ms after it']);
});

test('after a kill of a node only that of a job which it held, whole leases and rests alike', () => {
  const noted = struck('kill-node', 'a', ['a'], 100);
  watched.take([outcome(120, [50, 60])], 200);
  watched.take([requeue(300, 'its heartbeat stopped')], 310);
  watched.take([outcome(400, [50, 60])], 410);
  expect(noted).toEqual([]);
  watched.take([outcome(500, [9, 12])], 510);
  expect(noted).toEqual([{ answeredAtMs: 510 }]);

  const rest = struck('kill-node', 'a', ['a'], 600);
  const known = outcome(700, [70, 75], { back: [75, 80], lost: true });
  watched.take([known], 710);
  expect(rest).toEqual([]);
  watched.take([outcome(800, [75, 80])], 810);
  expect(rest).toEqual([{ answeredAtMs: 810 }]);
  expect(told.at(-1)).toBe('a: the next outcome of a job it held came 210 ms after it');
});

test('what a lost node had done before is entered, and is no work that goes on', () => {
  const noted = struck('kill-orchestrator', 'orchestrator', [], 100);
  watched.take([outcome(200, [0, 5], { lost: true })], 210);
  expect(noted).toEqual([]);
  watched.take([outcome(300, [5, 6])], 310);
  expect(noted).toEqual([{ answeredAtMs: 310 }]);
});

test('a fault that cost nothing is let go a minute after it is over, and owes nothing that is lost later', () => {
  const noted = struck('slow-node', 'a', ['a'], 100, 5_000);
  watched.take([], 200);
  expect(watched.isWatching(65_000)).toBe(true);
  expect(watched.isWatching(65_001)).toBe(false);
  watched.take([requeue(70_000, 'the owner removed the node'), outcome(71_000, [0, 10])], 71_000);
  expect(noted).toEqual([]);
});

test('a lease that had not begun was not lost with its node', () => {
  const noted = struck('kill-node', 'a', ['a'], 100);
  watched.take([requeue(200, 'it had not started'), outcome(300, [0, 10])], 310);
  expect(noted).toEqual([]);
  expect(watched.isWatching(310)).toBe(true);
});
