/**
 * The owner's commands as a shard carries them out. Each is applied once and answered every time it
 * comes, so that a lost answer costs nothing. A pause is answered once the cancels it asked for had
 * their time to come back: what is still leased then has started and runs to its end.
 */
import { jsonBytes } from '../bytes.ts';
import { isOnDisk, isStuck } from '../ledger.ts';
import { LIMITS } from '../limits.ts';
import {
  withoutLists,
  type CommandAnswer,
  type ShardCommand,
  type ShardCommandName,
} from '../messages.ts';
import { counted, explain, reason, type Reason } from '../reasons.ts';
import { log, note, send, type Draft } from './draft.ts';
import { submitJobs } from './inbox.ts';
import { expectNode, updateNode } from './node-orders.ts';
import { commandNode, type NodeCommand } from './node-service.ts';

/** A lease that waits at its node learns of a cancel by its next beat, 0.2 to 0.4 s later. */
const PAUSE_ANSWER_MS = 600;

type Answered = Pick<CommandAnswer, 'effect'> & Partial<CommandAnswer>;

export function takeCommand(draft: Draft, command: ShardCommand): void {
  const { state } = draft;
  const known = state.commands.find((each) => each.commandId === command.commandId);
  if (state.answersOwed.some(({ answer: owed }) => owed.commandId === command.commandId)) return;
  if (known) {
    send(draft, null, { kind: 'answer', body: known });
    return;
  }
  if (state.pendingPauses.some((each) => each.command.commandId === command.commandId)) return;
  if (command.name === 'pause' || command.name === 'fabricPause') {
    pause(draft, command);
  } else {
    answer(draft, command, carryOut(draft, command));
  }
}

/**
 * Gives the answers that the ledger holds by now, so that what the owner was told outlives the engine. While
 * it can't be written they are given all the same: a full disk must not keep the owner from pausing.
 */
export function sendAnswers(draft: Draft): void {
  const { state } = draft;
  state.answersOwed = state.answersOwed.filter(({ answer: body, seq }) => {
    if (!isOnDisk(state.ledger, seq) && !isStuck(state.ledger)) return true;
    send(draft, null, { kind: 'answer', body });
    return false;
  });
}

/** Refuses what was sent by hand and can't be taken: recorded, and told to the orchestrator. */
export function refuseCommand(draft: Draft, command: ShardCommand, why: Reason): void {
  note(draft, why);
  answer(draft, command, {
    outcome: 'refused',
    because: explain(why),
    effect: 'Nothing changed.',
  });
}

/** Answers pauses whose leases have all come back, or whose time is up. */
export function settlePauses(draft: Draft): void {
  const { state, nowMs } = draft;
  const running = state.leases.map(({ lease, node, jobs }) => ({ lease, node, jobs }));
  for (const pending of state.pendingPauses) {
    if (running.length > 0 && pending.dueAtMs > nowMs) continue;
    state.pendingPauses = state.pendingPauses.filter((each) => each !== pending);
    const why = reason('paused', { running: running.length });
    note(draft, why);
    answer(draft, pending.command, { effect: explain(why), running });
  }
}

function pause(draft: Draft, command: ShardCommand): void {
  const { state, nowMs } = draft;
  const which = command.name === 'pause' ? 'shard' : 'fabric';
  state.switches = { ...state.switches, [which]: false };
  callBackLeases(draft);
  // The planner hears of it now; the answer and what runs until then come later.
  state.report = { ...state.report, due: true, sentAtMs: 0 };
  const pending = { command, dueAtMs: nowMs + PAUSE_ANSWER_MS };
  state.pendingPauses = [...state.pendingPauses, pending];
}

/** Asks for every lease to come back if it has not started. */
export function callBackLeases(draft: Draft): void {
  const { state } = draft;
  for (const lease of state.leases) {
    if (!lease.cancelled) draft.effects.push({ do: 'cancelLease', lease: lease.lease });
  }
  state.leases = state.leases.map((lease) => ({ ...lease, cancelled: true }));
}

