/** One real run under a trace of its system calls: server, orchestrator and nodes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { readHistories, type RecordedHistory } from '../../scripts/histories.ts';
import { runFolder } from '../../scripts/state.ts';
import type { LiveFabric } from '../e2e/live-fabric.ts';
import { acknowledgedIn, type Acknowledged } from './acknowledged.ts';
import { parseTrace, tracing, type Call } from './trace.ts';

export const JOBS = 300;
export const SHARDS = ['earth', 'luna'];
export const RUN_MS_MAX = 120_000;

export interface Traced {
  /** The folder that it ran in; the image of a disk has the same paths below another one. */
  readonly root: string;
  readonly runId: string;
  /** Holds the run's spec and the server's database. */
  readonly runFolder: string;
  readonly calls: readonly Call[];
  readonly histories: readonly RecordedHistory[];
  readonly told: readonly Acknowledged[];
  readonly outcomeDigest: string;
}

/** The file of the server's database, below a run's folder. */
export const DATABASE = 'temporal.db';

export async function traceRun(fabric: LiveFabric): Promise<Traced> {
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
  const run = fabric.run(['run', mission], RUN_MS_MAX, tracing(trace));
  expect(run, run.stderr).toMatchObject({ status: 0 });
  const runId = fabric.runId();
  const folder = runFolder(join(fabric.folder, '.planetary-fabric'), runId);
  const calls = [...parseTrace(readFileSync(trace, 'latin1'), fabric.folder)];
  const histories: RecordedHistory[] = [];
  for await (const read of readHistories(fabric.histories(runId))) {
    if ('unreadable' in read) throw new Error(read.unreadable);
    histories.push(read);
  }
  // The database goes last, when histories and report are written.
  const { beganMs } = calls.find(
    ({ name, paths: [path] }) => name.startsWith('unlink') && path === join(folder, DATABASE),
  )!;
  return {
    root: fabric.folder,
    runId,
    runFolder: folder,
    calls,
    histories,
    told: acknowledgedIn(histories, beganMs),
    outcomeDigest: fabric.report(runId).outcomeDigest,
  };
}
