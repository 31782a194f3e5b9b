/**
 * A storm of kills: small missions one after another, each with real processes that get SIGKILL at drawn
 * instants, each held against the same jobs without a kill. Everything drawn comes from one seed.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MissionInput } from '../fabric/mission/schema.ts';
import { seededUnit } from '../fabric/seeded.ts';
import type { Report } from '../reporting/schema.ts';
import { InterruptedError } from './interruption.ts';
import type { FinishedRun } from './run-to-report.ts';
import { runToReport } from './run-to-report.ts';

/** Enough that work is under way whenever a kill comes, and a mission takes seconds. */
const JOBS = 400;
const KILLS_PER_MISSION = 5;
/** Missions that share their jobs, and so the run without a kill that they are held against. */
const MISSIONS_PER_JOBS = 25;
const SHARDS = ['earth', 'luna'] as const;
const NODES_PER_SHARD = 2;
/** Kills fall between these shares of the jobs. */
const SHARE = { from: 0.02, to: 0.85 };
/** How often each sort of process is struck. */
const ODDS = { orchestrator: 0.4, node: 0.4 } as const;

export interface StormOrder {
  /** At least so many. */
  readonly kills: number;
  readonly seed: number;
  /** One line a mission. */
  readonly tell: (line: string) => void;
  /** Further looks at a run that has ended; each line they return is something that did not hold. */
  readonly checks?: readonly ((run: FinishedRun) => Promise<readonly string[]>)[];
}

/** What a storm came to. */
export interface StormResult {
  readonly kills: number;
  readonly missions: number;
  /** Accepted jobs without an outcome, over all missions. */
  readonly lost: number;
  /** Jobs with more than one. */
  readonly doubled: number;
  readonly digestsEqual: number;
  /** Jobs of lost leases: at most so many ran again. */
  readonly reexecuted: number;
  /** ms from each kill to the next outcome, smallest first; of a node, of a job it held. */
  readonly returnsMs: readonly number[];
  /** The longest that a mission took. */
  readonly longestMs: number;
  /** What did not hold, with the mission and its folder, which is then kept. */
  readonly failures: readonly string[];
}

/** Runs the storm. Throws InterruptedError after Ctrl-C, and errors of the engine. */
export async function killStorm(order: StormOrder): Promise<StormResult> {
  const { kills, seed, tell } = order;
  const sum = { kills: 0, missions: 0, lost: 0, doubled: 0, digestsEqual: 0, reexecuted: 0 };
  let longestMs = 0;
  const returnsMs: number[] = [];
  const failures: string[] = [];
  let reference: FinishedRun['report'] | null = null;
  while (sum.kills < kills) {
    const no = sum.missions;
    const jobSeed = (seed + Math.floor(no / MISSIONS_PER_JOBS)) % 2 ** 32;
    if (no % MISSIONS_PER_JOBS === 0) reference = await undisturbed(jobSeed);
    const wanted = Math.min(KILLS_PER_MISSION, kills - sum.kills);
    sum.missions += 1;
    const folder = await mkdtemp(join(tmpdir(), 'chaos-'));
    const said: string[] = [];
    try {
      const mission = stormMission(jobSeed, drawKills(seed, no, wanted));
      const run = await conduct(folder, mission, (text) => said.push(text));
      const found = [...findings(run.report, reference!), ...(await furtherFindings(order, run))];
      failures.push(...found.map((what) => `mission ${no + 1}: ${what} (${folder})`));
      const { faults } = run.report;
      sum.kills += faults.length;
      sum.lost += lostJobs(run.report);
      sum.doubled += run.report.problemCounts['two-outcomes'] ?? 0;
      sum.digestsEqual += run.report.outcomeDigest === reference!.outcomeDigest ? 1 : 0;
      sum.reexecuted += faults.reduce((all, { reexecutedJobs }) => all + reexecutedJobs, 0);
      returnsMs.push(...faults.flatMap(({ recoveredAfterMs: ms }) => (ms === null ? [] : [ms])));
      longestMs = Math.max(longestMs, run.report.timings.durationMs);
      tell(missionLine(no, run.report, found));
      if (found.length === 0) await rm(folder, { recursive: true, force: true });
    } catch (error) {
      if (error instanceof InterruptedError) throw error;
      // It counts with the kills it was to have, or a storm that always fails would never end.
      sum.kills += wanted;
      const why = error instanceof Error ? error.message : String(error);
      failures.push(`mission ${no + 1}: ${why} (${folder})\n${said.join('')}`);
      tell(`mission ${no + 1}: FAILED: ${why}`);
    }
  }
  return { ...sum, longestMs, returnsMs: returnsMs.sort((a, b) => a - b), failures };
}

