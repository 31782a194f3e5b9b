import { NO_PEAKS } from '../../scripts/history-peaks.ts';
import type { AcceptedClass, LedgerEntry, LedgerEvent, Segment } from '../../fabric/ledger.ts';
import type { LoadReport, NodeReport, Tally } from '../../fabric/messages.ts';
import type { RunSpec } from '../../fabric/mission/run-spec.ts';
import type { Ordinals } from '../../fabric/ordinals.ts';
import { buildReport, type BuiltReport } from '../../reporting/build-report.ts';
import type { ResultRecord, RunRecords } from '../../reporting/records.ts';
import type { ReportedRun, RunStatus } from '../../reporting/reported-run.ts';

export const START_MS = Date.UTC(2026, 0, 31, 12);

export type Chains = Record<string, LedgerEvent[]>;
export type Segments = Record<string, ResultRecord[]>;

/** A run that a test can spoil before its report is built. */
export interface SampleRun {
  run: ReportedRun;
  chains: Chains;
  segments: Segments;
}

export const traits: Omit<AcceptedClass, 'ordinals'> = {
  kind: 'box',
  skills: [],
  priority: 5,
  latencyBudgetMs: null,
  value: 2.5,
  estimateMs: null,
};

export const ref = (ordinals: Ordinals, attempt = 1) => ({
  feed: 'boxes',
  origin: 'edge',
  attempt,
  ordinals,
});

export function lease(
  no: number,
  node: string,
  ordinals: Ordinals,
  attempt = 1,
): Extract<LedgerEvent, { type: 'lease' }> {
  const jobs = [ref(ordinals, attempt)];
  return { type: 'lease', lease: no, fence: `1.${no}`, node, jobs, waitMs: 5 };
}

export interface OutcomeParts {
  no: number;
  node: string;
  attempt?: number;
  completed?: Ordinals;
  failed?: [number, string][];
  retried?: [number, string][];
  back?: Ordinals;
  segment?: string | null;
}

/** An outcome; its segment's digest and length are filled in when the records are read. */
export function outcome(parts: OutcomeParts): Extract<LedgerEvent, { type: 'outcome' }> {
  const { no, node, attempt = 1, completed = [], failed = [], retried = [], back = [] } = parts;
  const name = parts.segment === undefined ? `${node}-${no}.ndjson` : parts.segment;
  const items = [{ feed: 'boxes', origin: 'edge', attempt, completed, failed, retried, back }];
  const segment = name === null ? null : { name, records: -1, sha256: '' };
  return { type: 'outcome', lease: no, fence: `1.${no}`, node, segment, items, cost: 0.3 };
}

export const result = (
  ordinal: number,
  attempt = 1,
  body: unknown = { ordinal },
): ResultRecord => ({
  feed: 'boxes',
  ordinal,
  id: `box-${ordinal}`,
  kind: 'box',
  attempt,
  status: 'completed',
  result: body,
});

export const failure = (ordinal: number, attempt: number, code: string): ResultRecord => ({
  feed: 'boxes',
  ordinal,
  id: `box-${ordinal}`,
  kind: 'box',
  attempt,
  status: 'failed',
  code,
});

/**
 * Ten jobs of Edge. Lease 1 on edge-a: 0 to 3 done, 4 fails and is tried again. Lease 2: 4 fails for
 * good. 5 to 7 go to Helios in transfer 1 and are done there. Job 8 is lost with a node and done by
 * another, 9 is refused.
 */
