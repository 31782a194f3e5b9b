/**
 * Every owner command in four ways against a fabric that runs: by signal with the Temporal CLI, by
 * update, by `OwnerConsole` and by the command line. Whatever is wrong with one is refused, on the
 * record, and no workflow task fails of it.
 */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../activities/checkpoint.ts';
import type { ConnectedEngine } from '../../engine/connect.ts';
import { connectEngine, plainEndpoint } from '../../engine/connect.ts';
import { resolveEngine } from '../../engine/resolve.ts';
import type { LedgerEntry } from '../../fabric/ledger.ts';
import { OWNER_COMMANDS } from '../../fabric/orchestrator/command-schema.ts';
import { accessOver, fetchGovernance, fetchWholeStatus } from '../../scripts/fabric-access.ts';
import type { FabricAccess } from '../../scripts/fabric-access.ts';
import { OwnerConsole, type JobToSubmit } from '../../scripts/owner-console.ts';
import type { FabricRecord } from '../../scripts/state.ts';
import type {
  CommandRecord,
  FabricStatus,
  Governance,
  OwnerCommandName,
} from '../../workflows/protocol.ts';
import { SIGNAL, orchestratorId, shardId } from '../../workflows/protocol.ts';
import { LiveFabric, ownEnv, until, update, type Running } from './live-fabric.ts';

const FABRIC = 'planetary-fabric';
const SHARDS = ['earth', 'luna'] as const;
const TEST_MS_MAX = 120_000;
/** Each way has a node of its own to take out of service. */
const WAY_COUNT = 4;

interface Args {
  readonly shard?: string;
  readonly limit?: number;
  readonly ms?: number;
  readonly seconds?: number;
  readonly node?: string;
  readonly slots?: number;
  readonly jobs?: readonly JobToSubmit[];
}
interface Sender {
  readonly by: string;
  readonly reason: string;
}
type Way = (name: OwnerCommandName, args: Args, sender: Sender) => Promise<void>;

const feed = (shard: string) => ({
  id: `${shard}-stream`,
  shard,
  arrivals: { mode: 'rate' as const, perSecond: 10 },
  source: {
    type: 'synthetic' as const,
    blueprints: [{ kind: 'survey', count: 1_000_000, durationMs: 10 }],
  },
});

const fabric = new LiveFabric();
let running: Running;
let record: FabricRecord;
let executable: string;
let connected: ConnectedEngine;
let access: FabricAccess;
let owner: OwnerConsole;
let orchestrator: WorkflowHandle;

beforeAll(async () => {
  const mission = fabric.mission({
    scenario: 'owner',
    mode: 'service',
    policy: { tickMs: 200, leaseTargetMs: 100 },
    shards: { earth: {}, luna: {} },
    nodes: [
      ...SHARDS.map((shard) => ({ id: `${shard}-node`, shard })),
      { id: 'spare', shard: 'luna', count: WAY_COUNT },
    ],
    feeds: SHARDS.map(feed),
  });
  const { provision } = await resolveEngine({ env: ownEnv });
  if (provision.kind !== 'executable') throw new Error('an executable was expected');
  executable = provision.executable;
  running = fabric.start(['run', mission]);
  record = await fabric.untilUp(running);
  const { address, namespace } = record.engine!;
  connected = await connectEngine(plainEndpoint(address, namespace));
  orchestrator = connected.client.workflow.getHandle(orchestratorId(FABRIC));
  access = accessOver(connected, { fabric: FABRIC, record: null, address, uiUrl: null });
  owner = await OwnerConsole.connect({ address, namespace });
  for (const shard of SHARDS) await untilLeased(shard, 0);
}, TEST_MS_MAX);

afterAll(async () => {
  await owner?.close();
  await connected?.close();
  await fabric.end();
}, TEST_MS_MAX);

const governance = (): Promise<Governance> => fetchGovernance(access);
const status = (): Promise<FabricStatus> => fetchWholeStatus(access);
const shardHandle = (shard: string): WorkflowHandle =>
  connected.client.workflow.getHandle(shardId(FABRIC, shard));
const isLease = ({ type }: LedgerEntry): boolean => type === 'lease';

