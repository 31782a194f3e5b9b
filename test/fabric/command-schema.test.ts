/** Owner commands as anyone may send them: what is taken, and in which words the rest is refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OWNER_COMMANDS, parseCommand } from '../../fabric/orchestrator/command-schema.ts';
import { explain } from '../../fabric/reasons.ts';

function problem(name: string, input: unknown): string {
  const { problem: found } = parseCommand(name, input, 'fallback');
  return found === null ? '' : explain(found);
}

describe('owner commands', () => {
  it('are taken with who, why and an id, or without', () => {
    const sent = { shard: 'luna', limit: 5, by: 'ada', reason: 'storm', commandId: 'c1' };
    expect(parseCommand('updateSpilloverLimit', sent, 'fallback')).toEqual({
      commandId: 'c1',
      by: 'ada',
      reason: 'storm',
      args: { shard: 'luna', limit: 5 },
      problem: null,
    });
    expect(parseCommand('pauseAll', undefined, 'fallback')).toEqual({
      commandId: 'fallback',
      by: 'unknown',
      reason: '',
      args: {},
      problem: null,
    });
  });

  it.each([
    ['pauseShard', {}, 'shard: found nothing'],
    ['pauseShard', { shard: 'luna', limit: 1 }, 'limit: found an unknown key'],
    ['updateSpilloverLimit', { shard: 'luna', limit: -1 }, 'limit: found -1'],
    ['updateSpilloverLimit', { shard: 'luna', limit: Number.NaN }, 'limit: found NaN'],
    ['updateSpilloverLimit', { shard: 'luna', limit: 1e300 }, 'limit: found 1e+300'],
    ['updateLatencyBudget', { shard: 'luna', ms: '5' }, 'ms: found "5"'],
    ['setTickInterval', { seconds: 0 }, 'seconds: found 0'],
    ['submitJobs', { jobs: [] }, 'jobs: found an empty list'],
    ['submitJobs', { jobs: [{ kind: 'k' }] }, 'jobs[0].id: found nothing'],
    ['pauseAll', 'now', 'found "now"'],
    ['pauseAll', { undecodable: 'Unexpected token' }, 'could not be decoded: Unexpected token'],
    ['launchRockets', {}, 'There is no command "launchRockets"'],
    ['constructor', {}, 'There is no command "constructor"'],
  ])('%s %j are refused in words', (name, input, words) => {
    expect(problem(name, input)).toContain(words);
  });

  it('never throw, whatever was sent', () => {
    fc.assert(
      fc.property(fc.constantFrom(...OWNER_COMMANDS, 'x'), fc.anything(), (name, input) => {
        const { commandId, args, problem: found } = parseCommand(name, input, 'fallback');
        expect(commandId).not.toBe('');
        expect(args === null).toBe(found !== null);
      }),
    );
  });
});
