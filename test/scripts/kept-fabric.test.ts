// A fabric that is kept after its report goes on being told: a further report when it is closed, its
// histories saved again, and a resume that goes on where only the first report is there.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RunSpec } from '../../fabric/mission/run-spec.ts';
import type { Report } from '../../reporting/schema.ts';
import { main } from '../../scripts/cli.ts';
import type { FabricAccess } from '../../scripts/fabric-access.ts';
import type { ReportInput } from '../../scripts/finish.ts';
import { finishRun } from '../../scripts/finish.ts';
import { writeRunReport } from '../../scripts/report-writer.ts';
import { resumeToken } from '../../reporting/resume-token.ts';
import { claimFabric, dropFabric, keepRunSpec, runSpecFile } from '../../scripts/state.ts';
import { closed, continued, writtenRun } from '../reporting/sample-files.ts';
import type { FakePlace } from './fake-place.ts';
import { fakePlace } from './fake-place.ts';

const ORCHESTRATOR = 'planetary-fabric.orchestrator';
const { EventType } = temporal.api.enums.v1;

let place: FakePlace;
let stateDir: string;
let input: ReportInput;

beforeEach(async () => {
  place = fakePlace(mkdtempSync(join(tmpdir(), 'kept-')));
  stateDir = join(place.folder, '.planetary-fabric');
  input = await writtenRun(join(place.folder, 'reports'));
  await keepRunSpec(stateDir, input.spec);
});

afterEach(() => rmSync(place.folder, { recursive: true, force: true }));

const runsFolder = (): string => join(place.folder, 'reports', 'runs');
const reportFile = (ending: string): string => join(runsFolder(), `${input.spec.runId}${ending}`);

/** Gates that no run can hold. */
function failing(run: ReportInput): ReportInput {
  const spec: RunSpec = { ...run.spec, gates: [{ name: 'failureRate', limit: 0 }] };
  return { ...run, spec };
}

/** Ends what is kept as far as `finishRun` sees it; its one workflow has a history of so many events. */
function finish(run: ReportInput, events: number, isKept: boolean): Promise<number> {
  const started = { eventType: EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED };
  const history = temporal.api.history.v1.History.create({
    events: Array.from({ length: events }, () => started),
  });
  const handle = {
    describe: () => Promise.resolve({ raw: {}, runId: 'r-1', historySize: 100 * events }),
    fetchHistory: () => Promise.resolve(history),
  } as unknown as WorkflowHandle;
  return finishRun({
    place,
    spec: run.spec,
    order: {},
    isKept,
    talk: place.out,
    workflows: { orchestrator: handle, all: new Map([[ORCHESTRATOR, handle]]) },
    result: run.result as never,
    client: { workflow: { getHandle: () => handle } } as unknown as Client,
    engine: run.engine as never,
  });
}

test('its end is told by a further report with what came later, and by longer histories', async () => {
  expect(await finish(input, 3, true)).toBe(0);
  expect(place.printed.out).toMatch(/Next:\n.* status\n.*\n.* down\n$/);
  const first = readFileSync(reportFile('.json'), 'utf8');

  place.printed.out = '';
  expect(await finish(await closed(await continued(input)), 5, false)).toBe(0);
  expect(place.printed.out).toContain(join('reports', 'runs', `${input.spec.runId}-2.json`));
  expect(place.printed.out).not.toMatch(/ down$/m);
  expect(readFileSync(reportFile('.json'), 'utf8')).toBe(first);
  const further = JSON.parse(readFileSync(reportFile('-2.json'), 'utf8')) as Report;
  expect(further.governance.commands.map(({ commandId }) => commandId)).toEqual(['c-1', 'c-2']);
  expect(further.history.events).toBe(5);

  const histories = join(place.folder, 'reports', 'histories', input.spec.runId);
  expect(readdirSync(histories)).toEqual([`${ORCHESTRATOR}.1.json.gz`]);
  const saved = gunzipSync(readFileSync(join(histories, `${ORCHESTRATOR}.1.json.gz`)));
  expect((JSON.parse(saved.toString()) as { events: unknown[] }).events).toHaveLength(5);
});

test('while only its first report is there, a resume goes on until somebody closes it', async () => {
  await writeRunReport(input);
  const orders: unknown[] = [];
  const doors = {
    conductRun: (...run: unknown[]) => {
      orders.push(run);
      return Promise.resolve(0);
    },
  };
  expect(await main(['resume', resumeToken(input.spec)], place, doors)).toBe(0);
  expect(orders).toEqual([[input.spec, { start: 'again', until: 'closed' }]]);
});

test.each([
  [0, (run: ReportInput) => run, / have ended\. Its report: /],
  [1, failing, / have ended\. A gate or a check failed\. Its report: /],
])(
  'closed with exit code %i, a resume hands its report out once more',
  async (code, gates, says) => {
    const { jsonFile } = await writeRunReport(gates(await closed(input)));
    const doors = { conductRun: () => Promise.reject(new Error('it was run again')) };
    const token = resumeToken(input.spec);
    expect(await main(['resume', token], place, doors), place.printed.err).toBe(code);
    expect(place.printed.out).toMatch(says);
    expect(place.printed.out).toContain(jsonFile);

    place.printed.out = '';
    const line = ['resume', token, '--json', '--export', 'copy/r.json'];
    expect(await main(line, place, doors)).toBe(code);
    expect(place.printed.out).toBe(readFileSync(jsonFile, 'utf8'));
    expect(readFileSync(join(place.folder, 'copy', 'r.json'), 'utf8')).toBe(place.printed.out);
  },
);

test.each([
  [0, (run: ReportInput) => run, 'is closed. Report: '],
  [1, failing, 'is closed. A gate or a check failed. Report: '],
])('`down` names the further report and ends with its %i', async (code, gates, says) => {
  await writeRunReport(input);
  await claimFabric(stateDir, input.spec, runSpecFile(stateDir, input.spec.runId));
  // Whoever supervises it reports once more, and gives the name up.
  const signal = async (): Promise<void> => {
    await writeRunReport(gates(await closed(await continued(input))));
    await dropFabric(stateDir, input.spec);
  };
  const handle = { signal, describe: () => Promise.resolve({ status: { name: 'RUNNING' } }) };
  const access = {
    fabric: 'planetary-fabric',
    call: (request: () => Promise<unknown>) => request(),
    client: { workflow: { getHandle: () => handle } },
    close: () => Promise.resolve(),
  } as unknown as FabricAccess;
  const doors = { accessFabric: () => Promise.resolve(access) };
  const line = ['down', '--export', 'r.json'];
  expect(await main(line, place, doors), place.printed.err).toBe(code);
  expect(place.printed.out).toBe(`The fabric "planetary-fabric" ${says}${reportFile('-2.json')}\n`);
  expect(readFileSync(join(place.folder, 'r.json'), 'utf8')).toBe(
    readFileSync(reportFile('-2.json'), 'utf8'),
  );
});
