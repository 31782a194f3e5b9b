/**
 * A fabric from its first process to its report: claims the name, opens the engine, starts processes and
 * workflows, watches, closes, reports, and ends everything in the reverse order, whatever happened.
 */
import { join } from 'node:path';
import { connectEngine } from '../engine/connect.ts';
import { stopRecorded } from '../engine/embedded.ts';
import type { Engine } from '../engine/open.ts';
import { openEngine } from '../engine/open.ts';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import { commandName, resumeCommand } from './command-name.ts';
import { fullDisk } from './disk-room.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { checkExportable } from './export-file.ts';
import type { FaultsUnderWay } from './faults/carry-out.ts';
import { carryOutFaults, refuseForeignServer, StoppedByFault } from './faults/carry-out.ts';
import type { EngineLife } from './engine-life.ts';
import { keepEngine, removeDatabase } from './engine-life.ts';
import type { FabricAccess } from './fabric-access.ts';
import { accessOver, fetchGovernance, fetchWholeStatus, isOpen } from './fabric-access.ts';
import type { FabricProcesses } from './fabric-processes.ts';
import { startProcesses } from './fabric-processes.ts';
import { finishRun } from './finish.ts';
import { InterruptedError, listenForInterruption } from './interruption.ts';
import type { Interruption } from './interruption.ts';
import { handOver } from './keep-running.ts';
import { rebuildOn, type RebuiltRun } from './rebuild.ts';
import { tellInterrupted, tellStopped, tidyAfter } from './kept-run.ts';
import type { LiveDisplay } from './live-display.ts';
import { liveDisplay } from './live-display.ts';
import type { Output, Place } from './place.ts';
import { say, stateFolder } from './place.ts';
import type { Watched } from './run-watch.ts';
import { closeFabric, watchRun } from './run-watch.ts';
import type { RunOrder } from './run-order.ts';
import { whenFinished } from './run-order.ts';
import type { RunWorkflows } from './start-workflows.ts';
import { startWorkflows } from './start-workflows.ts';
import type { FabricRecord } from './state.ts';
import {
  claimFabric,
  dropFabric,
  keepRunSpec,
  runFolder,
  runSpecFile,
  updateFabric,
} from './state.ts';

export type { RunOrder } from './run-order.ts';

/** Everything a run holds open. */
interface Held {
  engine: Engine | null;
  life: EngineLife | null;
  access: FabricAccess | null;
  processes: FabricProcesses | null;
  faults: FaultsUnderWay | null;
  /** Set once workflows were asked for: from then on there is something to resume. */
  isStarted: boolean;
  /** What was last said of a process that died, to stand beside the numbers. */
  note: string | null;
  /** The last change of the fabric's record under way; one at a time, so that none is lost. */
  recorded: Promise<void>;
}

interface Stage {
  readonly place: Place;
  readonly spec: RunSpec;
  readonly order: RunOrder;
  readonly stateDir: string;
  readonly specFile: string;
  /** The record that a fabric of this name left behind before. */
  readonly left: FabricRecord | null;
  /** Where people are spoken to: standard error when standard output is JSON. */
  readonly talk: Output;
  readonly display: LiveDisplay;
  readonly interruption: Interruption;
  readonly held: Held;
}

/**
 * Runs the fabric and returns the exit code. Throws UsageError when one of that name is live, errors of
 * the engine when none can be had, and RunFailedError when a workflow did not end in order; the state is
 * then kept. An interruption is no error: it prints the resume token and returns 130.
 */
export async function conductRun(place: Place, spec: RunSpec, order: RunOrder): Promise<number> {
  const stateDir = stateFolder(place);
  if (order.exportFile !== undefined) await checkExportable(place.folder, order.exportFile);
  const specFile = runSpecFile(stateDir, spec.runId);
  const left = await claimFabric(stateDir, spec, specFile);
  const talk = order.json === true ? place.err : place.out;
  const stage: Stage = {
    place,
    spec,
    order,
    stateDir,
    specFile,
    left,
    talk,
    display: liveDisplay(talk, order.quiet === true),
    interruption: listenForInterruption(place),
    held: {
      engine: null,
      life: null,
      access: null,
      processes: null,
      faults: null,
      isStarted: false,
      note: null,
      recorded: Promise.resolve(),
    },
  };
  try {
    if (left !== null && left.runId !== spec.runId) await tidyAfter(stateDir, left, stage.display);
    await keepRunSpec(stateDir, spec);
    return await throughAllStages(stage);
  } catch (error) {
    await endEverything(stage);
    if (error instanceof StoppedByFault) {
      await tellStopped(talk, spec, specFile, error.message);
      return EXIT.interrupted;
    }
    if (!(error instanceof InterruptedError)) throw await explained(stage, error);
    return await interrupted(stage);
  } finally {
    stage.interruption.end();
  }
}

