/**
 * The orchestrator as a long-lived workflow: the pure core of `fabric/orchestrator/` in its durable shell,
 * with the owner's commands as signals and as updates of the same names.
 */
import * as wf from '@temporalio/workflow';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import {
  OWNER_COMMANDS,
  parseCommand,
  type OwnerCommandName,
} from '../fabric/orchestrator/command-schema.ts';
import { ORCHESTRATOR } from '../fabric/orchestrator/checkpoints.ts';
import {
  decide,
  isEnded,
  isExpecting,
  mayContinue,
  nextWake,
  resumeEffects,
} from '../fabric/orchestrator/decide.ts';
import {
  orchestratorEventOf,
  type OrchestratorEffect,
  type OrchestratorEvent,
} from '../fabric/orchestrator/events.ts';
import {
  openOrchestrator,
  type CommandRecord,
  type OrchestratorState,
} from '../fabric/orchestrator/state.ts';
import {
  describeFabric,
  fabricStatus,
  governance,
  phase,
  type FabricStatus,
  type Governance,
} from '../fabric/orchestrator/status.ts';
import { appendEntries, orchestratorActivities } from './appending.ts';
import { saveSnapshot, seal } from './checkpointing.ts';
import { QUERY, shardId, SHOWN, SIGNAL, UPDATE } from './protocol.ts';
import { Sending, takeMail } from './sending.ts';
import { showState } from './shown-state.ts';
import { Shell, type Carried, type Core } from './shell.ts';

export interface OrchestratorInput {
  readonly spec: RunSpec;
  /** From an earlier run of this workflow. */
  readonly carried?: Carried<OrchestratorState, OrchestratorEvent>;
}

/** What the orchestrator leaves behind. */
export interface OrchestratorResult {
  readonly status: FabricStatus;
  readonly governance: Governance;
}

type OrchestratorShell = Shell<OrchestratorState, OrchestratorEvent, OrchestratorEffect>;

const core: Core<OrchestratorState, OrchestratorEvent, OrchestratorEffect> = {
  decide,
  resumeEffects,
  nextWake,
  isEnded,
  isOneWay: (effect) => effect.do !== 'append' && effect.do !== 'seal',
  mayContinue,
  isExpecting,
  wake: { on: 'wake' },
};

const TAKES: Readonly<Record<OwnerCommandName, string>> = {
  pauseAll: 'Stops leasing on every shard. {}',
  resumeAll: 'Lets every shard lease again. {}',
  pauseShard: 'Stops leasing on one shard. {shard}',
  resumeShard: 'Lets one shard lease again. {shard}',
  updateSpilloverLimit: 'Sets the queue depth above which a shard sheds. {shard, limit}',
  updateLatencyBudget: "Sets a shard's latency budget in ms. {shard, ms}",
  setTickInterval: "Sets the orchestrator's cadence. {seconds}",
  cordonNode: 'Gives a node nothing new. {node}',
  uncordonNode: 'Lets a node be given work again; a removed one may register again. {node}',
  drainNode:
    'Gives a node nothing new, and what it has not ended in time to others. {node, seconds?}',
  removeNode: 'Takes a node out of its shard; what it held is given to others. {node}',
  registerNode:
    'Makes a node known to its shard before it comes. {id, shard, skills?, slots?, pricePerJob?, …}',
  updateNode: 'Changes what a node offers. {node, skills?, slots?, pricePerJob?, …}',
  checkpoint: 'Writes a checkpoint now. {}',
  submitJobs: 'Hands in at most 500 jobs. {jobs: [{id, kind, shard?, skills?, payload?, …}]}',
};

/** Runs the orchestrator until the run is closed; answers with what it knew at the end. */
export async function orchestratorWorkflow({
  spec,
  carried,
}: OrchestratorInput): Promise<OrchestratorResult> {
  const shell: OrchestratorShell = new Shell(
    carried ?? {
      // A short mission may be over before the first task of a busy process.
      state: openOrchestrator(spec, wf.workflowInfo().startTime.getTime()),
      pending: [{ on: 'opened' }],
    },
  );
  const sending = new Sending();
  const activities = orchestratorActivities();
  takeCommands(shell);
  tellOutcomes(shell);
  takeMessages(shell);
  answerQueries(shell);
  refuseOthers(shell);
  const carryOut = (effect: OrchestratorEffect): void => {
    if (effect.do === 'send') return sending.send(shardId(spec.fabric, effect.to), effect.message);
    if (effect.do === 'show') return wf.upsertMemo({ [SHOWN]: effect.shown });
    const happened = (event: OrchestratorEvent): void => shell.happened(event);
    if (effect.do === 'cut') return saveSnapshot(spec, ORCHESTRATOR, effect, happened);
    if (effect.do === 'seal') return seal(spec, effect, happened);
    const folder = `${spec.folders.ledger}/${ORCHESTRATOR}`;
    return appendEntries(activities, { ...effect, folder }, happened, (error) => shell.fail(error));
  };
  const next = await shell.run(
    {
      core,
      historyEventsMax: spec.policy.historyEventsMax,
      carryOut,
      sending,
      settled: (state) => {
        wf.setCurrentDetails(describeFabric(state));
        showState(phase(state));
      },
    },
    carried === undefined,
  );
  if (next !== null) {
    await wf.condition(wf.allHandlersFinished);
    await inNewRun({ spec, carried: next });
  }
  await wf.condition(wf.allHandlersFinished);
  return { status: fabricStatus(shell.state), governance: governance(shell.state) };
}