/** Waits until the shard's chain holds a lease from entry `fromSeq` on. */
async function untilLeased(shard: string, fromSeq: number): Promise<void> {
  await until(`${shard} leases`, async () => {
    const entries = await fabric.ledger(record.runId, shard);
    return entries.some((entry) => isLease(entry) && entry.seq >= fromSeq);
  });
}

/** The command that `found` picks from the governance, once it has an outcome. */
async function outcomeOf(found: (command: CommandRecord) => boolean): Promise<CommandRecord> {
  let known: CommandRecord | undefined;
  await until('the command has an outcome', async () => {
    known = (await governance()).commands.findLast(found);
    return known !== undefined && known.outcome !== 'received';
  });
  return known!;
}

const argsOf = (name: OwnerCommandName, no: number): Args => {
  switch (name) {
    case 'pauseAll':
    case 'resumeAll':
    case 'checkpoint':
      return {};
    case 'pauseShard':
    case 'resumeShard':
      return { shard: 'luna' };
    case 'updateSpilloverLimit':
      return { shard: 'luna', limit: 700 + no };
    case 'updateLatencyBudget':
      return { shard: 'luna', ms: 80_000 + no };
    case 'setTickInterval':
      return { seconds: no / 4 };
    case 'cordonNode':
    case 'uncordonNode':
    case 'removeNode':
      return { node: `spare-${no}` };
    case 'drainNode':
      return { node: `spare-${no}`, seconds: 20 };
    case 'registerNode':
      return { node: `guest-${no}`, shard: 'luna', slots: 3 };
    case 'updateNode':
      return { node: `guest-${no}`, slots: 4 + no };
    case 'submitJobs':
      return { jobs: [1, 2].map((i) => ({ id: `way-${no}-${i}`, kind: 'probe', shard: 'luna' })) };
  }
};

const byCliSignal: Way = async (name, args, sender) => {
  const input = JSON.stringify({ ...args, ...sender });
  const where = ['--address', record.engine!.address, '--namespace', record.engine!.namespace];
  const what = ['--workflow-id', orchestratorId(FABRIC), '--name', name, '--input', input];
  execFileSync(executable, ['workflow', 'signal', ...where, ...what], { env: ownEnv });
};

const byUpdate: Way = async (name, args, sender) => {
  const answer = await update<CommandRecord>(orchestrator, name, { ...args, ...sender });
  expect(answer).toMatchObject({ name, outcome: 'applied', via: 'update', ...sender });
};

const byConsole: Way = async (name, args, sender) => {
  const { shard = '' } = args;
  const send = {
    pauseAll: () => owner.pauseAll(sender),
    resumeAll: () => owner.resumeAll(sender),
    pauseShard: () => owner.pauseShard(shard, sender),
    resumeShard: () => owner.resumeShard(shard, sender),
    updateSpilloverLimit: () => owner.updateSpilloverLimit(shard, args.limit!, sender),
    updateLatencyBudget: () => owner.updateLatencyBudget(shard, args.ms!, sender),
    setTickInterval: () => owner.setTickInterval(args.seconds!, sender),
    cordonNode: () => owner.cordonNode(args.node!, sender),
    uncordonNode: () => owner.uncordonNode(args.node!, sender),
    drainNode: () => owner.drainNode(args.node!, args.seconds, sender),
    removeNode: () => owner.removeNode(args.node!, sender),
    checkpoint: () => owner.checkpoint(sender),
    registerNode: () => owner.registerNode({ id: args.node!, shard, slots: args.slots! }, sender),
    updateNode: () => owner.updateNode(args.node!, { slots: args.slots! }, sender),
    submitJobs: () => owner.submit(args.jobs!, sender),
  }[name];
  expect(await send()).toMatchObject({ name, outcome: 'applied', ...sender });
};

