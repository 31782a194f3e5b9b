/**
 * One run of one contender on a store that was never used: started, warm and connected before the clock
 * starts, and nothing kept of it but figures. A run that lost or doubled a job has none.
 */
import { chmodSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Contender, PathName } from './contender.ts';
import { checkDelivery, deliveryProblem, readResults } from './delivery.ts';
import { DiskWatch } from './disk.ts';
import type { Answers } from './peer-process.ts';
import { PeerProcess } from './peer-process.ts';
import { ProcessTree } from './process-tree.ts';
import type { Store } from './stores/store.ts';

/** What is run. */
export interface Trial {
  readonly contender: Contender;
  readonly path: PathName;
  readonly handlerMs: number;
  /** Its jobs: written before, the same for everybody. */
  readonly jobsFile: string;
  readonly jobs: number;
  readonly seed: number;
  /** A run that takes longer has no figure. */
  readonly limitMs: number;
  /** How long after a kill work may take to go on. */
  readonly resumeMs?: number;
  readonly onProgress?: (ended: number) => void;
}

export interface Figures {
  readonly elapsedMs: number;
  readonly jobsPerSecond: number;
  /** Null where there is no /proc. */
  readonly cpuSeconds: number | null;
  readonly peakRssBytes: number | null;
  readonly diskBytes: number;
  /** Null where there is no such thing as a history. */
  readonly historyBytes: number | null;
}

/** Figures, or the reason why there are none. */
export type Measured<T> =
  | { readonly state: 'measured'; readonly figures: T }
  | { readonly state: 'no-figure'; readonly why: string };

interface Opened {
  readonly folder: string;
  readonly storeFolder: string;
  readonly store: Store | null;
  readonly peer: PeerProcess;
}

const CLOSE_MS = 20_000;
const RESUME_MS = 120_000;
/** So long after the first outcome, and up to twice as long, workers are killed. */
const KILL_AFTER_MS = 300;

/** How fast the jobs go through. */
export async function runTrial(trial: Trial): Promise<Measured<Figures>> {
  return await withOpened(trial, async (opened) => {
    const { folder, storeFolder, peer, store } = opened;
    const disk = await DiskWatch.start(storeFolder);
    const tree = ProcessTree.start([peer.pid, ...(store === null ? [] : [store.pid])]);
    const ran = await within(trial.limitMs, peer.ask('run')).finally(() => tree?.stop());
    const diskBytes = await disk.stop();
    const file = join(folder, 'results.ndjson');
    const { historyBytes } = await peer.ask('results', { file });
    const problem = deliveryProblem(await checkDelivery(readResults(file), trial.seed, trial.jobs));
    if (problem !== null) throw new Error(problem);
    requireOnce(ran);
    const { cpuSeconds, peakRssBytes } = tree?.between(ran.startedAtMs, ran.endedAtMs) ?? {
      cpuSeconds: null,
      peakRssBytes: null,
    };
    const { elapsedMs } = ran;
    const jobsPerSecond = (trial.jobs * 1_000) / elapsedMs;
    return { elapsedMs, jobsPerSecond, cpuSeconds, peakRssBytes, diskBytes, historyBytes };
  });
}

/** Latencies in ms, from the moment that each job was due to its durable outcome, at a fixed rate of arrivals. */
export async function openLoopTrial(
  trial: Trial,
  perSecond: number,
): Promise<Measured<readonly number[]>> {
  return await withOpened(trial, async ({ folder, peer }) => {
    const asked = peer.ask('openLoop', { perSecond });
    const answer = await within(trial.limitMs, asked);
    const file = join(folder, 'results.ndjson');
    await peer.ask('results', { file });
    const problem = deliveryProblem(await checkDelivery(readResults(file), trial.seed, trial.jobs));
    if (problem !== null) throw new Error(problem);
    requireOnce(answer);
    return answer.latenciesMs;
  });
}

/**
 * ms from a SIGKILL of the workers' process, which is started again at once, to the first new outcome. `share`, from
 * 0 to 1, moves the instant of the kill.
 */
export async function resumeTrial(trial: Trial, share: number): Promise<Measured<number>> {
  const { resumeMs = RESUME_MS } = trial;
  return await withOpened(trial, async (opened) => {
    const { peer } = opened;
    await within(trial.limitMs, peer.ask('begin'));
    await pause(KILL_AFTER_MS * (1 + share));
    if (trial.contender.supervisesItself === true) {
      return (await within(resumeMs, peer.ask('killWorker'))).afterMs;
    }
    const killedAtMs = Date.now();
    await peer.kill();
    const again = startPeer(trial, opened, 'work');
    try {
      await again.ready;
      const asked = again.ask('firstOutcome', { afterMs: killedAtMs });
      return (await within(resumeMs, asked)).atMs - killedAtMs;
    } finally {
      await again.kill();
    }
  });
}

async function withOpened<T>(
  trial: Trial,
  measure: (opened: Opened) => Promise<T>,
): Promise<Measured<T>> {
  const folder = await mkdtemp(join(tmpdir(), 'fabric-bench-'));
  // A database may run as a user of its own, who has to get into its folder.
  chmodSync(folder, 0o755);
  let store: Store | null = null;
  let peer: PeerProcess | null = null;
  try {
    const [storeFolder, own] = [join(folder, 'store'), join(folder, 'peer')];
    await mkdir(storeFolder);
    await mkdir(own);
    store = (await trial.contender.openStore?.(storeFolder)) ?? null;
    const place = { folder, store, storeFolder: store === null ? own : storeFolder };
    peer = startPeer(trial, place, 'drive');
    peer.onProgress = trial.onProgress ?? (() => undefined);
    await within(trial.limitMs, peer.ready);
    return { state: 'measured', figures: await measure({ ...place, peer }) };
  } catch (error) {
    return { state: 'no-figure', why: error instanceof Error ? error.message : String(error) };
  } finally {
    await peer?.close(CLOSE_MS);
    await store?.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

function startPeer(
  { contender, jobsFile, path, handlerMs }: Trial,
  { folder, store }: Pick<Opened, 'folder' | 'store'>,
  role: 'drive' | 'work',
): PeerProcess {
  return new PeerProcess(contender.module, {
    jobsFile,
    path,
    handlerMs,
    role,
    folder: join(folder, 'peer'),
    store: store?.reach ?? {},
    settings: contender.settings,
  });
}

function requireOnce({ confirmedTwice }: Pick<Answers['run'], 'confirmedTwice'>): void {
  if (confirmedTwice > 0) throw new Error(`${confirmedTwice} doubled`);
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`not done within ${Math.round(limitMs / 1_000)} s`)),
      limitMs,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
