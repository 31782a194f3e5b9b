// Where no terminal is redrawn, a status becomes plain lines: when something changed, and few of them.
import { expect, test } from 'vitest';
import { liveDisplay } from '../../scripts/live-display.ts';
import type { StatusView } from '../../scripts/live-view.ts';
import { sampleShard, sampleStatus } from './sample-status.ts';

function lines() {
  const written: string[] = [];
  return { written, output: { stream: null, write: (text: string) => void written.push(text) } };
}

function at(ms: number, completed: number): StatusView {
  const totals = { ...sampleStatus().totals, completed };
  const status = sampleStatus({ totals, shards: {} });
  return { now: { atMs: ms, status }, earlier: null, uiUrl: null };
}

test('a change is told at most every 2 s, and silence is broken every 10 s', () => {
  const { written, output } = lines();
  const display = liveDisplay(output);
  for (let ms = 0; ms <= 1_750; ms += 250) display.show(at(ms, ms));
  expect(written).toHaveLength(1);
  display.show(at(2_000, 2_000));
  expect(written).toHaveLength(2);
  for (let ms = 2_250; ms < 12_000; ms += 250) display.show(at(ms, 2_000));
  expect(written).toHaveLength(2);
  display.show(at(12_000, 2_000));
  expect(written).toHaveLength(3);
  expect(written.every((line) => line.endsWith('\n') && !line.includes('\u001b'))).toBe(true);
});

test('a note is told at once and once, though there is no news beside it', () => {
  const { written, output } = lines();
  const display = liveDisplay(output);
  display.show(at(0, 1));
  for (let i = 0; i < 5; i++) display.show({ ...at(0, 1), note: 'the disk is full' });
  display.show(at(0, 1));
  display.line('the server is gone');
  display.show({ ...at(0, 1), note: 'the server is gone' });
  expect(written.slice(1)).toEqual(['! the disk is full\n', 'the server is gone\n']);
});

test('only shards with work or with news have a line of their own', () => {
  const { written, output } = lines();
  const display = liveDisplay(output);
  const show = (atMs: number, completed: number, leased: number) => {
    const shards = {
      edge: sampleShard('edge', { leased, tally: { completed } }),
      luna: sampleShard('luna'),
      mars: sampleShard('mars', { tally: { completed: 4 } }),
    };
    written.length = 0;
    display.show({ now: { atMs, status: sampleStatus({ shards }) }, earlier: null, uiUrl: null });
    return written.slice(1).map((line) => line.trim().split(' ')[0]);
  };
  expect(show(0, 1, 5)).toEqual(['edge', 'mars']);
  expect(show(10_000, 1, 5)).toEqual(['edge']);
  expect(show(20_000, 6, 0)).toEqual(['edge']);
  expect(show(30_000, 6, 0)).toEqual([]);
});

test('the Web UI is named once, unless a line before has named it', () => {
  const uiUrl = 'http://127.0.0.1:8233';
  const said = (first: string) => {
    const { written, output } = lines();
    const display = liveDisplay(output);
    display.line(first);
    display.show({ ...at(0, 1), uiUrl });
    display.show({ ...at(20_000, 2), uiUrl });
    return written.filter((line) => line.includes(uiUrl));
  };
  expect(said('fabric: up')).toEqual([`Web UI ${uiUrl}\n`]);
  expect(said(`engine: Web UI ${uiUrl}`)).toEqual([`engine: Web UI ${uiUrl}\n`]);
});

test('a quiet display says nothing', () => {
  const { written, output } = lines();
  const display = liveDisplay(output, true);
  display.show(at(0, 1));
  display.line('a line');
  display.end();
  expect(written).toEqual([]);
});
