/**
 * The power fails at any instant of a real run: from a trace of its system calls the disk is put together as
 * it would be found, with synced bytes and synced names alone, and everything that anybody had been
 * told is on disk by then is looked for there. SIGKILL could not show this: it leaves the page cache.
 *
 * Where no process may be traced the tests say so and are left out, which `.ci/run` counts as a failure.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readLedgerGroups } from '../../activities/ledger.ts';
import { seededUnit } from '../../fabric/seeded.ts';
import { EXIT } from '../../scripts/exit-code.ts';
import { LiveFabric } from '../e2e/live-fabric.ts';
import { temporaryFolder } from '../activities/temporary-folder.ts';
import type { Acknowledged } from './acknowledged.ts';
import { lay, missingAt, toldEvents } from './missing.ts';
import { eventsByRun } from './server-database.ts';
import { differencesServed } from './served-histories.ts';
import { TracedDisk, type Change } from './synced-image.ts';
import type { Call } from './trace.ts';
import { DATABASE, JOBS, RUN_MS_MAX, SHARDS, traceRun, type Traced } from './traced-run.ts';

/** A long form looks at every instant; the one of every day at so many of them. */
const isLong = process.env['FABRIC_TESTS'] === 'power-loss';
const INSTANTS = isLong ? Infinity : 40;
const SERVED_INSTANTS = isLong ? 60 : 2;
const PLANTED_INSTANTS = 20;
const TEST_MS_MAX = isLong ? 3_600_000 : 120_000;

/** From the sync of what an answer tells to the next event that shows it was heard, tens of ms pass under a trace. */
const EARLY_MS = 200;

const mayTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;
if (!mayTrace) console.warn('Power loss is left out: strace is not there or may not trace.');

const image = temporaryFolder();

/** So many of them, spread evenly, and the last. */
function spread(told: readonly Acknowledged[], count: number): number[] {
  const step = Math.max(1, told.length / count);
  const some = told.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step));
  return [...some, told.at(-1)!].map(({ atMs }) => atMs);
}

