/**
 * `npm run bench:resume -- [--times N]`: how soon work goes on after a SIGKILL of the orchestrator, of a
 * node and of the Temporal server, N times each (20 unless told), of one of two orchestrators that is not
 * started again, and for the orchestrator and the server beside Temporal's own time-outs. (Of a node there is
 * nothing to put beside: Temporal has no heartbeat time-out unless one is set, and would wait for the lease's own.)
 * A time ends when the outcome is seen on the disk of a real run. Exits 1 where one is above its limit.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { MissionInput } from '../fabric/mission/schema.ts';
import type { Report } from '../reporting/schema.ts';
import { plainTable } from '../scripts/plain-table.ts';
import { runToReport } from '../scripts/run-to-report.ts';
import { killsBesideAnother } from './two-orchestrators.ts';

type Kind = 'kill-orchestrator' | 'kill-node' | 'kill-server';
type Fault = Report['faults'][number];

/** Enough that the last fault's consequences are over when the next comes. */
const APART_MS = { fabric: 4_000, temporal: 14_000 } as const;
const FIRST_MS = 3_000;
const NODES = 4;
const JOB_MS = 20;
const ONE_SHARD = ['earth'];
/** As many as the product has: a process that starts replays all of their workflows. */
const FIVE_SHARDS = ['earth', 'luna', 'mars', 'helios', 'edge'];
/** Of one run: a longer one would tell more of its length than of its kills. */
const KILLS_PER_RUN = 10;

/** A mission that has work for as long as its faults take. */
function missionOf(
  kind: Kind,
  kills: number,
  apartMs: number,
  shards: readonly string[] = ONE_SHARD,
): MissionInput {
  const seconds = (FIRST_MS + (kills + 1) * apartMs) / 1_000;
  // More than one machine's worth of work would tell of its queue and not of its kills.
  const nodes = shards.length > 1 ? NODES / 2 : NODES;
  const node = (i: number) => ({
    kind,
    at: FIRST_MS + i * apartMs,
    node: `earth-node-${(i % NODES) + 1}`,
  });
  const other = (i: number) => ({ kind, at: FIRST_MS + i * apartMs });
  return {
    scenario: 'bench-resume',
    policy: { tickMs: 250, leaseTargetMs: 200, leaseJobsMax: 10, leaseTimeoutMs: 20_000 },
    shards: Object.fromEntries(shards.map((shard) => [shard, {}])),
    nodes: shards.map((shard) => ({ id: `${shard}-node`, shard, count: nodes, slots: 1 })),
    blueprints: shards.map((shard) => ({
      shard,
      kind: 'probe',
      count: Math.round((seconds * 1_000 * nodes) / JOB_MS),
      durationMs: JOB_MS,
    })),
    faults: Array.from({ length: kills }, (_, i) =>
      kind === 'kill-node' ? node(i) : other(i),
    ) as NonNullable<MissionInput['faults']>,
  };
}

async function faultsOf(
  kind: Kind,
  times: number,
  apartMs: number,
  shards?: readonly string[],
): Promise<Fault[]> {
  const faults: Fault[] = [];
  while (faults.length < times) {
    const folder = await mkdtemp(join(tmpdir(), 'bench-resume-'));
    const kills = Math.min(KILLS_PER_RUN, times - faults.length);
    await writeFile(
      join(folder, 'm.json'),
      JSON.stringify(missionOf(kind, kills, apartMs, shards)),
    );
    const { report } = await runToReport('m.json', { folder, overrides: {} });
    if (!report.passed) throw new Error(`a run did not pass; it is in ${folder}`);
    faults.push(...report.faults);
    const wait = process.env['FABRIC_TEMPORAL_DEFAULTS'] ? "Temporal's time-outs" : 'own time-outs';
    process.stderr.write(`${kind}, ${wait}: ${faults.length} of ${times}\n`);
    await rm(folder, { recursive: true, force: true });
  }
  return faults;
}

async function costsOfPairs(times: number): Promise<number[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-resume-'));
  const { faults: _, ...mission } = missionOf('kill-orchestrator', times, APART_MS.fabric);
  await writeFile(join(folder, 'm.json'), JSON.stringify(mission));
  const costs = await killsBesideAnother(folder, 'm.json', times);
  await rm(folder, { recursive: true, force: true });
  return costs;
}

/** Median and worst of so many ms, either null where none was seen. */
interface Figures {
  readonly median: number | null;
  readonly worst: number | null;
  readonly notSeen: number;
}

