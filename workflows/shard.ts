/**
 * A shard as a long-lived workflow: the pure core of `fabric/shard/` in its durable shell. Handlers only
 * note what has come in; every decision is the core's.
 */
import * as wf from '@temporalio/workflow';
import type { ShardCommand } from '../fabric/messages.ts';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import { parseCommand } from '../fabric/orchestrator/command-schema.ts';
import { reason } from '../fabric/reasons.ts';
import { decide, isExpecting, mayContinue, resumeEffects } from '../fabric/shard/decide.ts';
import { shardEventOf, type ShardEffect, type ShardEvent } from '../fabric/shard/events.ts';
import { parseRegistration } from '../fabric/shard/registration.ts';
import { describeShard, isEnded, loadReport, phase } from '../fabric/shard/report.ts';
import { openShard, type ShardState } from '../fabric/shard/state.ts';
import { nextWake } from '../fabric/shard/wake.ts';
import { QUERY, SIGNAL } from './protocol.ts';
import { Sending, takeMail } from './sending.ts';
import { ShardEffects } from './shard-effects.ts';
import { showState } from './shown-state.ts';
import { Shell, type Carried, type Core } from './shell.ts';

export interface ShardInput {
  readonly spec: RunSpec;
  readonly shard: string;
  /** From an earlier run of this workflow. */
  readonly carried?: Carried<ShardState, ShardEvent>;
}

const core: Core<ShardState, ShardEvent, ShardEffect> = {
  decide,
  resumeEffects,
  nextWake,
  isEnded,
  isOneWay: (effect) => effect.do === 'send' || effect.do === 'cut',
  mayContinue,
  isExpecting,
  wake: { on: 'wake' },
};

/** Runs one shard until it is closed. */
export async function shardWorkflow({ spec, shard, carried }: ShardInput): Promise<void> {
  const shell = new Shell<ShardState, ShardEvent, ShardEffect>(
    carried ?? { state: openShard(spec, shard, Date.now()), pending: [{ on: 'opened' }] },
  );
  const sending = new Sending();
  const effects = new ShardEffects(spec, shard, sending, shell);
  takeSignals(shard, (event) => shell.happened(event));
  wf.setHandler(
    wf.defineQuery(QUERY.shardStatus),
    () => loadReport(shell.state, Date.now(), shell.state.report.seq),
    { description: 'The load of this shard: queue, leases, nodes, spillover, policy.' },
  );
  const next = await shell.run(
    {
      core,
      historyEventsMax: spec.policy.historyEventsMax,
      carryOut: (effect) => effects.carryOut(effect),
      sending,
      settled: (state, done) => {
        if (done.some(isReport)) wf.setCurrentDetails(describeShard(state, Date.now()));
        showState(phase(state));
      },
    },
    carried === undefined,
  );
  if (next !== null) await wf.continueAsNew<typeof shardWorkflow>({ spec, shard, carried: next });
}

function isReport(effect: ShardEffect): boolean {
  return effect.do === 'send' && effect.message.kind === 'load';
}

function takeSignals(shard: string, happened: (event: ShardEvent) => void): void {
  const refuse = (name: string, input: unknown, because?: ReturnType<typeof reason>): void => {
    const { commandId, by, reason: why, problem } = parseCommand(name, input, wf.uuid4());
    const command: ShardCommand = { commandId, name, args: {}, by, reason: why, via: 'shard' };
    const fallback = reason('unknown-command', { name, names: 'pause, resume' });
    happened({ on: 'badInput', command, because: because ?? problem ?? fallback });
  };
  const owner = (name: 'pause' | 'resume') => (input: unknown) => {
    // They take what `pauseAll` takes: who, why, and an id.
    const { commandId, by, reason: why, problem } = parseCommand('pauseAll', input, wf.uuid4());
    const command: ShardCommand = { commandId, name, args: {}, by, reason: why, via: 'shard' };
    if (problem === null) happened({ on: 'command', command });
    else happened({ on: 'badInput', command, because: problem });
  };
  wf.setHandler(wf.defineSignal<[unknown]>(SIGNAL.pause), owner('pause'), {
    description: 'Stops leasing on this shard. {commandId?, by?, reason?}',
  });
  wf.setHandler(wf.defineSignal<[unknown]>(SIGNAL.resume), owner('resume'), {
    description: 'Lets this shard lease again. {commandId?, by?, reason?}',
  });
  wf.setHandler(
    wf.defineSignal<[unknown]>(SIGNAL.registerNode),
    (input) => {
      const registration = parseRegistration(input, shard);
      if (registration.problem === null) happened({ on: 'nodeRegistered', ...registration });
      else refuse(SIGNAL.registerNode, input, registration.problem);
    },
    { description: 'A node host registers a node. {node, session}' },
  );
  takeMail((message, input) => {
    const event = message === null ? null : shardEventOf(message);
    if (event !== null) happened(event);
    else refuse(SIGNAL.message, input, reason('bad-arguments', { problem: 'no such message' }));
  });
  wf.setDefaultSignalHandler((name, ...args) => refuse(name, args[0]));
}
