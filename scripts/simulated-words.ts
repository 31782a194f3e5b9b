/** A run in virtual time in plain words, for the terminal. */
import type { AdapterSpec } from '../fabric/mission/run-spec.ts';
import { counted, duration, number, titled } from '../reporting/numbers.ts';
import { verdictLines } from '../reporting/verdict.ts';
import { plainTable } from './plain-table.ts';
import type { SimulatedMission } from './simulate.ts';
import { AGENT_JOB_MS } from './simulated-jobs.ts';

const HEAD = [
  'Shard',
  'completed',
  'failed',
  'refused',
  'queue max',
  'spilled out',
  'spilled in',
  'over budget',
];

/** All of it: what was simulated, how long it took there and here, shards, caveats, the verdict. */
export function simulationLines(mission: SimulatedMission): string[] {
  const { spec, run, report, wallMs } = mission;
  const { submitted } = report.jobs;
  const on = `${counted(spec.shards.length, 'shard')} and ${counted(spec.nodes.length, 'node')}`;
  return [
    `Simulated in virtual time: ${spec.scenario}, ${counted(submitted, 'job')} on ${on}, seed ${spec.seed}.`,
    `${duration(run.virtualMs)} of virtual time in ${counted(run.decisions, 'decision')}; that took ${duration(wallMs)} here.`,
    '',
    ...plainTable(HEAD, shardRows(mission), (column) => column > 0),
    '',
    ...caveats(mission),
    '',
    ...verdictOf(mission),
  ];
}

/** What it comes to; for a run that would never end, what is left and where. */
export function verdictOf(mission: SimulatedMission): string[] {
  const verdict = verdictLines(mission.report, null);
  return mission.run.ended === 'closed' ? verdict : [...stuckLines(mission), ...verdict];
}

function shardRows({ report }: SimulatedMission): string[][] {
  return Object.entries(report.shards).map(([name, shard]) => [
    name,
    ...[
      shard.jobs.completed,
      shard.jobs.failed,
      shard.jobs.refused,
      shard.queueDepth.max,
      shard.spilledOut,
      shard.spilledIn,
      shard.latencyMs.overBudget,
    ].map((value) => number(value)),
  ]);
}

function caveats({ spec, report }: SimulatedMission): string[] {
  const agents = [...new Set(spec.nodes.flatMap(({ adapter }) => agentName(adapter)))];
  const times =
    'Times are those of service, links, messages and writes, not of the computing that a real machine does.';
  if (agents.length > 0) {
    const named = agents.map((agent) => `"${agent}"`).join(', ');
    return [
      `Results of real agents are not computed (${named}): each of their jobs takes its estimate, ${AGENT_JOB_MS} ms`,
      'where it has none, and succeeds.',
      times,
    ];
  }
  return [
    `All nodes are simulated: a real run of this mission and seed comes to the same outcomes,`,
    `${report.outcomeDigest}.`,
    times,
  ];
}

function agentName(adapter: AdapterSpec): string[] {
  if (adapter.type === 'simulated') return [];
  return [adapter.type === 'agent' ? adapter.agent : adapter.command.join(' ')];
}

function stuckLines({ run, report }: SimulatedMission): string[] {
  const { queued, leased, inTransit } = report.jobs;
  const left = counted(queued + leased + inTransit, 'job');
  const open = Object.values(run.status.shards).filter((load) => !load.closed);
  return [
    `Stuck: after ${duration(run.virtualMs)} nothing more happens, with ${left} not ended.`,
    ...open.map((load) => {
      const ready = load.nodes.filter(({ state }) => state === 'ready').length;
      const jobs = `${number(load.queued)} waiting, ${number(load.leased)} leased, ${number(load.inTransit)} in transit`;
      const how = `${load.paused ? 'paused, ' : ''}${counted(ready, 'ready node')}`;
      return `  ${titled(load.shard)}: ${jobs}; ${how}${load.problem === null ? '' : `; ${load.problem}`}`;
    }),
  ];
}
