// Owner commands in the core: what is refused changes nothing, what is kept of them is bounded, and each
// stands in the ledger from the moment it came.
import { describe, expect, it } from 'vitest';
import { jsonBytes } from '../../fabric/bytes.ts';
import { LIMITS } from '../../fabric/limits.ts';
import { decide } from '../../fabric/orchestrator/decide.ts';
import type { OrchestratorEvent } from '../../fabric/orchestrator/events.ts';
import { openOrchestrator, type OrchestratorState } from '../../fabric/orchestrator/state.ts';
import * as shards from '../../fabric/shard/decide.ts';
import type { LedgerEntry } from '../../fabric/ledger.ts';
import type { ShardEffect, ShardEvent } from '../../fabric/shard/events.ts';
import { openShard } from '../../fabric/shard/state.ts';
import { specOf } from './small-world.ts';

const spec = specOf({
  shards: [{ name: 'earth' }, { name: 'luna' }],
  nodes: [{ id: 'e', shard: 'earth' }],
});

const command = (name: string, input: unknown, fallbackId: string): OrchestratorEvent => ({
  on: 'command',
  name,
  input,
  via: 'signal',
  fallbackId,
});

const jobs = (count: number, from = 0, payload: unknown = null) =>
  Array.from({ length: count }, (_, i) => ({
    id: `job-${from + i}`,
    kind: 'probe',
    shard: 'earth',
    payload,
  }));

const after = (state: OrchestratorState, ...events: OrchestratorEvent[]): OrchestratorState =>
  decide(state, events, 1_000).state;

const outcomesOf = ({ ledger }: OrchestratorState, commandId: string): string[] =>
  ledger.backlog.flatMap((entry) =>
    entry.type === 'command' && entry.commandId === commandId ? [entry.outcome] : [],
  );

describe('a command that is refused', () => {
  it('leaves the switches alone when too many commands wait', () => {
    let state = openOrchestrator(spec, 0);
    for (let i = 0; i < LIMITS.relaysMax; i++) {
      state = after(state, command('updateSpilloverLimit', { shard: 'luna', limit: i }, `c${i}`));
    }
    state = after(state, command('pauseAll', {}, 'late'));
    expect(state.commands.at(-1)).toMatchObject({ commandId: 'late', outcome: 'refused' });
    expect(state.commands.at(-1)!.refusedBecause).toMatch(/^64 commands without an answer/);
    expect(state.fabricPaused).toBe(false);
  });

  it('takes no id from a job that was not accepted', () => {
    const large = jobs(1, 0, 'x'.repeat(LIMITS.relayBytesMax));
    let state = after(openOrchestrator(spec, 0), command('submitJobs', { jobs: large }, 'large'));
    const [refused] = state.commands;
    expect(refused).toMatchObject({ outcome: 'refused', effect: 'Nothing changed.' });
    expect(refused!.refusedBecause).toMatch(/comes to 52\d{4} bytes of at most 524288/);
    state = after(state, command('submitJobs', { jobs: jobs(1) }, 'small'));
    expect(state.commands.at(-1)).toMatchObject({ outcome: 'received' });
    expect(state.commands.at(-1)!.answers).toEqual([]);
  });

  it('is counted in bytes, not in characters', () => {
    const wide = jobs(1, 0, '火'.repeat(LIMITS.relayBytesMax / 2));
    const state = after(openOrchestrator(spec, 0), command('submitJobs', { jobs: wide }, 'wide'));
    expect(state.commands[0]!.refusedBecause).toMatch(/comes to 78\d{4} bytes/);
  });
});

describe('the ledger', () => {
  it('has a command from the moment it came, and then its one outcome', () => {
    const state = after(
      openOrchestrator(spec, 0),
      command('pauseShard', { shard: 'pluto' }, 'wrong'),
      command('pauseShard', { shard: 'luna' }, 'right'),
    );
    expect(outcomesOf(state, 'wrong')).toEqual(['received', 'refused']);
    expect(outcomesOf(state, 'right')).toEqual(['received']);
  });

  it('says who closed the run and why, and refuses to close it twice', () => {
    const close = (fallbackId: string): OrchestratorEvent => ({
      on: 'close',
      input: { by: 'ada', reason: 'maintenance' },
      fallbackId,
    });
    const state = after(openOrchestrator(spec, 0), close('first'), close('second'));
    expect(state.commands).toMatchObject([
      { name: 'close', by: 'ada', reason: 'maintenance', outcome: 'applied' },
      { name: 'close', outcome: 'refused' },
    ]);
    expect(outcomesOf(state, 'first')).toEqual(['received', 'applied']);
  });

  it('appends what comes first at once, then gathers for a while, and no longer when the run ends', () => {
    const opened = decide(openOrchestrator(spec, 0), [{ on: 'opened' }], 1_000);
    const isAppend = (effect: { do: string }): boolean => effect.do === 'append';
    expect(opened.effects.filter(isAppend)).toHaveLength(1);
    const throughSeq = opened.state.ledger.nextSeq - 1;
    const written: OrchestratorEvent = { on: 'appended', throughSeq, head: 'head' };
    const tick = { name: 'setTickInterval', input: { seconds: 1 }, via: 'signal' } as const;
    const command: OrchestratorEvent = { on: 'command', ...tick, fallbackId: 'tick' };
    const more = decide(opened.state, [written, command], 1_020);
    expect(more.effects.filter(isAppend)).toEqual([]);
    expect(decide(more.state, [{ on: 'wake' }], 1_200).effects.filter(isAppend)).toHaveLength(1);
    const closing: OrchestratorEvent = { on: 'close', input: {}, fallbackId: 'close' };
    expect(decide(more.state, [closing], 1_021).effects.filter(isAppend)).toHaveLength(1);
  });
});

