// A query must never decide anything: what it would make the SDK do between two tasks is refused.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { temporal } from '@temporalio/proto';
import type { ActivateInput } from '@temporalio/workflow';
import { describe, expect, it } from 'vitest';
import { ASK_AGAIN } from '../../workflows/protocol.ts';
import { interceptors } from '../../workflows/query-guard.ts';

const {
  EVENT_TYPE_TIMER_FIRED: FIRED,
  EVENT_TYPE_WORKFLOW_TASK_SCHEDULED: SCHEDULED,
  EVENT_TYPE_WORKFLOW_TASK_STARTED: STARTED,
} = temporal.api.enums.v1.EventType;
const folder = fileURLToPath(new URL('../histories', import.meta.url));
/** Replays the first EVENTS events of FILE. */
const REPLAY = `
  import { readFileSync } from 'node:fs';
  import { gunzipSync } from 'node:zlib';
  import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
  import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
  const { FILE, EVENTS } = process.env;
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const { events } = historyFromJSON(JSON.parse(gunzipSync(readFileSync(FILE)).toString()));
  const workflowBundle = { codePath: 'dist/workflow-bundle.js' };
  await Worker.runReplayHistory({ workflowBundle }, { events: events.slice(0, Number(EVENTS)) });
`;

interface Given {
  readonly length: number;
  readonly seconds: number;
  readonly nanos?: number;
  readonly isReplaying?: boolean;
  readonly isQuery?: boolean;
  readonly batch?: number;
}

/** A fresh guard, and how many activations it lets by. */
function letBy(activations: readonly Given[]): number {
  const [{ activate }] = interceptors().internals as [
    { activate: (i: ActivateInput, n: () => void) => void },
  ];
  let passed = 0;
  for (const { length, seconds, nanos = 0, isReplaying = false, isQuery, batch } of activations) {
    const activation = {
      historyLength: length,
      timestamp: { seconds, nanos },
      isReplaying,
      jobs: [isQuery ? { queryWorkflow: {} } : { fireTimer: {} }],
    };
    try {
      activate(
        { activation, batchIndex: batch ?? 0 } as unknown as ActivateInput,
        () => (passed += 1),
      );
    } catch (error) {
      expect(String(error)).toContain(ASK_AGAIN);
      break;
    }
  }
  return passed;
}

/** A recording, and where in it a timer fired and its task had not begun. */
function historyWithTimer() {
  for (const file of readdirSync(folder).reverse()) {
    const text = gunzipSync(readFileSync(join(folder, file))).toString();
    const events = historyFromJSON(JSON.parse(text)).events ?? [];
    const typeAt = (at: number) => events[at]?.eventType;
    const fired = events.findIndex(
      (_, i) => typeAt(i) === FIRED && typeAt(i + 1) === SCHEDULED && typeAt(i + 2) === STARTED,
    );
    if (fired > 0) return { file, fired };
  }
  throw new Error('no recording has a timer that fired alone');
}

describe('the guard lets by', () => {
  it.each<[string, Given[]]>([
    [
      'a task after a task',
      [
        { length: 3, seconds: 1 },
        { length: 8, seconds: 2 },
      ],
    ],
    [
      'tasks that differ in nanoseconds',
      [
        { length: 3, seconds: 1 },
        { length: 8, seconds: 1, nanos: 1 },
      ],
    ],
    [
      'two activations of one task',
      [
        { length: 3, seconds: 1 },
        { length: 3, seconds: 1 },
      ],
    ],
    [
      'a replay at one time',
      [
        { length: 3, seconds: 1, isReplaying: true },
        { length: 8, seconds: 1, isReplaying: true },
      ],
    ],
    [
      'a query of the cached workflow',
      [
        { length: 3, seconds: 1 },
        { length: 8, seconds: 1, isQuery: true },
      ],
    ],
    [
      'the second batch of a task',
      [
        { length: 3, seconds: 1 },
        { length: 8, seconds: 1, batch: 1 },
      ],
    ],
  ])('%s', (_, activations) => {
    expect(letBy(activations)).toBe(2);
  });
});

it('the guard refuses events after the last task, before the next has begun', () => {
  expect(
    letBy([
      { length: 3, seconds: 1 },
      { length: 5, seconds: 1 },
    ]),
  ).toBe(1);
});

it('a history that ends with a timer fired, as a query may bring it, never reaches the workflow', () => {
  const { file, fired } = historyWithTimer();
  // The SDK only logs what it does with such a history, straight to the standard output of its process.
  const replay = (events: number): string =>
    execFileSync(process.execPath, ['--input-type=module', '-e', REPLAY], {
      env: { ...process.env, FILE: join(folder, file), EVENTS: String(events) },
      encoding: 'utf8',
    });
  expect(replay(fired + 2)).toContain(ASK_AGAIN);
  // With the task that the timer brings, it is a replay like any other.
  expect(replay(fired + 3)).not.toContain(ASK_AGAIN);
});