async function throughAllStages(stage: Stage): Promise<number> {
  const { spec, order, interruption, held } = stage;
  const workflows = await bringUp(stage);
  const access = held.access!;
  if (order.until === 'now' && (await interruption.race(isOpen(access)))) {
    await interruption.race(
      access.call(() => closeFabric(workflows, { by: stage.place.user, reason: 'down' })),
    );
  }
  const watched = await watchRun({
    access,
    workflows,
    display: stage.display,
    interruption,
    whenFinished: whenFinished(order),
    note: () => held.note,
    whyMute: async () =>
      held.engine?.kind === 'embedded' ? fullDisk(runFolder(stage.stateDir, spec.runId)) : null,
    lost: Promise.race([held.life!.lost, held.faults!.stopped]),
  });
  stage.display.end();
  await held.faults?.end();
  const code = await interruption.race(access.follow(() => report(stage, workflows, watched)));
  if (watched.state === 'finished') {
    await held.processes?.stop();
    await held.life?.release();
    await access.close();
    await handOver(stage.place, spec);
    say(
      stage.talk,
      `The fabric "${spec.fabric}" is kept running; \`${commandName()} down\` ends it.`,
    );
    return code;
  }
  await endEverything(stage);
  await dropFabric(stage.stateDir, spec);
  await removeDatabase(held.engine);
  return code;
}

/** Engine, processes and workflows; the latter two come up side by side. */
async function bringUp(stage: Stage): Promise<RunWorkflows> {
  const { place, spec, order, stateDir, specFile, interruption, held } = stage;
  const engine = await interruption.race(
    openEngine({
      stateDir: runFolder(stateDir, spec.runId),
      keepAlive: order.keep === true,
      env: place.env,
      progress: (line) => stage.display.line(line),
    }).then((opened) => (held.engine = opened)),
  );
  refuseForeignServer(spec, engine);
  const { kind, address, namespace, uiUrl } = engine;
  const onNote = (note: string | null): void => {
    held.note = note;
    if (note !== null) stage.display.line(note);
  };
  held.life = keepEngine(engine, {
    stateDir: runFolder(stateDir, spec.runId),
    onBack: (back) => (held.engine = back),
    onNote,
  });
  const connected = await interruption.race(connectEngine(engine));
  const access = accessOver(connected, { fabric: spec.fabric, record: null, address, uiUrl });
  held.access = access;
  record(stage, { engine: { kind, address, namespace, uiUrl } });
  held.processes = await startProcesses({
    spec,
    specFile,
    engine,
    env: place.env,
    logFolder: join(stateDir, 'logs', spec.runId),
    onPids: (pids) => record(stage, { pids }),
    onNote,
  });
  held.isStarted = true;
  const rebuilt = async (): Promise<RebuiltRun> => {
    const run = await rebuildOn(engine, spec, order.from);
    stage.display.line(run.told);
    return run;
  };
  const workflows = access.follow(() =>
    startWorkflows(connected, spec, order.start === 'again' ? rebuilt : null),
  );
  const [started] = await interruption.race(Promise.all([workflows, held.processes.ready]));
  stage.display.line(
    `fabric: ${spec.fabric}, run ${spec.runId}, nodes ${spec.nodes.length}, shards ${spec.shards.length}`,
  );
  held.faults = carryOutFaults({
    spec,
    processes: held.processes,
    engine: held.life,
    isBroughtBack: order.start === 'again' || order.bringsBack === true,
    tell: (line) => stage.display.line(line),
  });
  return started;
}

/** Keeps what others need to find the fabric; a write that fails costs them a link, not the run. */
function record({ held, stateDir, spec }: Stage, change: Parameters<typeof updateFabric>[2]): void {
  held.recorded = held.recorded
    .then(() => updateFabric(stateDir, spec.fabric, change))
    .catch(() => undefined);
}

async function report(
  { place, spec, order, held, talk }: Stage,
  workflows: RunWorkflows,
  watched: Watched,
): Promise<number> {
  const access = held.access!;
  const result =
    watched.state === 'closed'
      ? watched.result
      : { status: await fetchWholeStatus(access), governance: await fetchGovernance(access) };
  return await finishRun({
    place,
    spec,
    order,
    isKept: watched.state === 'finished',
    talk,
    workflows,
    result,
    client: access.client,
    engine: held.engine!,
  });
}

/** In reverse order of their start, each though another fails. */
async function endEverything({ display, held, stateDir, spec }: Stage): Promise<void> {
  display.end();
  const { access, processes, faults, life } = held;
  await faults?.end();
  await processes?.stop();
  await held.recorded;
  await access?.close().catch(() => undefined);
  await life?.release();
  const { engine } = held;
  // A server that was being started is recorded before it answers.
  if (engine === null) await stopRecorded(runFolder(stateDir, spec.runId));
  if (engine?.kind === 'embedded') {
    if (engine.reused) await stopRecorded(runFolder(stateDir, spec.runId));
    else await engine.stop();
  }
}

async function interrupted({ spec, stateDir, held, order, left, talk }: Stage): Promise<number> {
  if (!held.isStarted && order.start === 'fresh') {
    await dropFabric(stateDir, spec, left);
    say(talk, 'Interrupted before anything was started.');
    return EXIT.interrupted;
  }
  await tellInterrupted(talk, spec);
  return EXIT.interrupted;
}

/** The error, with the way back to the run where there is one. */
async function explained(stage: Stage, error: unknown): Promise<unknown> {
  const { spec, stateDir, held, order, left } = stage;
  // A UsageError after the start means that the server holds another run's workflows, and none of this one.
  if (order.start === 'fresh' && (!held.isStarted || error instanceof UsageError)) {
    await dropFabric(stateDir, spec, left);
  } else if (error instanceof Error && held.processes !== null) {
    error.message += `\nLogs: ${held.processes.logFolder}\nThe state of the run is kept; continue it with:\n  ${resumeCommand(spec)}`;
  }
  return error;
}
