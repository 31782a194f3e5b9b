// What a person sees of a running fabric, to the letter.
import { expect, test } from 'vitest';
import type { StatusView } from '../../scripts/live-view.ts';
import { duration, rateOf, renderStatus, shardLines, statusLine } from '../../scripts/live-view.ts';
import { sampleShard, sampleStatus } from './sample-status.ts';

const before = sampleStatus({
  totals: { ...sampleStatus().totals, completed: 400 },
  shards: { edge: sampleShard('edge', { tally: { completed: 300 } }) },
});
const view: StatusView = {
  now: { atMs: 7_000, status: sampleStatus() },
  earlier: { atMs: 4_000, status: before },
  uiUrl: 'http://127.0.0.1:8233',
};

test('the picture has totals, rate and ETA, the Web UI link and a line a shard, sorted', () => {
  expect(renderStatus(view, 80)).toEqual([
    'edge-relief · running · 7 s · done 700 of 1,707 · failed 0 · 100/s · ETA 10 s',
    'Web UI http://127.0.0.1:8233',
    '',
    'shard   queued  flight  done  failed   in  out  rate/s   ETA',
    'edge       900     100   600       0    0  200     100  10 s',
    'helios       0       7   100       0  200    0      33   0 s',
  ]);
});

test('a wide terminal also shows limit, latency and nodes', () => {
  const node = { state: 'ready' } as never;
  const shard = sampleShard('luna', { nodes: [node, { state: 'lost' } as never] });
  const lines = renderStatus(
    { ...view, now: { atMs: 1, status: sampleStatus({ shards: { luna: shard } }) } },
    120,
  );
  expect(lines.find((line) => line.startsWith('shard'))).toMatch(/limit {2}p95 ms {2}nodes$/);
  expect(lines.at(-1)).toMatch(/1,000 {7}2 {4}1\/2$/);
});

test.each([40, 60, 80, 120])('no line is wider than a terminal of %i columns', (width) => {
  const status = sampleStatus({
    scenario: 'a-scenario-with-a-long-name-indeed',
    shards: {
      edge: sampleShard('a-shard-with-a-name-of-forty-characters', { problem: 'x'.repeat(300) }),
    },
  });
  const lines = renderStatus({ now: { atMs: 0, status }, earlier: null, uiUrl: null }, width);
  expect(lines.filter((line) => line.length > width)).toEqual([]);
});

test('a paused shard, a shard with a problem and a note stand out', () => {
  const shards = {
    luna: sampleShard('luna', { paused: true, queued: 5 }),
    mars: sampleShard('mars', { problem: 'its ledger is 500 entries behind' }),
  };
  const now = { atMs: 0, status: sampleStatus({ shards }) };
  const lines = renderStatus({ now, earlier: null, uiUrl: null, note: 'the node host died' }, 120);
  expect(lines[0]).toContain('running, paused: luna');
  expect(lines.find((line) => line.startsWith('‖ luna'))).toContain('paused');
  expect(lines).toContain('! mars: its ledger is 500 entries behind');
  expect(lines.at(-1)).toBe('! the node host died');
});

test('before the first report of a shard the picture says that it waits', () => {
  const now = { atMs: 0, status: sampleStatus({ state: 'opening', shards: {} }) };
  const lines = renderStatus({ now, earlier: null, uiUrl: null }, 80);
  expect(lines.at(-1)).toBe('waiting for the first shard to report');
});

test('a line for a log has the same figures in one row', () => {
  expect(statusLine(view)).toBe(
    '7 s · running · done 700 of 1,707 · failed 0 · 100/s · ETA 10 s · in flight 107 · queued 900 · spilled 200',
  );
});

test('below it each shard has its own figures in one row, sorted by name', () => {
  expect([...shardLines(view).values()].map(({ text }) => text)).toEqual([
    '  edge    queued 900 · in flight 100 · done 600 · failed 0 · spilled out 200 · 100/s · ETA 10 s',
    '  helios  queued 0 · in flight 7 · done 100 · failed 0 · spilled out 0 · 33/s · ETA 0 s',
  ]);
});

test('a shard in a log says that it is paused and what troubles it, and has no ETA then', () => {
  const problem = 'feed a: broken';
  const shards = { luna: sampleShard('luna', { paused: true, queued: 5, problem }) };
  const now = { atMs: 7_000, status: sampleStatus({ shards }) };
  expect(shardLines({ ...view, now }).get('luna')?.text).toBe(
    '  luna  queued 5 · in flight 0 · done 0 · failed 0 · spilled out 0 · paused · ! feed a: broken · 0.0/s',
  );
});

test('a shard with work is told from one that has done its own and one that had none', () => {
  const shards = {
    earth: sampleShard('earth', { leased: 1 }),
    luna: sampleShard('luna', { tally: { completed: 3 } }),
    mars: sampleShard('mars', { inTransit: 2 }),
    helios: sampleShard('helios'),
  };
  const lines = shardLines({ ...view, now: { atMs: 7_000, status: sampleStatus({ shards }) } });
  const withWork = [...lines].filter(([, { hasWork }]) => hasWork).map(([name]) => name);
  expect(withWork).toEqual(['earth', 'mars']);
  expect(lines.get('luna')?.figures).toContain('done 3');
  expect(lines.get('helios')?.figures).toBe('');
});

test('no rate and no ETA are said where nothing was measured', () => {
  const alone = { ...view, earlier: null };
  expect(rateOf(alone, ({ totals }) => totals.completed)).toBeNull();
  expect(rateOf({ ...view, earlier: view.now }, ({ totals }) => totals.completed)).toBeNull();
  expect(statusLine(alone)).not.toMatch(/ETA|\/s/);
});

test.each([
  [-5, '0 s'],
  [999, '1 s'],
  [59_400, '59 s'],
  [125_000, '2:05'],
  [3_725_000, '1:02:05'],
])('%i ms are written as %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});