/** The new run starts with what this one showed: the engine itself hands on only the first run's memo. */
async function inNewRun(input: OrchestratorInput): Promise<void> {
  const { memo = {} } = wf.workflowInfo();
  await wf.makeContinueAsNewFunc<typeof orchestratorWorkflow>({ memo })(input);
}

function takeCommands(shell: OrchestratorShell): void {
  for (const name of OWNER_COMMANDS) {
    const options = { description: `${TAKES[name]} and commandId?, by?, reason?` };
    wf.setHandler(
      wf.defineSignal<[unknown]>(name),
      (input) => signalled(shell, name, input),
      options,
    );
    wf.setHandler(
      wf.defineUpdate<CommandRecord | Unconfirmed, [unknown]>(name),
      (input) => confirmed(shell, name, input),
      options,
    );
  }
}

/** Set last: signals that came before the first task go to it unless their own handler is there. */
function refuseOthers(shell: OrchestratorShell): void {
  wf.setDefaultSignalHandler((name, ...args) => signalled(shell, name, args[0]));
}

/** Hands on what came as a signal, whatever it is: the core takes it or refuses it on the record. */
function signalled(shell: OrchestratorShell, name: string, input: unknown): void {
  shell.happened({ on: 'command', name, input, via: 'signal', fallbackId: wf.uuid4() });
}

/** The answer of an update whose workflow run ended before the command was done. */
export interface Unconfirmed {
  readonly commandId: string;
  readonly outcome: 'received';
  readonly effect: string;
}

/** Takes a command and waits for its outcome. */
async function confirmed(
  shell: OrchestratorShell,
  name: OwnerCommandName,
  input: unknown,
): Promise<CommandRecord | Unconfirmed> {
  const fallbackId = wf.uuid4();
  const { commandId } = parseCommand(name, input, fallbackId);
  shell.happened({ on: 'command', name, input, via: 'update', fallbackId });
  const effect = 'Received, unconfirmed: look it up by its id in the query `governance`.';
  return (await outcomeOf(shell, commandId)) ?? { commandId, outcome: 'received', effect };
}

/** Waits until the command has an outcome; never so long that it would hold up a new run for long. */
async function outcomeOf(
  shell: OrchestratorShell,
  commandId: string,
): Promise<CommandRecord | null> {
  const recordOf = (): CommandRecord | undefined =>
    shell.state.commands.find((each) => each.commandId === commandId);
  shell.asking += 1;
  await wf.condition(() => {
    const outcome = recordOf()?.outcome;
    return shell.isLeaving || (outcome !== undefined && outcome !== 'received');
  });
  shell.asking -= 1;
  return recordOf() ?? null;
}

/** Says what became of a command that came as a signal, once it is known; it changes nothing. */
function tellOutcomes(shell: OrchestratorShell): void {
  wf.setHandler(
    wf.defineUpdate<CommandRecord | null, [unknown]>(UPDATE.commandOutcome),
    (input) => outcomeOf(shell, (input as { commandId: string }).commandId),
    {
      description: 'Waits for the outcome of a command that was sent as a signal. {commandId}',
      validator: (input) => {
        const id = (input as { commandId?: unknown } | null)?.commandId;
        if (typeof id !== 'string' || id === '') throw new Error('commandId: expected a text');
      },
    },
  );
}

function takeMessages(shell: OrchestratorShell): void {
  const name = SIGNAL.message;
  takeMail((message, input) => {
    const event = message === null ? null : orchestratorEventOf(message);
    shell.happened(event ?? { on: 'command', name, input, via: 'signal', fallbackId: wf.uuid4() });
  });
  wf.setHandler(
    wf.defineSignal<[unknown]>(SIGNAL.close),
    (input) => shell.happened({ on: 'close', input, fallbackId: wf.uuid4() }),
    {
      description:
        'Ends the run in order: nothing more is leased, what runs ends, what is queued is cancelled. {commandId?, by?, reason?}',
    },
  );
}

function answerQueries(shell: OrchestratorShell): void {
  wf.setHandler(wf.defineQuery<FabricStatus>(QUERY.fabricStatus), () => fabricStatus(shell.state), {
    description: 'The whole fabric: totals, shards, nodes, decisions.',
  });
  wf.setHandler(wf.defineQuery<Governance>(QUERY.governance), () => governance(shell.state), {
    description: 'Owner commands with their outcomes, and the policy after each.',
  });
}
