/**
 * The whole comparison: throughput in rounds, then latencies of single submissions below each contender's own
 * capacity, then how soon work goes on after a kill. Told as it goes on, since it takes from minutes to hours.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { number } from '../../reporting/numbers.ts';
import type { Contender, Presence } from './contender.ts';
import { OUTSIDERS } from './contenders.ts';
import { latencyFigures } from './histogram.ts';
import { writeJobs } from './jobs.ts';
import { machineFacts } from './machine.ts';
import type { Cell, CompareOptions } from './plan.ts';
import { cellsOf, drawn, shuffled } from './plan.ts';
import type {
  ComparedCell,
  ComparedContender,
  ComparedLatency,
  ComparedResume,
  Comparison,
} from './result.ts';
import { cellFigures, scalingOf, spreadOf } from './result.ts';
import type { Figures, Measured, Trial } from './trial.ts';
import { openLoopTrial, resumeTrial, runTrial } from './trial.ts';

/** Shares of a contender's capacity at which arrivals are tried. */
const LOADS = [0.5, 0.8] as const;
/** So many runs of an open loop are merged, at the most. */
const LATENCY_RUNS_MAX = 3;
const LATENCY_JOBS_MAX = 20_000;
/** Enough that work is left over when the workers are killed. */
const KILL_JOBS = 20_000;
const KILL_HANDLER_MS = 5;
const WARM_UP_JOBS_MAX = 500;
/** How often a run that takes long says how far it is. */
const TELL_MS = 10_000;

export type Tell = (line: string) => void;

class Bench {
  readonly #options: CompareOptions;
  readonly #folder: string;
  readonly #tell: Tell;
  readonly #written = new Map<number, Promise<string>>();

  constructor(options: CompareOptions, folder: string, tell: Tell) {
    this.#options = options;
    this.#folder = folder;
    this.#tell = tell;
  }

  /** Every kind of run as often as there are rounds, taking turns. */
  async rounds(cells: readonly Cell[]): Promise<ComparedCell[]> {
    const { runs, seed, warmUp } = this.#options;
    const measured = new Map<Cell, Measured<Figures>[]>(cells.map((cell) => [cell, []]));
    for (let round = warmUp ? 0 : 1; round <= runs; round += 1) {
      for (const [i, cell] of shuffled(cells, seed, round).entries()) {
        const name = round === 0 ? 'warm-up' : `round ${round} of ${runs}`;
        const at = `${name}, ${i + 1} of ${cells.length}`;
        const jobs = round === 0 ? Math.min(cell.jobs, WARM_UP_JOBS_MAX) : cell.jobs;
        const result = await runTrial(await this.#trial({ ...cell, jobs }));
        this.#tell(`${at}: ${cellName({ ...cell, jobs })}: ${throughputWords(result)}`);
        if (round > 0) measured.get(cell)!.push(result);
      }
    }
    return cells.map((cell) => {
      const own = measured.get(cell)!;
      const { contender, ...rest } = cell;
      return {
        ...rest,
        contender: contender.name,
        runs: own,
        figures: cellFigures(own, cell.jobs),
      };
    });
  }

  /** Open loops at shares of what the contender takes when jobs are submitted singly and do not wait. */
  async latencies(
    contender: Contender,
    cells: readonly ComparedCell[],
  ): Promise<ComparedLatency[]> {
    const { latencySeconds, runs, handlerMs } = this.#options;
    const ms = Math.min(...handlerMs);
    const single = cells.find(
      (cell) =>
        cell.contender === contender.name && cell.path === 'default' && cell.handlerMs === ms,
    );
    const capacityPerSecond = single?.figures?.jobsPerSecond.median;
    if (capacityPerSecond === undefined) return [];
    const found: ComparedLatency[] = [];
    for (const share of LOADS) {
      const perSecond = capacityPerSecond * share;
      const jobs = Math.min(LATENCY_JOBS_MAX, Math.max(20, Math.round(perSecond * latencySeconds)));
      const trial = await this.#trial({ contender, path: 'default', handlerMs: ms, jobs });
      const tries: Measured<readonly number[]>[] = [];
      for (let i = 0; i < Math.min(runs, LATENCY_RUNS_MAX); i += 1) {
        tries.push(await openLoopTrial(trial, perSecond));
      }
      const lists = tries.flatMap((one) => (one.state === 'measured' ? [one.figures] : []));
      const problems = tries.flatMap((one) => (one.state === 'measured' ? [] : [one.why]));
      const latency = problems.length > 0 ? null : latencyFigures(lists);
      const words =
        latency === null
          ? problems[0]!
          : `p50 ${latency.p50Ms.toFixed(1)} ms, p99 ${latency.p99Ms.toFixed(1)} ms`;
      this.#tell(
        `latency of ${contender.name} at ${share * 100}% of ${Math.round(capacityPerSecond)} jobs/s: ${words}`,
      );
      const name = contender.name;
      found.push({ contender: name, capacityPerSecond, share, perSecond, latency, problems });
    }
    return found;
  }