const byCommandLine: Way = async (name, args, { by, reason }) => {
  const { shard = '' } = args;
  const lines: Record<OwnerCommandName, string[]> = {
    pauseAll: ['owner', 'pause-all'],
    resumeAll: ['owner', 'resume-all'],
    pauseShard: ['owner', 'pause', shard],
    resumeShard: ['owner', 'resume', shard],
    updateSpilloverLimit: ['owner', 'set-spillover-limit', shard, String(args.limit)],
    updateLatencyBudget: ['owner', 'set-latency-budget', shard, String(args.ms)],
    setTickInterval: ['owner', 'set-tick-interval', String(args.seconds)],
    cordonNode: ['nodes', 'cordon', String(args.node)],
    uncordonNode: ['nodes', 'uncordon', String(args.node)],
    drainNode: ['nodes', 'drain', String(args.node), '--within', String(args.seconds)],
    removeNode: ['nodes', 'remove', String(args.node)],
    checkpoint: ['checkpoint'],
    registerNode: ['nodes', 'add', 'node.json'],
    updateNode: ['nodes', 'update', 'node.json'],
    submitJobs: ['submit', 'jobs.ndjson'],
  };
  const jobs = (args.jobs ?? []).map((job) => `${JSON.stringify(job)}\n`).join('');
  writeFileSync(join(fabric.folder, 'jobs.ndjson'), jobs);
  const { node: id, ...offer } = args;
  writeFileSync(join(fabric.folder, 'node.json'), JSON.stringify({ id, ...offer }));
  const ended = fabric.run([...lines[name], '--by', by, '--reason', reason]);
  expect(ended, ended.stderr).toMatchObject({ status: 0, stderr: '' });
};

const WAYS: readonly (readonly [string, Way, CommandRecord['via']])[] = [
  ['by signal with the Temporal CLI', byCliSignal, 'signal'],
  ['by update', byUpdate, 'update'],
  ['by OwnerConsole', byConsole, 'signal'],
  ['by the command line', byCommandLine, 'signal'],
];

describe.each(WAYS)('%s', (title, send, via) => {
  const no = 1 + WAYS.findIndex(([each]) => each === title);

  it.each(OWNER_COMMANDS.map((name) => [name]))(
    '%s is applied, and stands in the governance with who and why',
    async (name) => {
      const args = argsOf(name, no);
      const sender = { by: `owner-${no}`, reason: `${name} ${title}` };
      await send(name, args, sender);
      const done = await outcomeOf(({ reason }) => reason === sender.reason);
      const recorded = args.jobs ? { jobs: args.jobs.length } : args;
      expect(done).toMatchObject({ name, ...sender, via, outcome: 'applied', args: recorded });
      expect(done.appliedAtMs).toBeGreaterThanOrEqual(done.receivedAtMs);
      expect(done.effect).not.toBe('');
      await expectEffect(done, args);
    },
    TEST_MS_MAX,
  );
});

/** What the fabric says of itself after the command. */
async function expectEffect({ commandId, name, answers, effect }: CommandRecord, args: Args) {
  if (name === 'submitJobs') {
    expect(answers.flatMap(({ accepted = [] }) => accepted)).toEqual(
      args.jobs!.map(({ id }) => id),
    );
    return;
  }
  if (name === 'checkpoint') {
    const [, file = ''] = /^Checkpoint \d+ written: (.*)$/.exec(effect) ?? [];
    const { checkpoint } = await readCheckpoint(file);
    expect(checkpoint.runId).toBe(record.runId);
    return;
  }
  if (args.node !== undefined) {
    const after = {
      cordonNode: /^cordoned$/,
      uncordonNode: /^ready$/,
      drainNode: /^(draining|cordoned)$/,
      removeNode: /^removed$/,
      // The command line starts its process too.
      registerNode: /^(expected|ready)$/,
      updateNode: /^(expected|ready)$/,
    };
    await until(`${name} shows`, async () => {
      const { nodes } = (await status()).shards['luna']!;
      const found = nodes.find(({ id }) => id === args.node);
      if (args.slots !== undefined && found?.slots !== args.slots) return false;
      return after[name as keyof typeof after].test(found?.state ?? '');
    });
    return;
  }
  const snapshot = (await governance()).snapshots.find((each) => each.commandId === commandId)!;
  const { luna, earth } = snapshot.shards;
  if (name === 'pauseAll') expect([earth!.paused, luna!.paused]).toEqual([true, true]);
  if (name === 'resumeAll') expect([earth!.paused, luna!.paused]).toEqual([false, false]);
  if (name === 'pauseShard') expect([earth!.paused, luna!.paused]).toEqual([false, true]);
  if (name === 'resumeShard') expect([earth!.paused, luna!.paused]).toEqual([false, false]);
  if (name === 'updateSpilloverLimit') expect(luna!.policy.spilloverLimit).toBe(args.limit);
  if (name === 'updateLatencyBudget') expect(luna!.policy.latencyBudgetMs).toBe(args.ms);
  if (name === 'setTickInterval') expect((await status()).tickMs).toBe(args.seconds! * 1000);
}

