/**
 * How near the workflows of a run came to the limits of the engine, by their histories. Limits are the server's
 * defaults (`ENGINE_LIMITS` of the report); what stays below 80% of each can't be ended by it.
 */
import type { temporal } from '@temporalio/proto';
import proto from '@temporalio/proto';
import { LIMIT_NAMES, type HistoryPeaks } from '../reporting/history-limits.ts';
import type { History } from './histories.ts';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;
const { HistoryEvent: Encoder } = proto.temporal.api.history.v1;

/** Nothing so far. */
export const NO_PEAKS = Object.fromEntries(LIMIT_NAMES.map((name) => [name, 0])) as HistoryPeaks;

/** The higher of both, limit by limit. */
export function higherPeaks(a: HistoryPeaks, b: HistoryPeaks): HistoryPeaks {
  return Object.fromEntries(
    LIMIT_NAMES.map((name) => [name, Math.max(a[name], b[name])]),
  ) as HistoryPeaks;
}

/** Of one workflow run; `bytes` of its history as the server counts them. */
export function peaksOf({ events }: History, bytes: number): HistoryPeaks {
  const peaks = { ...NO_PEAKS, events: events?.length ?? 0, bytes };
  const open = { activities: 0, signals: 0 };
  /** Bytes of what one workflow task asked for, by the number of the event that completed it. */
  const asked = new Map<string, number>();
  for (const event of events ?? []) {
    const size = Encoder.encode(event).finish().length;
    peaks.eventBytes = Math.max(peaks.eventBytes, size);
    const task = taskOf(event);
    if (task !== null) {
      const sum = (asked.get(task) ?? 0) + size;
      asked.set(task, sum);
      peaks.taskBytes = Math.max(peaks.taskBytes, sum);
    }
    if (event.workflowExecutionSignaledEventAttributes) peaks.signals += 1;
    if (event.workflowExecutionUpdateAcceptedEventAttributes) peaks.updates += 1;
    open.activities += activityChange(event);
    open.signals += signalChange(event);
    peaks.pendingActivities = Math.max(peaks.pendingActivities, open.activities);
    peaks.pendingSignals = Math.max(peaks.pendingSignals, open.signals);
  }
  return peaks;
}

function taskOf(event: HistoryEvent): string | null {
  const attributes =
    event.activityTaskScheduledEventAttributes ??
    event.signalExternalWorkflowExecutionInitiatedEventAttributes ??
    event.workflowPropertiesModifiedEventAttributes ??
    event.workflowExecutionContinuedAsNewEventAttributes ??
    event.workflowExecutionCompletedEventAttributes;
  const id = attributes?.workflowTaskCompletedEventId;
  return id === null || id === undefined ? null : String(id);
}

function activityChange(event: HistoryEvent): number {
  if (event.activityTaskScheduledEventAttributes) return 1;
  const hasEnded =
    event.activityTaskCompletedEventAttributes ??
    event.activityTaskFailedEventAttributes ??
    event.activityTaskTimedOutEventAttributes ??
    event.activityTaskCanceledEventAttributes;
  return hasEnded ? -1 : 0;
}

function signalChange(event: HistoryEvent): number {
  if (event.signalExternalWorkflowExecutionInitiatedEventAttributes) return 1;
  const hasEnded =
    event.externalWorkflowExecutionSignaledEventAttributes ??
    event.signalExternalWorkflowExecutionFailedEventAttributes;
  return hasEnded ? -1 : 0;
}
