/**
 * From a mission's name or path to a run that can be started: read, checked, its feeds pinned and its
 * folders named. A bad mission is refused here with everything that is wrong with it, before anything
 * is started or written.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { checkMission } from '../../fabric/mission/check.ts';
import { RANGES } from '../../fabric/mission/fields.ts';
import { runFaults } from '../../fabric/mission/faults.ts';
import {
  allSynthetic,
  runGates,
  runNodes,
  runShards,
  runTimeline,
  shorthandFeeds,
  sizeFeeds,
} from '../../fabric/mission/fill.ts';
import { grouped, problemLine, quoted, type Problem } from '../../fabric/mission/problems.ts';
import type { RunNode, RunSpec } from '../../fabric/mission/run-spec.ts';
import type { Mission } from '../../fabric/mission/schema.ts';
import { LIMITS } from '../../fabric/limits.ts';
import type { FeedSpec } from '../../fabric/policy.ts';
import { adapterProblems } from './adapter-files.ts';
import { readFeeds, type FeedFormats } from './feed-files.ts';
import { FEED_FORMATS } from './feed-formats.ts';
import { MissionError } from './mission-error.ts';
import { readMissionFile } from './mission-file.ts';

/** What the command line sets over the mission; all of it is checked. */
export interface MissionOverrides {
  readonly jobs?: number;
  readonly seed?: number;
  /** Name of the fabric; `planetary-fabric` when not given. */
  readonly fabric?: string;
  /** The mission as if it named no faults: what a run with them is held against. */
  readonly withoutFaults?: boolean;
}

export interface LoadPlace {
  /** Where relative paths start and `reports/` stands; the process's own when not given. */
  readonly workingFolder?: string;
  /** Where the run's own folders are to be; `reports/planetary-fabric` there when not given. */
  readonly reportsFolder?: string;
  readonly now?: Date;
  readonly formats?: FeedFormats;
  /** Called with a good mission before anything is written; what it throws is thrown on. */
  readonly beforeWriting?: (spec: RunSpec) => Promise<void>;
}

export interface LoadedMission {
  readonly spec: RunSpec;
  /** One line each, to be shown before the run starts. */
  readonly warnings: readonly string[];
}

/**
 * Loads a built-in mission by name or any mission by path. Throws a MissionError, exit code 2, with one
 * line a problem. A GeoJSON feed is written as NDJSON below the run's results folder; nothing else is
 * written, and nothing at all when the mission is bad or `beforeWriting` throws.
 */
export async function loadMission(
  source: string,
  overrides: MissionOverrides = {},
  place: LoadPlace = {},
): Promise<LoadedMission> {
  const { workingFolder = process.cwd(), now = new Date(), formats = FEED_FORMATS } = place;
  const file = readMissionFile(source, workingFolder);
  const checked = checkMission(file.value);
  const problems = overrideProblems(overrides);
  if (!checked.ok) throw new MissionError(source, [...checked.problems, ...problems]);
  const mission = { ...checked.mission, seed: overrides.seed ?? checked.mission.seed };
  const reports = place.reportsFolder ?? resolve(workingFolder, 'reports', 'planetary-fabric');
  const run = newRun(mission.scenario, reports, now);
  const missionFolder = dirname(file.path);
  const spoolFolder = join(run.folders.results, 'feeds');
  const read = await readFeeds(mission, missionFolder, spoolFolder, formats);
  try {
    problems.push(...read.problems, ...adaptersProblems(mission, missionFolder));
    const feeds = [...read.feeds, ...shorthandFeeds(mission)];
    if (problems.length === 0) problems.push(...jobsProblems(feeds, overrides.jobs));
    if (problems.length > 0) throw new MissionError(source, problems);
    const nodes = runNodes(mission, (path) => resolve(missionFolder, path));
    const sized = sizeFeeds(feeds, overrides.jobs ?? null);
    const spec: RunSpec = {
      schema: 'planetary-fabric/run@1',
      runId: run.runId,
      fabric: overrides.fabric ?? 'planetary-fabric',
      ...settings(mission),
      shards: runShards(mission),
      nodes,
      feeds: sized,
      ...(overrides.withoutFaults === true ? {} : faultsOf(mission, nodes, sized)),
      folders: run.folders,
    };
    refuseOversize(source, spec);
    await place.beforeWriting?.(spec);
    read.spool();
    return { spec, warnings: checked.warnings.map(problemLine) };
  } finally {
    read.discard();
  }
}