export function sampleRun(): SampleRun {
  const moved = [ref([5, 8])];
  const transfer = { no: 1, plan: 1, jobs: moved };
  const lost = lease(3, 'edge-b', [8, 9]);
  const { fence, jobs } = lost;
  const why = { code: 'no-capable-node', data: { jobs: 1 } } as const;
  const chains: Chains = {
    edge: [
      { type: 'open', shard: 'edge', policy: {} },
      { type: 'feed', feed: 'boxes', total: 10, sha256: '' },
      { type: 'accept', feed: 'boxes', classes: [{ ...traits, ordinals: [0, 9] }] },
      { type: 'refuse', feed: 'boxes', ordinals: [9, 10], jobs: 1, value: 2.5, reason: why },
      lease(1, 'edge-a', [0, 5]),
      { type: 'transfer-out', peer: 'helios', ...transfer },
      outcome({ no: 1, node: 'edge-a', completed: [0, 4], retried: [[4, 'broken']] }),
      lease(2, 'edge-a', [4, 5], 2),
      outcome({ no: 2, node: 'edge-a', attempt: 2, failed: [[4, 'broken-again']] }),
      lost,
      { type: 'transfer-done', peer: 'helios', ...transfer },
      { type: 'requeue', lease: 3, fence, node: 'edge-b', why: 'presence lost', jobs },
      lease(4, 'edge-a', [8, 9]),
      outcome({ no: 4, node: 'edge-a', completed: [8, 9] }),
      { type: 'close', tally: {} },
    ],
    helios: [
      { type: 'transfer-in', peer: 'edge', ...transfer },
      lease(1, 'helios-a', [5, 8]),
      outcome({ no: 1, node: 'helios-a', completed: [5, 8] }),
      { type: 'close', tally: {} },
    ],
    orchestrator: [command('c-1', 'updateSpilloverLimit')],
  };
  const segments: Segments = {
    'edge-a-1.ndjson': [...[0, 1, 2, 3].map((ordinal) => result(ordinal)), failure(4, 1, 'broken')],
    'edge-a-2.ndjson': [failure(4, 2, 'broken-again')],
    'edge-a-4.ndjson': [result(8)],
    'helios-a-1.ndjson': [5, 6, 7].map((ordinal) => result(ordinal)),
  };
  return { run: sampleReportedRun(), chains, segments };
}

export function command(commandId: string, name: string): LedgerEvent {
  const rest = { args: {}, by: 'owner', reason: 'a test', via: 'signal' } as const;
  return { type: 'command', commandId, name, ...rest, outcome: 'applied' };
}

/** What the fabric of `sampleRun` says of itself. */
function sampleReportedRun(): ReportedRun {
  const edge = load('edge', {
    tally: { accepted: 9, refused: 1, completed: 5, failed: 1, retried: 1, spilledOut: 3 },
    leases: 4,
    nodes: [node('edge-a', 'edge', 5, 0.9), node('edge-b', 'edge', 0, 0)],
    spillovers: { helios: 3 },
    submitted: 10,
  });
  const helios = load('helios', {
    tally: { completed: 3, spilledIn: 3 },
    leases: 1,
    nodes: [node('helios-a', 'helios', 3, 0.3)],
    spillovers: {},
    submitted: 0,
  });
  const policy = edge.policy;
  return {
    spec: spec(),
    engine: {
      kind: 'embedded',
      address: '127.0.0.1:7233',
      serverVersion: '1.29.1',
      durability: 'SQLite, WAL, synchronous=FULL',
    },
    history: { events: 400, bytes: 120_000, runs: 3, peaks: { ...NO_PEAKS, events: 512 } },
    result: {
      status: {
        startedAtMs: START_MS,
        finishedAtMs: START_MS + 2_000,
        totals: {
          submitted: 10,
          accepted: 9,
          refused: 1,
          completed: 8,
          failed: 1,
          cancelled: 0,
          queued: 0,
          leased: 0,
          inTransit: 0,
        },
        shards: { helios, edge },
        series: {
          edge: [
            [0, 9],
            [1_000, 2],
          ],
        },
      },
      governance: {
        commandsDropped: 0,
        snapshots: [
          {
            atMs: START_MS,
            commandId: null,
            tickMs: 250,
            fabricPaused: false,
            shards: { edge: { paused: false, policy }, helios: { paused: false, policy } },
          },
        ],
        commands: [
          {
            commandId: 'c-1',
            name: 'updateSpilloverLimit',
            args: { shard: 'edge', limit: 3 },
            by: 'owner',
            reason: 'a test',
            via: 'signal',
            receivedAtMs: START_MS + 500,
            appliedAtMs: START_MS + 520,
            outcome: 'applied',
            refusedBecause: null,
            effect: 'edge: spillover limit: 300 → 3.',
            answers: [],
          },
        ],
      },
    },
  };
}

interface LoadParts {
  tally: Partial<Tally>;
  leases: number;
  nodes: NodeReport[];
  spillovers: Record<string, number>;
  submitted: number;
}