  /** Kills of the process that does the work. */
  async resumes(contender: Contender): Promise<ComparedResume> {
    const { kills, seed } = this.#options;
    const jobs = KILL_JOBS;
    const cell = { contender, path: 'bulk', handlerMs: KILL_HANDLER_MS, jobs } as const;
    const trial = await this.#trial(cell);
    const found: Measured<number>[] = [];
    for (let i = 0; i < kills; i += 1) {
      const one = await resumeTrial(trial, drawn(seed, i));
      found.push(one);
      const words =
        one.state === 'measured' ? `${Math.round(one.figures)} ms to the next outcome` : one.why;
      this.#tell(`kill ${i + 1} of ${kills} of ${contender.name}: ${words}`);
    }
    const ms = found.flatMap((one) => (one.state === 'measured' ? [one.figures] : []));
    return { contender: contender.name, kills: found, ms: ms.length === 0 ? null : spreadOf(ms) };
  }

  async #trial(cell: Cell): Promise<Trial> {
    const { seed, limitSeconds } = this.#options;
    const { jobs } = cell;
    const jobsFile = this.#written.get(jobs) ?? this.#write(jobs);
    this.#written.set(jobs, jobsFile);
    let toldMs = Date.now();
    return {
      ...cell,
      jobsFile: await jobsFile,
      seed,
      limitMs: limitSeconds * 1_000,
      onProgress: (ended) => {
        if (Date.now() - toldMs < TELL_MS) return;
        toldMs = Date.now();
        this.#tell(`  ${cellName(cell)}: ${number(ended)} have ended`);
      },
    };
  }

  async #write(jobs: number): Promise<string> {
    const file = join(this.#folder, `jobs-${jobs}.ndjson`);
    await writeJobs(file, this.#options.seed, jobs);
    return file;
  }
}

/**
 * Runs everything that can be run here; what isn't installed is listed with the command that installs it. Leaves
 * nothing behind but what it returns.
 */
export async function compare(
  contenders: readonly Contender[],
  options: CompareOptions,
  tell: Tell,
): Promise<Comparison> {
  const startedAt = new Date().toISOString();
  const machine = machineFacts();
  const looked = await Promise.all(
    contenders.map(async (contender) => ({ contender, presence: await contender.presence() })),
  );
  for (const { contender, presence } of looked) tell(presenceLine(contender, presence));
  const present = looked.flatMap(({ contender, presence }) =>
    presence.state === 'installed' ? [contender] : [],
  );
  const folder = await mkdtemp(join(tmpdir(), 'fabric-bench-jobs-'));
  try {
    const bench = new Bench(options, folder, tell);
    const cells = await bench.rounds(cellsOf(present, options));
    const latencies: ComparedLatency[] = [];
    const resumes: ComparedResume[] = [];
    if (options.latencySeconds > 0) {
      for (const contender of present) latencies.push(...(await bench.latencies(contender, cells)));
    }
    if (options.kills > 0) {
      for (const contender of present) resumes.push(await bench.resumes(contender));
    }
    return {
      schema: 'planetary-fabric/bench@1',
      startedAt,
      finishedAt: new Date().toISOString(),
      machine,
      options,
      contenders: looked.map(({ contender, presence }) => compared(contender, presence)),
      outsiders: OUTSIDERS,
      cells,
      scaling: scalingOf(cells),
      latencies,
      resumes,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function compared(contender: Contender, presence: Presence): ComparedContender {
  const { name, title, durability, lacks, keeps, paths, settings } = contender;
  const isThere = presence.state === 'installed';
  return {
    name,
    title,
    durability,
    lacks,
    keeps,
    paths,
    settings,
    version: isThere ? presence.version : null,
    notRun: isThere ? null : { why: presence.why, install: presence.install },
  };
}

function presenceLine({ name }: Contender, presence: Presence): string {
  return presence.state === 'installed'
    ? `${name}: ${presence.version}`
    : `${name}: not run: ${presence.why}; to install it: ${presence.install}`;
}

function cellName({ contender, path, handlerMs, jobs }: Cell): string {
  return `${contender.name}, ${path}, ${number(jobs)} jobs of ${handlerMs} ms`;
}

function throughputWords(result: Measured<Figures>): string {
  if (result.state === 'no-figure') return `no figure: ${result.why}`;
  const { jobsPerSecond, elapsedMs } = result.figures;
  const rate = number(jobsPerSecond);
  return `${rate} jobs/s (${(elapsedMs / 1_000).toFixed(2)} s)`;
}
