// How near a workflow came to the engine's limits, by the recorded histories and by one made for the purpose.
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { limitSections, LIMIT_NAMES, namePeaks } from '../../reporting/history-limits.ts';
import { ProblemList } from '../../reporting/problems.ts';
import { readHistories, type History } from '../../scripts/histories.ts';
import { higherPeaks, NO_PEAKS, peaksOf } from '../../scripts/history-peaks.ts';

const recorded = fileURLToPath(new URL('../histories', import.meta.url));

test('what is open at once is counted, not what there was in all', () => {
  const scheduled = (id: number) => ({
    eventId: id,
    activityTaskScheduledEventAttributes: { workflowTaskCompletedEventId: 3 },
  });
  const completed = { activityTaskCompletedEventAttributes: {} };
  const signal = { workflowExecutionSignaledEventAttributes: {} };
  const sent = { signalExternalWorkflowExecutionInitiatedEventAttributes: {} };
  const arrived = { externalWorkflowExecutionSignaledEventAttributes: {} };
  const update = { workflowExecutionUpdateAcceptedEventAttributes: {} };
  const events = [
    scheduled(1),
    scheduled(2),
    completed,
    scheduled(4),
    completed,
    completed,
    signal,
    signal,
    update,
    sent,
    arrived,
    sent,
  ];
  expect(peaksOf({ events } as unknown as History, 1_234)).toMatchObject({
    events: 12,
    bytes: 1_234,
    signals: 2,
    updates: 1,
    pendingActivities: 2,
    pendingSignals: 1,
  });
});

test('what one workflow task asks for counts together', () => {
  const lease = (task: number, bytes: number) => ({
    activityTaskScheduledEventAttributes: {
      workflowTaskCompletedEventId: task,
      input: { payloads: [{ data: new Uint8Array(bytes) }] },
    },
  });
  const events = [lease(3, 1_000), lease(3, 2_000), lease(9, 2_500)];
  const { eventBytes, taskBytes } = peaksOf({ events } as unknown as History, 0);
  expect(eventBytes).toBeGreaterThanOrEqual(2_500);
  expect(eventBytes).toBeLessThan(2_600);
  expect(taskBytes).toBeGreaterThanOrEqual(3_000);
  expect(taskBytes).toBeLessThan(3_100);
});

test('a recorded run is far from every limit, and each of its figures is more than nothing', async () => {
  let peaks = NO_PEAKS;
  for await (const each of readHistories(recorded)) {
    if ('history' in each) peaks = higherPeaks(peaks, peaksOf(each.history, 1));
  }
  for (const name of LIMIT_NAMES) expect(peaks[name], name).toBeGreaterThan(0);
  const problems = new ProblemList();
  namePeaks(peaks, problems);
  expect(problems.total).toBe(0);
});

test('a limit that is nearer than a fifth is a problem, and stands first', () => {
  const peaks = { ...NO_PEAKS, events: 100, signals: 8_001 };
  const problems = new ProblemList();
  namePeaks(peaks, problems);
  const what = 'a workflow run came to 8,001 signals to one workflow run; the engine takes 10,000';
  expect(problems.kept).toEqual([{ code: 'near-engine-limit', what }]);
  expect(limitSections(peaks)[0]).toMatchObject({ name: 'signals', most: 8_001, share: 0.8001 });
});
