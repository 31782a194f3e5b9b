/**
 * The power fails at any instant of a real run: from a trace of its system calls the disk is put together as
 * it would be found, with synced bytes and synced names alone, and everything that anybody had been
 * told is on disk by then is looked for there. SIGKILL could not show this: it leaves the page cache.
 *
 * The server's own database is not part of this. Where no process may be traced the tests say so and are
 * left out, which `.ci/run` counts as a failure.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCheckpoint } from '../../activities/checkpoint.ts';
import { readLedgerGroups } from '../../activities/ledger.ts';
import { readSegment } from '../../activities/results.ts';
import { LiveFabric } from '../e2e/live-fabric.ts';
import { temporaryFolder } from '../activities/temporary-folder.ts';
import { acknowledgedIn, type Acknowledged } from './acknowledged.ts';
import { parseTrace, TracedDisk, type Call, type Image } from './synced-image.ts';

const JOBS = 300;
const SHARDS = ['earth', 'luna'];
const RUN_MS_MAX = 120_000;
/** A long form looks at every instant; the one of every day at so many of them. */
const INSTANTS = process.env['FABRIC_TESTS'] === 'power-loss' ? Infinity : 60;

const mayTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;
if (!mayTrace) console.warn('Power loss is left out: strace is not there or may not trace.');

const image = temporaryFolder();

/** Puts the image on disk below the test's own folder, in the place of the one before. */
function lay(files: Image, root: string): (path: string) => string {
  const at = (path: string): string => image.in(`disk${path.slice(root.length)}`);
  rmSync(image.in('disk'), { recursive: true, force: true });
  for (const [path, { bytes, from }] of files) {
    // Parts of a checkpoint are gone once it is sealed.
    if (!existsSync(from)) continue;
    mkdirSync(dirname(at(path)), { recursive: true });
    copyFileSync(from, at(path));
    truncateSync(at(path), bytes);
  }
  return at;
}

interface Traced {
  readonly root: string;
  readonly calls: readonly Call[];
  readonly told: readonly Acknowledged[];
  readonly runId: string;
}

/** What is missing in the image of an instant, and what the ledger there points at and is not there. */
async function missingAt(
  { root, runId }: Traced,
  files: Image,
  told: readonly Acknowledged[],
): Promise<string[]> {
  const at = lay(files, root);
  const reports = join(root, 'reports', 'planetary-fabric');
  const missing: string[] = [];
  const look = async (what: string, read: () => Promise<unknown>): Promise<void> => {
    await read().catch((error: unknown) => missing.push(`${what}: ${String(error)}`));
  };
  const results = at(join(reports, 'results', runId));
  const last = new Map<string, Acknowledged & { kind: 'group' }>();
  for (const each of told) {
    if (each.kind === 'group') last.set(each.chain, each);
    else if (each.kind === 'segment') {
      await look(each.segment.name, () => readSegment(results, each.segment));
    } else {
      await look(each.path, async () => {
        const { sha256 } = await readCheckpoint(at(each.path));
        if (sha256 !== each.sha256) throw new Error(`it has digest ${sha256}`);
      });
    }
  }
  for (const chain of [...SHARDS, 'orchestrator']) {
    await look(chain, async () => {
      const known = last.get(chain);
      const groups = readLedgerGroups(at(join(reports, 'ledger', runId, chain)), known);
      for await (const { entries } of groups) {
        for (const entry of entries) {
          if (entry.type !== 'outcome' || entry.segment === null) continue;
          const { segment } = entry;
          await look(`outcome of ${entry.fence}`, () => readSegment(results, segment));
        }
      }
    });
  }
  return missing;
}

describe.runIf(mayTrace)('after a loss of power', () => {
  const fabric = new LiveFabric();
  let traced: Traced;

  beforeAll(async () => {
    const mission = fabric.mission({
      scenario: 'power-loss',
      seed: 3,
      timeScale: 1_000_000,
      policy: { tickMs: 200, leaseTargetMs: 100, leaseJobsMax: 20, checkpointEveryMs: 500 },
      shards: { earth: { spilloverLimit: 50, spillTargets: ['luna'] }, luna: {} },
      nodes: SHARDS.map((shard) => ({ id: `${shard}-node`, shard, slots: 2 })),
      blueprints: [{ shard: 'earth', kind: 'survey', count: JOBS, durationMs: 10 }],
    });
    const trace = join(fabric.folder, 'trace');
    const calls = 'openat,open,creat,write,pwrite64,writev,pwritev,fsync,fdatasync';
    const names = 'rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat';
    const before = ['strace', '-f', '-q', '-y', '-ttt', '-T', '-s', '0'];
    const run = fabric.run(['run', mission], RUN_MS_MAX, [
      ...before,
      '-e',
      `trace=?${[...calls.split(','), ...names.split(',')].join(',?')}`,
      '-o',
      trace,
    ]);
    expect(run, run.stderr).toMatchObject({ status: 0 });
    const runId = fabric.runId();
    traced = {
      root: fabric.folder,
      calls: [...parseTrace(readFileSync(trace, 'utf8'))],
      told: await acknowledgedIn(fabric.histories(runId)),
      runId,
    };
  }, RUN_MS_MAX);
  afterAll(() => fabric.end());

  test('everything that was acknowledged is there, at every instant that was looked at', async () => {
    const { told, calls } = traced;
    const disk = new TracedDisk(fabric.folder, calls);
    const step = Math.max(1, told.length / INSTANTS);
    const instants = told.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step));
    const missing: string[] = [];
    for (const { atMs } of [...instants, told.at(-1)!]) {
      const by = told.filter((each) => each.atMs <= atMs);
      missing.push(...(await missingAt(traced, disk.at(atMs), by)));
    }
    expect(missing).toEqual([]);
    const kinds = told.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'segment').length).toBeGreaterThan(JOBS / 20);
    expect(kinds.filter((kind) => kind === 'checkpoint').length).toBeGreaterThan(1);
    expect(kinds.filter((kind) => kind === 'group').length).toBeGreaterThan(3 * SHARDS.length);
  });

  test.each(['ledger', 'results', 'checkpoints'] as const)(
    'a fabric that forgot a sync of its %s would be found out',
    async (place) => {
      const { told, calls } = traced;
      const { atMs } = told.at(-1)!;
      for (const forgets of [
        (path: string) => /\.(nd)?json(\.[0-9a-f-]+)?$/.test(path),
        (path: string) => !/\.(nd)?json/.test(path),
      ]) {
        const without = calls.filter(
          ({ name, paths: [path = ''] }) =>
            !(name === 'fsync' && path.includes(`/${place}/`) && forgets(path)),
        );
        const disk = new TracedDisk(fabric.folder, without);
        expect(await missingAt(traced, disk.at(atMs), told)).not.toEqual([]);
      }
    },
  );
});
