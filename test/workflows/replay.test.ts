/**
 * Recorded histories of both workflows, replayed through today's code: a change that would make a running
 * fabric fail its next task shows here first. The recordings in `test/histories/` are what a run keeps
 * under `reports/planetary-fabric/histories/`, with the names of worker processes blanked: two shards with
 * failures and spillover, continue-as-new, owner commands by signal and update, and some to refuse.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { temporal } from '@temporalio/proto';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundleOptions } from '../../workers/workflow-bundle.ts';
import { WORKFLOW } from '../../workflows/protocol.ts';

const folder = fileURLToPath(new URL('../histories', import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.json.gz'));
const { EventType } = temporal.api.enums.v1;
const BUNDLE_MS_MAX = 120_000;

const textOf = (file: string): string => gunzipSync(readFileSync(join(folder, file))).toString();
const historyOf = (file: string) => historyFromJSON(JSON.parse(textOf(file)));
/** `<workflow id>.<n>.json.gz` */
const workflowIdOf = (file: string): string => basename(file).replace(/\.\d+\.json\.gz$/, '');

let bundle: { code: string };

beforeAll(async () => {
  const logger = new DefaultLogger('ERROR');
  Runtime.install({ logger });
  bundle = await bundleWorkflowCode({ ...bundleOptions, logger });
}, BUNDLE_MS_MAX);

const replay = (history: temporal.api.history.v1.IHistory, workflowId: string): Promise<void> =>
  Worker.runReplayHistory({ workflowBundle: bundle }, history, workflowId);

describe('the recordings', () => {
  it('are of both workflows, with continue-as-new, owner commands and what they led to', () => {
    const events = files.flatMap((file) => historyOf(file).events ?? []);
    const types = new Set(
      events.map((each) => each.workflowExecutionStartedEventAttributes?.workflowType?.name),
    );
    expect(types).toEqual(new Set([undefined, ...Object.values(WORKFLOW)]));
    const seen = new Set(events.map(({ eventType }) => eventType));
    for (const wanted of [
      EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
      EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
      EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED,
      EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
      EventType.EVENT_TYPE_TIMER_FIRED,
    ]) {
      expect([...seen], EventType[wanted]).toContain(wanted);
    }
    const signals = new Set(
      events.map((each) => each.workflowExecutionSignaledEventAttributes?.signalName),
    );
    expect([...signals]).toEqual(
      expect.arrayContaining(['updateSpilloverLimit', 'setTickInterval', 'explode', 'pause']),
    );
  });

  it.each(files)('%s replays through the code as it is now', async (file) => {
    await replay(historyOf(file), workflowIdOf(file));
  });

  it('would fail if the code did something else', async () => {
    const file = files.find((name) => name.includes('orchestrator'))!;
    const history = historyOf(file);
    const call = history.events?.find(
      ({ eventType }) => eventType === EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
    );
    call!.activityTaskScheduledEventAttributes!.activityType!.name = 'another';
    await expect(replay(history, workflowIdOf(file))).rejects.toThrow(/nondeterminism/i);
  });
});
