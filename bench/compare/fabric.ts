/**
 * This fabric as a contender, and what its process does. Bulk: a mission whose feed is the file of jobs. Default:
 * a fabric that is up, and `submit` with one job a call. Both go the way that an operator's commands go, with the
 * product's own server, processes and files, in one folder.
 */
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { RunSpec } from '../../fabric/mission/run-spec.ts';
import type { Report } from '../../reporting/schema.ts';
import { accessFabric } from '../../scripts/fabric-access.ts';
import { conductRun } from '../../scripts/fabric-run.ts';
import { loadMission } from '../../scripts/mission/load.ts';
import { packageFolder } from '../../scripts/mission/mission-file.ts';
import { lineTo, OwnerConsole } from '../../scripts/owner-console.ts';
import type { Place } from '../../scripts/place.ts';
import { ownPlace, stateFolder } from '../../scripts/place.ts';
import { findFabric } from '../../scripts/state.ts';
import { outcomeOf } from '../../scripts/submit.ts';
import { newestReport } from '../../scripts/written-reports.ts';
import { OutcomeCount } from '../../scripts/faults/outcome-count.ts';
import type { Contender } from './contender.ts';
import {
  firstOutcomeOfNewLease,
  keptResults,
  outcomeTimes,
  writeResults,
} from './fabric-ledger.ts';
import { agentModule, missionOf } from './fabric-mission.ts';
import type { BenchJob } from './jobs.ts';
import type { Answers, PeerOrder } from './peer-process.ts';
import { temporalExecutable } from './stores/temporal.ts';

const MISSION = 'mission.json';
const LOOK_MS = 20;
/** A shard's inbox is bounded: what it refuses as full is submitted again. */
const FULL_WAIT_MS = 20;

export const FABRIC: Contender = {
  name: 'fabric',
  title: 'Planetary Orchestrator Fabric',
  durability: 'fsync',
  lacks:
    'no store that others know, to look into by SQL; no delayed or repeating jobs; each single submission is a recorded command, which costs; a shard holds 2,000 submitted jobs',
  keeps: 'results in synced segments, outcomes in a hash-chained ledger',
  paths: {
    default: 'OwnerConsole.submit with one job a call, to a fabric that is up',
    bulk: 'a mission whose feed is the file of jobs; its time includes looking the whole file through before the start',
  },
  settings: {
    shards: 1,
    /** Agents of different names share no threads: of two cores each gets one, or jobs that wait four nodes' four. */
    nodes: 1,
    slots: 2,
    nodesWhenJobsWait: 8,
    slotsWhenJobsWait: 4,
    submitters: 8,
  },
  module: 'fabric.mjs',
  supervisesItself: true,
  openStore: null,
  presence: async () => {
    try {
      await temporalExecutable();
      const text = await readFile(join(packageFolder(), 'package.json'), 'utf8');
      const { version } = JSON.parse(text) as { version: string };
      return { state: 'installed', version };
    } catch (error) {
      const why = error instanceof Error ? error.message.split('\n')[0]! : String(error);
      return { state: 'missing', why, install: 'npm start -- doctor' };
    }
  },
};

type RunAnswer = Answers['run'];

/** The fabric's side of the line: one object for one process, for one run. */
export class FabricUnderTest {
  readonly #order: PeerOrder;
  readonly #place: Place;
  #spec: RunSpec | null = null;
  #loadMs = 0;
  #running: Promise<number> | null = null;
  #count: OutcomeCount | null = null;
  #console: OwnerConsole | null = null;
  #interrupt: () => void = () => undefined;
  #isUp = false;