it(
  'a shard takes pause and resume itself, and the orchestrator hears of it',
  async () => {
    for (const name of [SIGNAL.pause, SIGNAL.resume]) {
      const sender = { by: 'the crew of luna', reason: `${name} by hand` };
      await shardHandle('luna').signal(name, sender);
      const done = await outcomeOf(({ reason }) => reason === sender.reason);
      const expected = { name, ...sender, via: 'shard', outcome: 'applied' };
      expect(done).toMatchObject({ ...expected, args: { shard: 'luna' } });
    }
  },
  TEST_MS_MAX,
);

it(
  'a paused shard leases nothing while its neighbour goes on and its queue grows, until it is resumed',
  async () => {
    const paused = await owner.pauseShard('luna', { reason: 'a long pause' });
    expect(paused.outcome).toBe('applied');
    const before = (await status()).shards['luna']!.queued;
    const earthSeq = (await fabric.ledger(record.runId, 'earth')).at(-1)!.seq;
    await until('earth leases on and jobs wait on luna', async () => {
      const earth = await fabric.ledger(record.runId, 'earth');
      const leases = earth.filter((entry) => isLease(entry) && entry.seq > earthSeq);
      return leases.length >= 5 && (await status()).shards['luna']!.queued > before + 15;
    });
    const luna = await fabric.ledger(record.runId, 'luna');
    const stopped = luna.findIndex(
      (entry) => entry.type === 'command' && entry.commandId === paused.commandId,
    );
    expect(stopped).toBeGreaterThan(0);
    expect(luna.slice(stopped).filter(isLease)).toEqual([]);
    await owner.resumeShard('luna', { reason: 'the end of it' });
    await untilLeased('luna', luna.length);
  },
  TEST_MS_MAX,
);