describe.runIf(mayTrace)('after a loss of power', () => {
  const fabric = new LiveFabric();
  let traced: Traced;

  const by = (atMs: number) => traced.told.filter((each) => each.atMs <= atMs);
  const missing = (disk: TracedDisk, atMs: number, arrives?: (change: Change) => boolean) =>
    missingAt(traced, disk.at(atMs, arrives), by(atMs), image.in('disk'));

  beforeAll(async () => {
    traced = await traceRun(fabric);
  }, RUN_MS_MAX);
  afterAll(() => fabric.end());

  test.each([
    ['nothing besides', () => false],
    [
      'a drawn half of the sectors that no sync had kept',
      ({ number }: Change) => seededUnit(number) < 0.5,
    ],
  ])(
    'everything that was acknowledged is there, and %s, at every instant that was looked at',
    async (_, arrives) => {
      const disk = new TracedDisk(fabric.folder, traced.calls);
      const found: string[] = [];
      for (const atMs of spread(traced.told, INSTANTS)) {
        found.push(...(await missing(disk, atMs, arrives)));
      }
      expect(found).toEqual([]);
      const kinds = traced.told.map(({ kind }) => kind);
      expect(kinds.filter((kind) => kind === 'segment').length).toBeGreaterThan(JOBS / 20);
      expect(kinds.filter((kind) => kind === 'checkpoint').length).toBeGreaterThan(1);
      expect(kinds.filter((kind) => kind === 'group').length).toBeGreaterThan(3 * SHARDS.length);
      expect(kinds.filter((kind) => kind === 'events').length).toBeGreaterThan(JOBS / 4);
    },
    TEST_MS_MAX,
  );

  test(
    'a real server on the database that is left has every event that anybody was told of',
    async () => {
      const { told, calls, root, runFolder, histories } = traced;
      const disk = new TracedDisk(root, calls);
      for (const atMs of spread(told, SERVED_INSTANTS)) {
        const at = lay(disk.at(atMs), root, image.in('disk'));
        expect(await differencesServed(at(runFolder), histories, toldEvents(by(atMs)))).toEqual([]);
      }
    },
    TEST_MS_MAX,
  );

  test.each([
    ['the ledger holds a group that the server has no answer about', true],
    ['the server has asked for a group that the ledger does not hold', false],
  ])(
    'where %s, resume ends the run with nothing lost or doubled',
    async (_, isOnDisk) => {
      const { told, calls, root, runFolder, runId, outcomeDigest } = traced;
      const groups = told.filter((each) => each.kind === 'group');
      const group = groups[Math.floor(groups.length / 2)]!;
      const ledger = join(root, 'reports', 'planetary-fabric', 'ledger', runId, group.chain);
      const named = calls.filter(
        ({ name, endedMs, paths: [, path] }) =>
          name.startsWith('link') && path?.startsWith(ledger) === true && endedMs < group.atMs,
      );
      const files = new TracedDisk(root, calls).at(isOnDisk ? group.atMs : named.at(-1)!.endedMs);
      const at = lay(files, root, image.in('disk'));
      let entries = 0;
      for await (const each of readLedgerGroups(at(ledger))) entries += each.entries.length;
      expect(entries >= group.entries).toBe(isOnDisk);
      const events = eventsByRun(at(join(runFolder, DATABASE))).get(group.runId)!;
      expect(events).toBeGreaterThanOrEqual(group.askedIn);
      expect(events).toBeLessThan(group.answeredIn);

      // The run's files name each other by absolute paths.
      lay(files, root, root);
      const resumed = fabric.run(['resume', runId], RUN_MS_MAX);
      expect(resumed, resumed.stderr).toMatchObject({ status: EXIT.done });
      expect(resumed.stdout).not.toMatch(/rebuilt from/);
      const report = fabric.report(runId);
      expect(report.problems).toEqual([]);
      expect(report.jobs).toMatchObject({ submitted: JOBS, accepted: JOBS, completed: JOBS });
      expect(report.outcomeDigest).toBe(outcomeDigest);
      const audit = fabric.run(['audit', 'verify', runId]);
      expect(audit, audit.stdout).toMatchObject({ status: EXIT.done });
    },
    TEST_MS_MAX,
  );

  test.each(['ledger', 'results', 'checkpoints', '.planetary-fabric'] as const)(
    'a fabric that forgot a sync of its %s would be found out',
    async (place) => {
      const { told, calls, root } = traced;
      for (const forgets of [
        (path: string) => /\.(nd)?json(\.[0-9a-f-]+)?$/.test(path),
        (path: string) => !/\.(nd)?json|\.db/.test(path),
      ]) {
        const without = calls.filter(
          ({ name, paths: [path = ''] }) =>
            !(name === 'fsync' && path.includes(`/${place}/`) && forgets(path)),
        );
        expect(await missing(new TracedDisk(root, without), told.at(-1)!.atMs)).not.toEqual([]);
      }
    },
  );

  test.each([
    ['answers before its database is synced', answersEarly],
    ['syncs its database at checkpoints alone, as with synchronous=NORMAL', syncsAtCheckpoints],
  ])('a server that %s would be found out', async (_, planted) => {
    const { told, root, runFolder, calls } = traced;
    const disk = new TracedDisk(root, planted(calls, join(runFolder, DATABASE)));
    const found: string[] = [];
    for (const atMs of spread(told, PLANTED_INSTANTS)) found.push(...(await missing(disk, atMs)));
    expect(found).not.toEqual([]);
    // Nothing else is missing; before its first checkpoint the database has not even its tables.
    expect(found.filter((each) => !/^database: | events told of$/.test(each))).toEqual([]);
  });
});

function answersEarly(calls: readonly Call[], database: string): Call[] {
  return calls.map((call) =>
    call.name === 'fsync' && call.paths[0]?.startsWith(database)
      ? { ...call, endedMs: call.endedMs + EARLY_MS }
      : call,
  );
}

function syncsAtCheckpoints(calls: readonly Call[], database: string): Call[] {
  const ofDatabase = calls.filter(({ paths: [path] }) => path?.startsWith(database));
  const forgotten = new Set(
    ofDatabase.filter(
      ({ name, paths: [path] }, i) =>
        name === 'fsync' && path !== database && ofDatabase[i + 1]?.paths[0] !== database,
    ),
  );
  return calls.filter((call) => !forgotten.has(call));
}
