// What the Temporal Web UI shows of the fabric: sentences that a person reads, so nothing is said twice.
import { describe, expect, test } from 'vitest';
import { reason } from '../../fabric/reasons.ts';
import { openOrchestrator } from '../../fabric/orchestrator/state.ts';
import { describeFabric } from '../../fabric/orchestrator/status.ts';
import { describeShard } from '../../fabric/shard/report.ts';
import { openShard } from '../../fabric/shard/state.ts';
import { specOf } from './small-world.ts';

const spec = specOf({ shards: [{ name: 'edge' }, { name: 'luna' }] });

describe('the orchestrator in words', () => {
  test('names every shard, the commands and the decisions before anything has happened', () => {
    const words = describeFabric(openOrchestrator(spec, 0));
    expect(words).toContain('**edge** has not reported yet');
    expect(words).toContain('**luna** has not reported yet');
    expect(words).toContain('#### Last owner commands, newest first\nnone yet');
    expect(words).toContain('#### Last decisions, newest first\nnone yet');
  });

  test('says a repeated decision once, at its newest time, with how often it was made', () => {
    const full = reason('target-paused', { target: 'luna' });
    const planned = reason('tick-planned', { moves: 1, jobs: 20 });
    const decisions = [
      { at: 1_000, reason: full },
      { at: 2_000, reason: full },
      { at: 3_000, reason: planned },
      { at: 4_000, reason: full },
    ];
    const words = describeFabric({ ...openOrchestrator(spec, 0), decisions });
    const [, said] = words.split('#### Last decisions, newest first\n');
    expect(said?.split('\n')).toEqual([
      '- 00:00:04 luna is paused. (3 times)',
      '- 00:00:03 1 move planned, 20 jobs.',
    ]);
  });
});

test('a shard in words has its queue, outcomes, spillover, latency, nodes and last decisions', () => {
  const words = describeShard(openShard(spec, 'edge', 0), 0);
  for (const part of [
    '### edge: running',
    '**Queue**',
    '**Done**',
    '**Spillover**',
    '**Latency**',
  ]) {
    expect(words).toContain(part);
  }
  expect(words).toContain('#### Nodes\n\nnone yet');
  expect(words).toContain('#### Last decisions, newest first\n\nnone yet');
});