/** The lines that end a storm. */
export function stormLines(result: StormResult, seed: number): string[] {
  const { kills, missions, lost, doubled, digestsEqual, reexecuted, failures } = result;
  const { returnsMs, longestMs } = result;
  const median = returnsMs[Math.floor(returnsMs.length / 2)];
  // With none of n, the true share is below 3/n with 95% confidence (the rule of three).
  const bound =
    failures.length === 0
      ? [`no kill of ${kills} did harm: at most ${percent(3 / kills)} of kills do (95%, about 3/n)`]
      : failures.map((what) => `! ${what}`);
  return [
    `${kills} kills in ${missions} missions, seed ${seed}: ${lost} lost, ${doubled} doubled, ${digestsEqual} of ${missions} digests equal`,
    `at most ${(reexecuted / Math.max(1, kills)).toFixed(1)} jobs ran again a kill; next outcome after ${median} ms (median), ${returnsMs.at(-1)} ms (worst); longest mission ${(longestMs / 1_000).toFixed(1)} s`,
    ...bound,
  ];
}

type Kill = NonNullable<MissionInput['faults']>[number];

/** Kills of one mission, drawn from the storm's seed and the mission's number. */
export function drawKills(seed: number, mission: number, count: number): Kill[] {
  return Array.from({ length: count }, (_, i): Kill => {
    const draw = (what: string): number => seededUnit('storm', what, seed, mission, i);
    const share = SHARE.from + (SHARE.to - SHARE.from) * draw('when');
    const sort = draw('what');
    if (sort < ODDS.orchestrator) return { kind: 'kill-orchestrator', share };
    if (sort >= ODDS.orchestrator + ODDS.node) return { kind: 'kill-server', share };
    const nodes = SHARDS.flatMap((shard) => [1, 2].map((no) => `${shard}-node-${no}`));
    return { kind: 'kill-node', node: nodes[Math.floor(draw('node') * nodes.length)]!, share };
  });
}

/** Two shards that spill, four nodes, jobs of 10 ms of which some fail at every try. */
function stormMission(seed: number, faults: Kill[]): MissionInput {
  return {
    scenario: 'kill-storm',
    title: 'Kill storm',
    seed,
    // A killed server may have handed out a lease that nobody got; that one waits for its time-out.
    policy: {
      tickMs: 200,
      leaseTargetMs: 150,
      leaseJobsMax: 10,
      pageJobs: 100,
      leaseTimeoutMs: 15_000,
    },
    shards: { earth: { spilloverLimit: 100, spillTargets: ['luna'] }, luna: {} },
    nodes: SHARDS.map((shard) => {
      return { id: `${shard}-node`, shard, count: NODES_PER_SHARD, slots: 1 };
    }),
    blueprints: SHARDS.map((shard) => {
      return { shard, kind: 'probe', count: JOBS / 2, durationMs: 10, failureRate: 0.2 };
    }),
    timeScale: 1_000_000,
    faults,
  };
}

async function undisturbed(seed: number): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'chaos-'));
  const { report } = await conduct(folder, stormMission(seed, []), () => undefined);
  await rm(folder, { recursive: true, force: true });
  return report;
}

async function conduct(
  folder: string,
  mission: MissionInput,
  tell: (text: string) => void,
): Promise<FinishedRun> {
  await writeFile(join(folder, 'storm.json'), JSON.stringify(mission));
  return await runToReport('storm.json', { folder, overrides: {}, tell });
}

function lostJobs({ jobs }: Report): number {
  return jobs.accepted - jobs.completed - jobs.failed - jobs.cancelled;
}

/** What did not hold of one run, by its report alone. */
export function findings(report: Report, reference: Report): string[] {
  const { jobs, problems, gates } = report;
  const ended = jobs.completed + jobs.failed;
  return [
    ...gates.filter(({ passed }) => !passed).map(({ name, value }) => `gate ${name} is ${value}`),
    ...problems.map(({ what }) => what),
    ...(jobs.accepted === JOBS ? [] : [`${jobs.accepted} of ${JOBS} jobs were accepted`]),
    ...(ended === jobs.accepted ? [] : [`${ended} of ${jobs.accepted} accepted jobs have ended`]),
    ...(report.outcomeDigest === reference.outcomeDigest
      ? []
      : ['its outcomes are not those of the run without a kill']),
  ];
}

async function furtherFindings({ checks = [] }: StormOrder, run: FinishedRun): Promise<string[]> {
  return (await Promise.all(checks.map((check) => check(run)))).flat();
}

function missionLine(no: number, { jobs, faults, timings }: Report, found: string[]): string {
  const killed = faults.map(({ target, recoveredAfterMs: ms }) =>
    ms === null ? `${target} (at the end)` : `${target} ${ms} ms`,
  );
  const verdict = found.length === 0 ? 'digest equal' : `FAILED: ${found.join('; ')}`;
  const seconds = (timings.durationMs / 1_000).toFixed(1);
  return `mission ${no + 1}: ${jobs.completed + jobs.failed} of ${JOBS} jobs in ${seconds} s, ${verdict}; killed: ${killed.join(', ')}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.01 ? 2 : 1)}%`;
}
