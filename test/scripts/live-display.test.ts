// Where no terminal is redrawn, a status becomes plain lines: when something changed, and few of them.
import { expect, test } from 'vitest';
import { liveDisplay } from '../../scripts/live-display.ts';
import type { StatusView } from '../../scripts/live-view.ts';
import { sampleStatus } from './sample-status.ts';

function lines() {
  const written: string[] = [];
  return { written, output: { stream: null, write: (text: string) => void written.push(text) } };
}

function at(ms: number, completed: number): StatusView {
  const status = sampleStatus({ totals: { ...sampleStatus().totals, completed } });
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

test('a quiet display says nothing', () => {
  const { written, output } = lines();
  const display = liveDisplay(output, true);
  display.show(at(0, 1));
  display.line('a line');
  display.end();
  expect(written).toEqual([]);
});