describe('commands to one shard', () => {
  const asked = (state: OrchestratorState, ...events: OrchestratorEvent[]) => {
    const decision = decide(state, events, 1_000);
    const ids = decision.effects.flatMap((effect) =>
      effect.do === 'send' && effect.message.kind === 'command'
        ? [effect.message.body.commandId]
        : [],
    );
    return { state: decision.state, ids };
  };
  const submission = (id: string, payload: unknown = null) =>
    command('submitJobs', { jobs: jobs(1, Number(id.slice(1)), payload) }, id);
  const answered = (commandId: string): OrchestratorEvent => ({
    on: 'answer',
    answer: {
      commandId,
      shard: 'earth',
      outcome: 'applied',
      effect: '',
      appliedAtMs: 1_000,
      afterSeq: 0,
    },
  });

  it('go one at a time, but for submissions, which go in waves', () => {
    const opened = openOrchestrator(spec, 0);
    const pause = command('pauseShard', { shard: 'earth' }, 'pause');
    const first = asked(opened, submission('s1'), submission('s2'), pause, submission('s3'));
    expect(first.ids).toEqual(['s1']);
    const second = asked(first.state, answered('s1'));
    expect(second.ids).toEqual(['s2']);
    const third = asked(second.state, submission('s4'), answered('s2'));
    expect(third.ids).toEqual(['pause']);
    const fourth = asked(third.state, answered('pause'));
    expect(fourth.ids).toEqual(['s3', 's4']);
    const fifth = asked(fourth.state, submission('s5'), answered('s4'));
    expect(fifth.ids).toEqual([]);
    expect(asked(fifth.state, answered('s3')).ids).toEqual(['s5']);
  });

  it('a wave has a cap in commands and in bytes', () => {
    const many = Array.from({ length: 40 }, (_, i) => submission(`s${i}`));
    const opened = asked(openOrchestrator(spec, 0), ...many);
    expect(asked(opened.state, answered('s0')).ids).toHaveLength(LIMITS.waveCommandsMax);
    const large = Array.from({ length: 5 }, (_, i) => submission(`s${i}`, 'x'.repeat(50_000)));
    const heavy = asked(openOrchestrator(spec, 0), ...large);
    expect(asked(heavy.state, answered('s0')).ids).toEqual(['s1', 's2']);
  });
});

describe('20,000 jobs handed in by hand', () => {
  /** Hands them in by batches of 500, as the command line does, with every answer on its way back. */
  function submitted() {
    let fabric = openOrchestrator(spec, 0);
    let shard = openShard(spec, 'earth', 0);
    const written: LedgerEntry[] = [];
    /** Lets the shard decide, and what it appends be written, until nothing more follows from it. */
    const hears = (events: readonly ShardEvent[]): readonly ShardEffect[] => {
      const { state, effects } = shards.decide(shard, events, 1_000);
      shard = state;
      return effects.flatMap((effect) => {
        if (effect.do !== 'append') return [effect];
        written.push(...effect.entries);
        const throughSeq = effect.entries.at(-1)!.seq;
        return hears([{ on: 'appended', throughSeq, head: `head-${throughSeq}` }]);
      });
    };
    for (let from = 0; from < 20_000; from += LIMITS.submitBatchJobsMax) {
      const batch = { jobs: jobs(LIMITS.submitBatchJobsMax, from) };
      const ordered = decide(fabric, [command('submitJobs', batch, `batch-${from}`)], 1_000);
      const relayed = ordered.effects.flatMap((effect): ShardEvent[] =>
        effect.do === 'send' && effect.message.kind === 'command'
          ? [{ on: 'command', command: effect.message.body }]
          : [],
      );
      const answers = hears(relayed).flatMap((effect): OrchestratorEvent[] =>
        effect.do === 'send' && effect.message.kind === 'answer'
          ? [{ on: 'answer', answer: effect.message.body }]
          : [],
      );
      fabric = decide(ordered.state, answers, 1_000).state;
    }
    return { fabric, shard, written };
  }

  const { fabric, shard, written } = submitted();

  it('fill the inbox and no more, with each refusal told and its number in the ledger', () => {
    expect(shard.tally).toMatchObject({ accepted: LIMITS.inboxJobsMax, refused: 18_000 });
    const refusals = written.filter((entry) => entry.type === 'refuse');
    expect(refusals.length).toBeLessThanOrEqual(40);
    expect(refusals.reduce((sum, { jobs: refused }) => sum + refused, 0)).toBe(18_000);
    expect(fabric.commands.at(-1)!.answers[0]!.refused).toHaveLength(500);
    expect(fabric.commands.at(-1)!.effect).toBe('earth: 0 jobs accepted, 500 refused.');
  });

  it('leave both states far below what the engine takes', () => {
    expect(jsonBytes(shard)).toBeLessThan(LIMITS.payloadBytesMax);
    expect(jsonBytes(fabric)).toBeLessThan(LIMITS.payloadBytesMax);
  });
});
