/**
 * Mail between workflows arrives by a signal that any hand can send. What is a message comes through whole;
 * whatever else is sent is refused before any code relies on its form.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMessage } from '../../fabric/message-schema.ts';
import type { Message } from '../../fabric/messages.ts';
import { openOrchestrator } from '../../fabric/orchestrator/state.ts';
import * as orchestrator from '../../fabric/orchestrator/decide.ts';
import { orchestratorEventOf } from '../../fabric/orchestrator/events.ts';
import { decide } from '../../fabric/shard/decide.ts';
import { shardEventOf } from '../../fabric/shard/events.ts';
import { openShard } from '../../fabric/shard/state.ts';
import { simulate } from '../../fabric/simulate/simulate.ts';
import { jobsOf, specOf } from './small-world.ts';

const spec = specOf({
  shards: [
    { name: 'earth', policy: { spilloverLimit: 10, spillTargets: ['luna'] } },
    { name: 'luna' },
  ],
  feeds: [{ shard: 'earth', count: 200, durationMs: 20, failureRate: 0.1 }],
  nodes: [
    { id: 'e', shard: 'earth' },
    { id: 'l', shard: 'luna' },
  ],
});

/** Every message of a mission with spillover and owner commands, as it travels. */
function sent(): Message[] {
  const messages: Message[] = [];
  const keep = (_: unknown, __: unknown, effects: readonly { do: string; message?: Message }[]) => {
    for (const { message } of effects) if (message) messages.push(message);
  };
  const jobs = [{ id: 'a', kind: 'k', shard: 'luna', payload: { deep: [1, null, 'x'] } }];
  simulate({
    spec,
    jobs: jobsOf(spec),
    commands: [
      { atMs: 20, name: 'pauseShard', input: { shard: 'luna' } },
      { atMs: 900, name: 'resumeAll', input: {} },
      { atMs: 40, name: 'submitJobs', input: { jobs } },
      { atMs: 50, name: 'updateSpilloverLimit', input: { shard: 'earth', limit: 20 } },
    ],
    watch: { shard: keep, orchestrator: keep },
  });
  return messages.map((each) => JSON.parse(JSON.stringify(each)) as Message);
}

const mail = sent();

describe('a message of the fabric', () => {
  it('comes through whole, whatever its kind', () => {
    const kinds = new Set(mail.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(
      [
        'ack',
        'answer',
        'close',
        'command',
        'cut',
        'cutEnded',
        'load',
        'offload',
        'transfer',
      ].sort(),
    );
    for (const message of mail) expect(parseMessage(message)).toEqual(message);
  });

  it('is refused when a field is missing or of another type', () => {
    for (const message of mail) {
      if (!('body' in message)) continue;
      for (const key of Object.keys(message.body)) {
        if (['because', 'running', 'accepted', 'refused'].includes(key)) continue;
        const { [key]: _, ...rest } = message.body as unknown as Record<string, unknown>;
        expect([key, parseMessage({ ...message, body: rest })]).toEqual([key, null]);
        const odd = { ...rest, [key]: Symbol.for('odd').toString() + '{'.repeat(10_001) };
        expect([key, parseMessage({ ...message, body: odd })]).toEqual([key, null]);
      }
    }
  });

  it.each([
    ['nothing', undefined],
    ['text', 'transfer'],
    ['a kind that there is not', { kind: 'explode', body: {} }],
    ['an empty body', { kind: 'transfer', body: {} }],
    ['an empty load', { kind: 'load', body: {} }],
    ['a command without a name', { kind: 'command', body: {} }],
    ['a shard named like a prototype', { kind: 'ack', body: { target: '__proto__', upTo: 1 } }],
  ])('is never made of %s', (_, input) => {
    expect(parseMessage(input)).toBeNull();
  });
});

describe('whatever comes in as a message', () => {
  const shard = openShard(spec, 'earth', 0);
  const fabric = openOrchestrator(spec, 0);

  it('never makes a workflow throw', () => {
    const whole = fc.constantFrom(...mail);
    const broken = fc.tuple(whole, fc.jsonValue(), fc.nat()).map(([message, value, at]) => {
      const body = { ...('body' in message ? message.body : {}) } as Record<string, unknown>;
      const keys = Object.keys(body);
      if (keys.length > 0) body[keys[at % keys.length]!] = value;
      return { ...message, body };
    });
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), broken, whole), (input) => {
        const message = parseMessage(input);
        if (message === null) return;
        const toShard = shardEventOf(message);
        if (toShard) decide(shard, [toShard], 1_000);
        const toFabric = orchestratorEventOf(message);
        if (toFabric) orchestrator.decide(fabric, [toFabric], 1_000);
      }),
      { numRuns: 3_000, seed: 7 },
    );
  });

  it('leaves no trace when it is of a shard that there is not', () => {
    const load = mail.find(({ kind }) => kind === 'load') as Extract<Message, { kind: 'load' }>;
    const strange = { ...load.body, shard: 'pluto' };
    const after = orchestrator.decide(fabric, [{ on: 'load', report: strange }], 1_000).state;
    expect(after.reports).toEqual({});
    const transfer = mail.find(({ kind }) => kind === 'transfer') as Extract<
      Message,
      { kind: 'transfer' }
    >;
    const message = {
      ...transfer.body,
      transfer: { ...transfer.body.transfer, from: 'pluto', to: 'earth' },
    };
    expect(decide(shard, [{ on: 'transfer', message }], 1_000).state.queue).toEqual([]);
  });
});