function load(shard: string, parts: LoadParts): LoadReport {
  const zero = { accepted: 0, refused: 0, completed: 0, failed: 0, cancelled: 0, retried: 0 };
  const moved = { spilledIn: 0, spilledOut: 0, lateAnswers: 0, leasesLost: 0 };
  const values = { valueAccepted: 0, valueRefused: 0, valueCompleted: 0, valueFailed: 0 };
  const tally = { ...zero, ...moved, ...values, valueCancelled: 0, cost: 0, ...parts.tally };
  return {
    shard,
    seq: 7,
    atMs: START_MS + 2_000,
    queued: 0,
    queuedMax: 9,
    leased: 0,
    inTransit: 0,
    submitted: parts.submitted,
    tally: { ...tally, leasesGranted: parts.leases },
    spillovers: parts.spillovers,
    nodes: parts.nodes,
    jobsPerSecond: 10,
    paused: false,
    policy: { spilloverLimit: 300, spillTargets: ['helios'], latencyBudgetMs: 300_000 },
    planSeen: 1,
    shedding: 0,
    outgoing: {},
    demand: [],
    unpulled: 0,
    skillSets: [],
    latencyMs: { p50: 100, p95: 200, p99: 400, overBudget: 0 },
    idle: true,
    closed: true,
    ledger: { entries: 14, head: '' },
    problem: null,
    direct: [],
  };
}

function node(id: string, shard: string, completed: number, cost: number): NodeReport {
  const rest = { image: '', runtime: '', tags: [] };
  return {
    id,
    shard,
    state: id === 'edge-b' ? 'lost' : 'left',
    incarnation: 1,
    slots: 2,
    leases: 0,
    completed,
    failed: 0,
    leasesLost: 0,
    cost,
    serviceMs: 1.25,
    health: 1,
    lastHeartbeatAtMs: START_MS + 1_500,
    spec: { id, shard, skills: ['lift'], slots: 2, pricePerJob: 0.05, ...rest },
  };
}

function spec(): RunSpec {
  return {
    schema: 'planetary-fabric/run@1',
    runId: 'sample-20260131-120000-abc',
    fabric: 'planetary-fabric',
    scenario: 'sample',
    title: 'A sample: boxes of Edge',
    seed: 1,
    mode: 'mission',
    policy: {
      tickMs: 250,
      attemptsMax: 2,
      hopsMax: 3,
      leaseTargetMs: 500,
      leaseJobsMax: 50,
      pageJobs: 500,
      unmatchedSkills: 'refuse',
      leaseTimeoutMs: 60_000,
      historyEventsMax: 600,
      checkpointEveryMs: 0,
    },
    timeScale: 60,
    shards: [],
    nodes: [],
    feeds: [],
    timeline: [],
    gates: [
      { name: 'failureRate', limit: 0.2 },
      { name: 'completionRatio', limit: 0.5 },
    ],
    presentation: null,
    folders: { ledger: '/fabric/ledger', results: '/fabric/results', reports: '/fabric' },
  };
}

/** Chains as entries: numbered, a second apart. */
export function entriesOf(chain: readonly LedgerEvent[], segments: Segments): LedgerEntry[] {
  return chain.map((event, seq) => {
    const known = event.type === 'outcome' && event.segment !== null && event.segment.records < 0;
    const segment = known ? segmentOf(event.segment!.name, segments) : null;
    const filled = segment === null ? event : { ...event, segment };
    return { seq, at: START_MS + seq, ...filled } as LedgerEntry;
  });
}

function segmentOf(name: string, segments: Segments): Segment {
  return { name, records: segments[name]?.length ?? 1, sha256: `sha256:of-${name}` };
}

/** The port over memory. Chains are given in the order of the object's keys. */
export function memoryRecords({ chains, segments }: Omit<SampleRun, 'run'>): RunRecords {
  return {
    chains: () => Promise.resolve(Object.keys(chains)),
    async *entries(chain) {
      yield* entriesOf(chains[chain]!, segments);
      return await Promise.resolve(`sha256:head-of-${chain}`);
    },
    results({ name }) {
      const records = segments[name];
      return records
        ? Promise.resolve(records)
        : Promise.reject(new Error('there is no such file'));
    },
  };
}

export function built(sample: SampleRun): Promise<BuiltReport> {
  return buildReport(sample.run, memoryRecords(sample));
}

export function restate(sample: SampleRun, what: keyof RunStatus['totals'], value: number): void {
  Object.assign(sample.run.result.status.totals, { [what]: value });
}