function settings(mission: Mission) {
  const { $comment: _, ...policy } = mission.policy;
  return {
    scenario: mission.scenario,
    title: mission.title ?? mission.scenario,
    seed: mission.seed,
    mode: mission.mode,
    policy,
    timeScale: mission.timeScale,
    timeline: runTimeline(mission),
    gates: runGates(mission),
    presentation: mission.presentation,
  };
}

function faultsOf(
  { faults, seed }: Mission,
  nodes: readonly RunNode[],
  feeds: readonly FeedSpec[],
): Pick<RunSpec, 'faults'> {
  if (faults.length === 0) return {};
  const jobs = feeds.reduce((sum, { total }) => sum + total, 0);
  return { faults: runFaults(faults, { seed, nodes, jobs }) };
}

/** A run id that no earlier run under these reports has: `<scenario>-<yyyymmdd-hhmmss>-<4 hex>`, UTC. */
function newRun(scenario: string, reports: string, now: Date) {
  const [day, time] = now.toISOString().slice(0, 19).replace(/[-:]/g, '').split('T');
  for (;;) {
    const runId = `${scenario}-${day}-${time}-${randomBytes(2).toString('hex')}`;
    const folders = {
      ledger: join(reports, 'ledger', runId),
      results: join(reports, 'results', runId),
      reports,
    };
    if (!existsSync(folders.ledger) && !existsSync(folders.results)) return { runId, folders };
  }
}

function overrideProblems({ jobs, seed, fabric }: MissionOverrides): Problem[] {
  const problems: Problem[] = [];
  const whole = (path: string, value: number, { min, max }: { min: number; max: number }) => {
    if (Number.isInteger(value) && value >= min && value <= max) return;
    const expected = `a whole number from ${grouped(min)} to ${grouped(max)}`;
    problems.push({ path, found: grouped(value), expected });
  };
  if (jobs !== undefined) whole('--jobs', jobs, RANGES.jobsPerFeed);
  if (seed !== undefined) whole('--seed', seed, RANGES.seed);
  if (fabric !== undefined && !/^[a-z][a-z0-9-]{0,39}$/.test(fabric)) {
    const expected = 'small letters, digits and hyphens, a letter first, at most 40';
    problems.push({ path: '--fabric', found: quoted(fabric), expected });
  }
  return problems;
}

function jobsProblems(feeds: readonly FeedSpec[], jobs: number | undefined): Problem[] {
  if (jobs === undefined) return [];
  const held = feeds.reduce((sum, feed) => sum + feed.total, 0);
  if (feeds.length > 0 && (allSynthetic(feeds) || jobs <= held)) return [];
  const expected = `at most ${grouped(held)}, which is what the feeds hold`;
  return [{ path: '--jobs', found: grouped(jobs), expected }];
}

function adaptersProblems({ nodes }: Mission, missionFolder: string): Problem[] {
  return nodes.flatMap(({ adapter }, i) =>
    adapterProblems(adapter, missionFolder, `nodes[${i}].adapter`),
  );
}

/** The spec is handed to every workflow of the run, so it must fit the engine's payloads. */
function refuseOversize(source: string, spec: RunSpec): void {
  const bytes = new TextEncoder().encode(JSON.stringify(spec)).length;
  if (bytes <= LIMITS.payloadBytesMax) return;
  const found = `${grouped(bytes)} bytes with its defaults filled in`;
  const expected = `at most ${grouped(LIMITS.payloadBytesMax)}: larger work goes into a feed file`;
  throw new MissionError(source, [{ path: '', found, expected }]);
}