interface Row {
  readonly name: string;
  readonly from: string;
  readonly figures: Figures;
  /** What was promised, in ms. */
  readonly limit?: { readonly median?: number; readonly worst: number };
}

/** What is promised of the fabric's own time-outs, in ms from the kill or from readiness. */
const PROMISED = {
  'kill-orchestrator': { kill: { worst: 2_000 }, ready: { median: 300, worst: 1_200 } },
  'kill-node': { kill: { worst: 1_500 }, ready: undefined },
  'kill-server': { kill: undefined, ready: { worst: 3_000 } },
  pair: { kill: { worst: 1_500 } },
} as const;

function figuresOf(times: readonly (number | null)[]): Figures {
  const known = times.filter((ms) => ms !== null).sort((a, b) => a - b);
  return {
    median: known[Math.floor(known.length / 2)] ?? null,
    worst: known.at(-1) ?? null,
    notSeen: times.length - known.length,
  };
}

function rowsOf(name: string, kind: Kind, faults: readonly Fault[], isPromised: boolean): Row[] {
  const fromReady = faults.map(({ recoveredAfterMs: next, backAfterMs: back }) =>
    next === null || back === null ? null : next - back,
  );
  const row = (from: string, times: readonly (number | null)[], limit?: Row['limit']): Row => {
    const figures = figuresOf(times);
    return limit && isPromised ? { name, from, figures, limit } : { name, from, figures };
  };
  const { kill, ready } = PROMISED[kind];
  const fromKill = faults.map(({ recoveredAfterMs }) => recoveredAfterMs);
  return [
    row('the kill', fromKill, kill),
    // A node's jobs run elsewhere, whether it is back or not.
    ...(kind === 'kill-node' ? [] : [row('its readiness', fromReady, ready)]),
    row(
      'kill to readiness',
      faults.map(({ backAfterMs }) => backAfterMs),
    ),
  ];
}

function cellsOf({ name, from, figures: { median, worst, notSeen }, limit }: Row): string[] {
  const seen = worst === null ? '–' : `${worst}${notSeen > 0 ? ` (${notSeen} not seen)` : ''}`;
  const promised = limit ? `${limit.median ?? '–'} / ${limit.worst}` : '';
  return [name, from, String(median ?? '–'), seen, promised];
}

/** A time that was not seen is above any limit. */
function isAbove({ figures: { median, worst, notSeen }, limit }: Row): boolean {
  if (!limit) return false;
  const isSlow = (median ?? Infinity) > (limit.median ?? Infinity);
  return isSlow || notSeen > 0 || (worst ?? Infinity) > limit.worst;
}

const { values } = parseArgs({ options: { times: { type: 'string', default: '20' } } });
const times = Number(values.times);
if (!Number.isInteger(times) || times < 1)
  throw new Error('--times: expected a whole number from 1');
const rows: Row[] = [];
/** Tells rows when they are known too: a run of all of them takes a quarter of an hour. */
function take(found: readonly Row[]): void {
  rows.push(...found);
  for (const row of found) process.stderr.write(`${cellsOf(row).join(' | ')}\n`);
}

for (const kind of ['kill-orchestrator', 'kill-node', 'kill-server'] as const) {
  take(rowsOf(kind, kind, await faultsOf(kind, times, APART_MS.fabric), true));
}
const ofFive = await faultsOf('kill-orchestrator', times, APART_MS.fabric, FIVE_SHARDS);
take(rowsOf('kill-orchestrator, five shards', 'kill-orchestrator', ofFive, true));
const pairs = 'two orchestrators, one killed, none restarted';
const costs = figuresOf(await costsOfPairs(times));
take([{ name: pairs, from: 'the kill', figures: costs, limit: PROMISED.pair.kill }]);
process.env['FABRIC_TEMPORAL_DEFAULTS'] = '1';
for (const kind of ['kill-orchestrator', 'kill-server'] as const) {
  const faults = await faultsOf(kind, times, APART_MS.temporal);
  take(rowsOf(`${kind}, Temporal's defaults`, kind, faults, false));
}
const head = ['ms to the next outcome', 'from', 'median', `worst of ${times}`, 'promised'];
for (const line of plainTable(head, rows.map(cellsOf), (column) => column > 1))
  process.stdout.write(`${line}\n`);
const above = rows.filter(isAbove);
for (const { name, from } of above)
  process.stdout.write(`above what is promised: ${name}, from ${from}\n`);
process.exitCode = above.length > 0 ? 1 : 0;