  private constructor(order: PeerOrder) {
    this.#order = order;
    const write = (text: string): void => {
      if (text.startsWith('fabric: ')) this.#isUp = true;
    };
    const output = { stream: null, write };
    this.#place = {
      ...ownPlace(),
      folder: order.folder,
      out: output,
      err: output,
      onInterrupt: (listener) => {
        this.#interrupt = listener;
        return () => undefined;
      },
    };
  }

  /** Bulk: with its mission written, and nothing started. Default: with the fabric up and its nodes ready. */
  static async open(order: PeerOrder): Promise<FabricUnderTest> {
    const fabric = new FabricUnderTest(order);
    writeFileSync(join(order.folder, 'agent.mjs'), agentModule(order.handlerMs));
    writeFileSync(join(order.folder, MISSION), JSON.stringify(missionOf(order)));
    if (order.path === 'default') await fabric.#comeUp();
    return fabric;
  }

  async run(): Promise<RunAnswer> {
    return this.#order.path === 'bulk' ? await this.#runMission() : await this.#submitSingly();
  }

  /**
   * The time of a mission: that of looking through its feed before anything is started, which a user waits for too,
   * and that from the opening of the feed to its last outcome, as their entries in the ledger have it. The time of an
   * entry is later than the commit of what it records. Server and processes are up before the opening, as
   * others' stores and workers are before their clock starts; the end of the run, with its checkpoint
   * and its report, is not counted.
   */
  async #runMission(): Promise<RunAnswer> {
    await this.#load();
    await this.#conduct('finished');
    const { openedMs, lastMs, twice } = await outcomeTimes(this.#spec!.folders);
    const elapsedMs = this.#loadMs + lastMs - openedMs;
    return { startedAtMs: openedMs, endedAtMs: lastMs, elapsedMs, confirmedTwice: twice };
  }

  async #submitSingly(): Promise<RunAnswer> {
    const jobs = await readJobs(this.#order.jobsFile);
    const startedAtMs = Date.now();
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < jobs.length) await this.#submitOne(jobs[next++]!);
    };
    const lanes = Number(this.#order.settings['submitters']);
    await Promise.all(Array.from({ length: lanes }, lane));
    await this.#untilEnded(jobs.length);
    const { lastMs: endedAtMs, twice } = await outcomeTimes(this.#spec!.folders);
    return { startedAtMs, endedAtMs, elapsedMs: endedAtMs - startedAtMs, confirmedTwice: twice };
  }

  /** Open loop, as `line.mjs` has it for the others. */
  async openLoop({ perSecond }: { perSecond: number }): Promise<Answers['openLoop']> {
    const jobs = await readJobs(this.#order.jobsFile);
    const startMs = Date.now() + 50;
    const dueMs = (i: number): number => startMs + (i * 1_000) / perSecond;
    const submitted: Promise<void>[] = [];
    for (const [i, job] of jobs.entries()) {
      const waitMs = dueMs(i) - Date.now();
      if (waitMs > 0) await pause(waitMs);
      submitted.push(this.#submitOne(job));
    }
    await Promise.all(submitted);
    await this.#untilEnded(jobs.length);
    const { byId, twice } = await outcomeTimes(this.#spec!.folders);
    const latenciesMs = jobs.map(({ id }, i) => byId.get(id)! - dueMs(i));
    return { latenciesMs, confirmedTwice: twice };
  }

  /** Starts the mission and returns with its first outcome. */
  async begin(): Promise<object> {
    await this.#load();
    void this.#conduct('finished').catch(() => undefined);
    await this.#untilEnded(1);
    return {};
  }

  /**
   * SIGKILL of the process that hosts the nodes, which the fabric's own supervisor starts again; until the
   * first outcome of work that was given out after it.
   */
  async killWorker(): Promise<Answers['killWorker']> {
    const found = await findFabric(stateFolder(this.#place), this.#spec!.fabric);
    const pid = found?.record.pids['node host'];
    if (pid === undefined) throw new Error('found no process of the nodes');
    const killedAtMs = Date.now();
    process.kill(pid, 'SIGKILL');
    for (;;) {
      const atMs = await firstOutcomeOfNewLease(this.#spec!.folders, killedAtMs);
      if (atMs !== null) return { afterMs: atMs - killedAtMs };
      await pause(LOOK_MS);
    }
  }

  async results({ file }: { file: string }): Promise<Answers['results']> {
    await writeResults(file, keptResults(this.#spec!.folders));
    const report = newestReport(this.#spec!);
    if (report === null) return { historyBytes: null };
    const { history } = JSON.parse(await readFile(report, 'utf8')) as Report;
    return { historyBytes: history.bytes };
  }

  async close(): Promise<object> {
    await this.#console?.close();
    this.#interrupt();
    await this.#running?.catch(() => undefined);
    return {};
  }

  progress(): number {
    void this.#count?.look().catch(() => undefined);
    return this.#count?.outcomes ?? 0;
  }

  async #load(): Promise<void> {
    const startMs = performance.now();
    const { spec } = await loadMission(MISSION, {}, { workingFolder: this.#order.folder });
    this.#loadMs = performance.now() - startMs;
    this.#spec = spec;
    this.#count = new OutcomeCount(spec.folders.ledger);
  }

  async #conduct(until: 'finished' | 'closed'): Promise<number> {
    this.#running = conductRun(this.#place, this.#spec!, { start: 'fresh', until });
    return await this.#running;
  }

  async #comeUp(): Promise<void> {
    await this.#load();
    let died: unknown = null;
    void this.#conduct('closed').catch((error: unknown) => (died = error ?? 'ended'));
    while (!this.#isUp) {
      if (died !== null) throw died;
      await pause(LOOK_MS);
    }
    const { folder, env } = this.#place;
    this.#console = new OwnerConsole(lineTo(await accessFabric({}, { folder, env })));
  }

  async #submitOne(job: BenchJob): Promise<void> {
    for (;;) {
      const record = await this.#console!.submit([job], { by: 'bench' });
      const { refused } = outcomeOf([job], record);
      if (refused.length === 0) return;
      if (!refused[0]!.because.includes('inbox')) throw new Error(refused[0]!.because);
      await pause(FULL_WAIT_MS);
    }
  }

  async #untilEnded(jobs: number): Promise<void> {
    while (this.#count!.outcomes < jobs) {
      await this.#count!.look();
      await pause(LOOK_MS);
    }
  }
}

async function readJobs(file: string): Promise<BenchJob[]> {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as BenchJob);
}
