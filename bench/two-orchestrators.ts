/**
 * Two orchestrator processes side by side, of which the one that serves the shard is killed; the other goes
 * on alone, and only then is a new one started for the next kill.
 */
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { ConnectedEngine } from '../engine/connect.ts';
import { connectEngine } from '../engine/connect.ts';
import type { Engine } from '../engine/open.ts';
import { openEngine } from '../engine/open.ts';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import { Recovery } from '../reporting/recovery.ts';
import { OutcomeCount } from '../scripts/faults/outcome-count.ts';
import { loadMission } from '../scripts/mission/load.ts';
import { packageFolder } from '../scripts/mission/mission-file.ts';
import { startWorkflows } from '../scripts/start-workflows.ts';
import { keepRunSpec, runFolder, runSpecFile } from '../scripts/state.ts';
import type { SupervisedProcess } from '../scripts/supervised-process.ts';
import { superviseProcess } from '../scripts/supervised-process.ts';
import { shardId } from '../workflows/protocol.ts';

const LOOK_MS = 20;
/** Kills fall on different instants of what the fabric does again and again. */
const APART_MS = 400;
const APART_STEP_MS = 37;
/** A task begins every few events. */
const NEWEST_EVENTS = 50;
const STOP_GRACE_MS = 15_000;

interface Started {
  readonly process: SupervisedProcess;
  readonly pid: number;
}

/** Starts one of the run's processes and waits until it is ready. */
type Launch = (role: string, module: string) => Promise<Started>;

/**
 * Kills `times` orchestrators of the mission `file` in `folder`, which has one shard and work for as long as
 * that takes. Returns for each kill the ms to the next recorded outcome.
 */
export async function killsBesideAnother(
  folder: string,
  file: string,
  times: number,
): Promise<number[]> {
  const { spec } = await loadMission(file, {}, { workingFolder: folder });
  const stateDir = join(folder, '.planetary-fabric');
  await keepRunSpec(stateDir, spec);
  const engine = await openEngine({ stateDir: runFolder(stateDir, spec.runId) });
  const connected = await connectEngine(engine);
  const all: SupervisedProcess[] = [];
  try {
    const launch: Launch = async (role, module) => {
      const started = startOne(role, module, stateDir, spec, engine);
      all.push(started.process);
      await started.process.ready;
      return started;
    };
    return await killEach(connected, spec, launch, times);
  } finally {
    await Promise.all(all.map((each) => each.stop(STOP_GRACE_MS)));
    await connected.close();
    await engine.stop();
  }
}

async function killEach(
  connected: ConnectedEngine,
  spec: RunSpec,
  launch: Launch,
  times: number,
): Promise<number[]> {
  const pair = [
    await launch('orchestrator', 'orchestrator.js'),
    await launch('orchestrator', 'orchestrator.js'),
  ];
  await startWorkflows(connected, spec, null);
  await launch('node host', 'node-host.js');
  const count = new OutcomeCount(spec.folders.ledger);
  const firstAfter = async (atMs: number): Promise<number> => {
    const killed = new Recovery({ kind: 'kill-orchestrator', target: '', nodes: [], atMs });
    for (;;) {
      const entries = await count.look();
      // When it is on disk: the time in the entry is when the task began that took it, replay and all before it.
      if (entries.some((entry) => killed.isAnsweredBy(entry))) return Date.now();
      await setTimeout(LOOK_MS);
    }
  };
  const costs: number[] = [];
  await firstAfter(0);
  while (costs.length < times) {
    await setTimeout(APART_MS + costs.length * APART_STEP_MS);
    let serving = await servingPid(connected, spec);
    // A new run of the workflow may not have begun a task yet.
    while (serving === null) {
      await setTimeout(LOOK_MS);
      serving = await servingPid(connected, spec);
    }
    const struck = pair.findIndex(({ pid }) => pid === serving);
    if (struck < 0) throw new Error(`process ${serving} serves the shard and is none of ours`);
    let killedAtMs = 0;
    await pair[struck]!.process.kill(false, () => (killedAtMs = Date.now()));
    costs.push((await firstAfter(killedAtMs)) - killedAtMs);
    pair[struck] = await launch('orchestrator', 'orchestrator.js');
  }
  return costs;
}

/** The process that began the shard's newest task, or null: a worker's identity starts with its process id. */
async function servingPid(
  { connection, namespace }: ConnectedEngine,
  { fabric, shards }: RunSpec,
): Promise<number | null> {
  const workflowId = shardId(fabric, shards[0]!.name);
  const { history } = await connection.workflowService.getWorkflowExecutionHistoryReverse({
    namespace,
    execution: { workflowId },
    maximumPageSize: NEWEST_EVENTS,
  });
  for (const { workflowTaskStartedEventAttributes: task } of history?.events ?? []) {
    if (task) return Number.parseInt(task.identity ?? '', 10);
  }
  return null;
}

function startOne(
  role: string,
  module: string,
  stateDir: string,
  spec: RunSpec,
  { address, namespace }: Engine,
): Started {
  let pid = 0;
  const supervised = superviseProcess({
    role,
    command: process.execPath,
    args: [join(packageFolder(), 'dist', 'workers', module), runSpecFile(stateDir, spec.runId)],
    env: { ...process.env, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace },
    logFile: join(stateDir, 'logs', `${role}.log`),
    onStart: (started) => (pid = started),
  });
  return { process: supervised, pid };
}