describe('refused, on the record:', () => {
  /** Sends something, and gives the record that the orchestrator makes of it. */
  async function recordedAfter(send: () => Promise<unknown>): Promise<CommandRecord> {
    const seen = new Set((await governance()).commands.map(({ commandId }) => commandId));
    await send();
    return await outcomeOf(({ commandId }) => !seen.has(commandId));
  }

  const jobs = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ id: `bad-${i}`, kind: 'probe', shard: 'luna' }));
  const limit = (value: unknown) => ({ shard: 'luna', limit: value });
  const hostileKey: unknown = JSON.parse('{"shard":"luna","__proto__":{"paused":true}}');

  const BAD: readonly (readonly [string, string, unknown[], RegExp])[] = [
    ['an unknown node', 'cordonNode', [{ node: 'nobody' }], /no node "nobody" on any shard/],
    ['an unknown shard', 'pauseShard', [{ shard: 'pluto' }], /no shard "pluto"; there are earth/],
    ['a shard that is no text', 'resumeShard', [{ shard: 7 }], /shard/],
    ['a shard named like a prototype', 'pauseShard', [{ shard: 'constructor' }], /shard/],
    ['NaN', 'updateSpilloverLimit', [limit(Number.NaN)], /limit.*a whole number from 0/],
    ['a negative limit', 'updateSpilloverLimit', [limit(-1)], /limit.*a whole number from 0/],
    ['an absurd limit', 'updateSpilloverLimit', [limit(1e300)], /limit.*a whole number from 0/],
    ['half a job', 'updateSpilloverLimit', [limit(1.5)], /limit.*a whole number/],
    ['a number as text', 'updateSpilloverLimit', [limit('40')], /limit.*a whole number/],
    ['a budget of nothing', 'updateLatencyBudget', [{ shard: 'luna', ms: 0 }], /ms/],
    ['a tick of no time', 'setTickInterval', [{ seconds: 0 }], /seconds.*a number from/],
    ['a tick of years', 'setTickInterval', [{ seconds: 1e9 }], /seconds.*a number from/],
    ['an endless tick', 'setTickInterval', [{ seconds: Number.POSITIVE_INFINITY }], /seconds/],
    ['an extra field', 'pauseShard', [{ shard: 'luna', colour: 'red' }], /colour/],
    ['an extra field of a bare command', 'pauseAll', [{ shard: 'luna' }], /shard/],
    ['a hostile key', 'pauseShard', [hostileKey], /__proto__/],
    ['a missing field', 'updateSpilloverLimit', [{ shard: 'luna' }], /limit/],
    ['no arguments', 'pauseShard', [], /shard/],
    ['null', 'resumeShard', [null], /shard/],
    ['a list', 'pauseAll', [['luna']], /./],
    ['plain text', 'pauseAll', ['luna'], /./],
    ['a sender that is no text', 'pauseAll', [{ by: 5 }], /by/],
    ['no jobs', 'submitJobs', [{ jobs: [] }], /jobs/],
    ['too many jobs', 'submitJobs', [{ jobs: jobs(501) }], /jobs/],
    ['a job for nowhere', 'submitJobs', [{ jobs: [{ ...jobs(1)[0], shard: 'pluto' }] }], /pluto/],
    ['a command that there is not', 'explode', [{ shard: 'luna' }], /no command "explode"/],
  ];

  it.each(BAD)('%s', async (_, name, args, because) => {
    const refused = await recordedAfter(() => orchestrator.signal(name, ...args));
    expect(refused).toMatchObject({ name, outcome: 'refused', effect: 'Nothing changed.' });
    expect(refused.refusedBecause).toMatch(because);
    expect(refused.appliedAtMs).toBeNull();
  });

  it('the same by update, answered with the record', async () => {
    const answer = await update<CommandRecord>(orchestrator, 'pauseShard', {
      shard: 'pluto',
      by: 'somebody',
    });
    expect(answer).toMatchObject({ outcome: 'refused', by: 'somebody', via: 'update' });
    await expect(orchestrator.executeUpdate('explode')).rejects.toThrow();
  });

  it('the same by OwnerConsole', async () => {
    const refused = await owner.updateSpilloverLimit('luna', -5, { by: 'somebody' });
    expect(refused).toMatchObject({ outcome: 'refused', by: 'somebody' });
  });

  it.each([
    [['owner', 'pause', 'pluto'], /pluto/],
    [['owner', 'set-spillover-limit', 'luna', 'NaN'], /NaN/],
    [['owner', 'set-latency-budget', 'luna', '-3'], /-3/],
    [['owner', 'set-tick-interval', '1e9'], /1e9/],
    [['owner', 'set-spillover-limit', 'luna'], /missing/],
  ])('by the command line before anything is sent: %s', async (line, because) => {
    const before = (await governance()).commands.length;
    const { status: code, stderr } = fabric.run(line);
    expect([code, stderr]).toEqual([2, expect.stringMatching(because)]);
    expect((await governance()).commands).toHaveLength(before);
  });

  const raw = (encoding: string | null, data: string): Payload => ({
    metadata: encoding === null ? {} : { encoding: Buffer.from(encoding) },
    data: Buffer.from(data),
  });
  const UNDECODABLE: readonly (readonly [string, Payload])[] = [
    ['broken JSON', raw('json/plain', '{"shard":')],
    ['NaN spelt out', raw('json/plain', '{"shard":"luna","limit":NaN}')],
    ['bytes that are no text', raw('json/plain', '\u00ff\u0000\u0001')],
    ['an unknown encoding', raw('x/secret', '{"shard":"luna"}')],
    ['no encoding', raw(null, '{"shard":"luna"}')],
  ];
  const signalRaw = (workflowId: string, signalName: string, payload: Payload) =>
    connected.connection.workflowService.signalWorkflowExecution({
      namespace: connected.namespace,
      workflowExecution: { workflowId },
      signalName,
      input: { payloads: [payload] },
    });

  describe.each(UNDECODABLE)('%s', (_, payload) => {
    it.each(['pauseShard', SIGNAL.message, 'explode'])('as %s', async (name) => {
      const send = () => signalRaw(orchestratorId(FABRIC), name, payload);
      const refused = await recordedAfter(send);
      expect(refused).toMatchObject({ name, outcome: 'refused', by: 'unknown' });
      expect(refused.refusedBecause).toMatch(/could not be decoded/);
    });

    it.each([SIGNAL.pause, SIGNAL.message, SIGNAL.registerNode, 'explode'])(
      'as %s of a shard',
      async (name) => {
        const refused = await recordedAfter(() =>
          signalRaw(shardId(FABRIC, 'luna'), name, payload),
        );
        expect(refused).toMatchObject({ name, outcome: 'refused', via: 'shard' });
      },
    );

    it('as an update', async () => {
      const answer = await connected.connection.workflowService.updateWorkflowExecution({
        namespace: connected.namespace,
        workflowExecution: { workflowId: orchestratorId(FABRIC) },
        request: {
          meta: { updateId: randomUUID(), identity: 'owner' },
          input: { name: 'pauseShard', args: { payloads: [payload] } },
        },
        waitPolicy: { lifecycleStage: COMPLETED },
      });
      const [result] = answer.outcome?.success?.payloads ?? [];
      const refused = defaultPayloadConverter.fromPayload<CommandRecord>(result!);
      expect(refused).toMatchObject({ name: 'pauseShard', outcome: 'refused' });
      expect(refused.refusedBecause).toMatch(/could not be decoded/);
    });
  });
});

const { UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED: COMPLETED } =
  temporal.api.enums.v1.UpdateWorkflowExecutionLifecycleStage;
const { EVENT_TYPE_WORKFLOW_TASK_FAILED } = temporal.api.enums.v1.EventType;
const { WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND: UNHANDLED_COMMAND } =
  temporal.api.enums.v1.WorkflowTaskFailedCause;

describe('after all of it', () => {
  it('every workflow runs, and none of their tasks has ever failed', async () => {
    for (const handle of [orchestrator, ...SHARDS.map(shardHandle)]) {
      expect((await handle.describe()).status.name).toBe('RUNNING');
      const { events } = await handle.fetchHistory();
      // The server answers a continue-as-new with UNHANDLED_COMMAND when a signal came meanwhile.
      const failed = (events ?? []).filter(
        ({ eventType, workflowTaskFailedEventAttributes: why }) =>
          eventType === EVENT_TYPE_WORKFLOW_TASK_FAILED && why?.cause !== UNHANDLED_COMMAND,
      );
      expect(failed).toEqual([]);
    }
    expect((await owner.updateSpilloverLimit('earth', 900)).outcome).toBe('applied');
  });

  it(
    'the fabric closes in order, and its ledger holds no lease on a shard from a pause to its resume',
    async () => {
      const { commands } = await governance();
      expect(fabric.run(['down'], TEST_MS_MAX).status).toBe(0);
      expect(await running.ended, running.said()).toBe(0);
      expect(fabric.processes()).toEqual([]);
      for (const shard of SHARDS) {
        const { pauses, leases, violations } = leasesInPauses(
          await fabric.ledger(record.runId, shard),
        );
        expect(violations).toEqual([]);
        expect(pauses).toBeGreaterThanOrEqual(WAYS.length);
        expect(leases).toBeGreaterThan(pauses);
      }
      // Every command stands in the ledger with its outcome (I7), and in the report.
      const chain = await fabric.ledger(record.runId, 'orchestrator');
      const outcomes = chain.flatMap((entry) =>
        entry.type === 'command' && entry.outcome !== 'received' ? [entry.commandId] : [],
      );
      expect(outcomes).toEqual(expect.arrayContaining(commands.map(({ commandId }) => commandId)));
      expect(new Set(outcomes).size).toBe(outcomes.length);
      const reported = fabric.report(record.runId).governance.commands;
      expect(reported.map(({ commandId }) => commandId)).toEqual(
        expect.arrayContaining(commands.map(({ commandId }) => commandId)),
      );
    },
    2 * TEST_MS_MAX,
  );
});

/** Reads a shard's chain against its own record of pauses: a lease in one of them is a violation. */
function leasesInPauses(entries: readonly LedgerEntry[]) {
  const isOn = { fabric: true, shard: true };
  const violations: LedgerEntry[] = [];
  let [pauses, leases] = [0, 0];
  for (const entry of entries) {
    if (entry.type === 'lease') {
      leases += 1;
      if (!isOn.fabric || !isOn.shard) violations.push(entry);
    }
    if (entry.type !== 'command' || entry.outcome !== 'applied') continue;
    if (entry.name === 'pause') isOn.shard = false;
    if (entry.name === 'fabricPause') isOn.fabric = false;
    if (entry.name === 'resume') isOn.shard = true;
    if (entry.name === 'fabricResume') isOn.fabric = isOn.shard = true;
    if (/pause/i.test(entry.name)) pauses += 1;
  }
  return { pauses, leases, violations };
}