/** Does what a command says, whatever came of it before. A pause is none of these: it is answered later. */
export function carryOut(
  draft: Draft,
  { name, args }: Pick<ShardCommand, 'name' | 'args'>,
): Answered {
  const { state } = draft;
  switch (name as ShardCommandName) {
    case 'resume':
      return resume(draft, { ...state.switches, shard: true });
    case 'fabricResume':
      return resume(draft, { fabric: true, shard: true });
    case 'updateSpilloverLimit': {
      const before = state.policy.spilloverLimit;
      state.policy = { ...state.policy, spilloverLimit: args.limit ?? before };
      return changed(draft, 'spillover limit', before, state.policy.spilloverLimit);
    }
    case 'updateLatencyBudget': {
      const before = state.policy.latencyBudgetMs;
      state.policy = { ...state.policy, latencyBudgetMs: args.ms ?? before };
      return changed(draft, 'latency budget', `${before} ms`, `${state.policy.latencyBudgetMs} ms`);
    }
    case 'setTickInterval': {
      const before = state.fabricPolicy.tickMs;
      const tickMs = Math.round((args.seconds ?? before / 1000) * 1000);
      state.fabricPolicy = { ...state.fabricPolicy, tickMs };
      return changed(draft, 'tick', `${before} ms`, `${tickMs} ms`);
    }
    case 'submitJobs': {
      const submission = submitJobs(draft, args.jobs ?? []);
      const { accepted, refused } = submission;
      const effect = `${counted(accepted.length, 'job')} accepted, ${refused.length} refused.`;
      return { ...submission, effect };
    }
    case 'cordonNode':
    case 'uncordonNode':
    case 'drainNode':
    case 'removeNode':
      return commandNode(draft, name as NodeCommand, args);
    case 'registerNode':
      return expectNode(draft, args);
    case 'updateNode':
      return updateNode(draft, args);
    case 'pause':
    case 'fabricPause':
      throw new Error(`${name} is answered later`);
  }
}

function resume(draft: Draft, switches: { fabric: boolean; shard: boolean }): Answered {
  const { state } = draft;
  const { fabric, shard } = state.switches;
  const cleared = [
    ...(switches.fabric && !fabric ? ["the fabric's pause"] : []),
    ...(switches.shard && !shard ? ["the shard's own pause"] : []),
  ];
  state.switches = switches;
  // A pause not yet answered is overtaken: it is answered with what runs now.
  state.pendingPauses = state.pendingPauses.map((each) => ({ ...each, dueAtMs: draft.nowMs }));
  settlePauses(draft);
  note(draft, reason('resumed'));
  return {
    effect: cleared.length > 0 ? `Cleared ${cleared.join(' and ')}.` : 'It was not paused.',
  };
}

function changed(
  draft: Draft,
  what: string,
  before: string | number,
  after: string | number,
): Answered {
  const why = reason('changed', { what, before, after });
  note(draft, why);
  return { effect: explain(why) };
}

function answer(draft: Draft, command: ShardCommand, answered: Answered): void {
  const { state, nowMs } = draft;
  const { commandId, name, args, by, reason: why, via } = command;
  const body: CommandAnswer = {
    commandId,
    shard: state.shard,
    outcome: 'applied',
    appliedAtMs: nowMs,
    afterSeq: state.report.seq,
    ...answered,
  };
  state.commands = withLatestLists([...state.commands, body]);
  const { effect, outcome, because } = body;
  // The jobs of a submission stand in their own `accept` and `refuse` entries.
  const recorded = args.jobs ? { jobs: args.jobs.length } : args;
  log(draft, {
    type: 'command',
    commandId,
    name,
    args: recorded,
    by,
    reason: why,
    via,
    outcome,
    effect,
    ...(because === undefined ? {} : { because }),
  });
  if (via === 'shard') {
    const direct = state.direct.slice(-(LIMITS.directCommandsKept - 1));
    state.direct = [...direct, { command, answer: body }];
  }
  state.answersOwed = [...state.answersOwed, { answer: body, seq: state.ledger.nextSeq - 1 }];
  // The next report, and with it what was told to the shard by hand, does not wait for its tick. Jobs do: they
  // come in any number, and a queue that they make too long is reported as it crosses its limit.
  const { sentAtMs } = state.report;
  state.report = { ...state.report, due: true, sentAtMs: name === 'submitJobs' ? sentAtMs : 0 };
}

/**
 * The orchestrator sends a wave of submissions only once it has the answers to the one before, lists and all:
 * so those of one wave are kept whole.
 */
function withLatestLists(answers: readonly CommandAnswer[]): readonly CommandAnswer[] {
  let lists = 0;
  let bytes = 0;
  const kept = answers.slice(-LIMITS.commandsRememberedMax).reverse();
  const whole = kept.map((each, i) => {
    if (!each.accepted && !each.refused) return i === 0 ? each : withoutLists(each);
    lists += 1;
    bytes += jsonBytes([each.accepted, each.refused]);
    const isOfWave =
      lists === 1 || (lists <= LIMITS.waveCommandsMax && bytes <= LIMITS.waveBytesMax);
    return isOfWave ? each : withoutLists(each);
  });
  return whole.reverse();
}
