// A fabric's status with two shards, to be changed where a test looks. Only what the command line shows
// is filled in.
import type { LoadReport, Tally } from '../../fabric/messages.ts';
import type { FabricStatus } from '../../workflows/protocol.ts';

type ShardChange = Partial<Omit<LoadReport, 'tally'>> & { readonly tally?: Partial<Tally> };

export function sampleShard(shard: string, change: ShardChange = {}): LoadReport {
  const tally = { completed: 0, failed: 0, spilledIn: 0, spilledOut: 0, ...change.tally };
  return {
    shard,
    queued: 0,
    leased: 0,
    inTransit: 0,
    nodes: [],
    paused: false,
    policy: { spilloverLimit: 1_000, spillTargets: [], latencyBudgetMs: 60_000 },
    latencyMs: { p50: 1, p95: 2, p99: 3, overBudget: 0 },
    problem: null,
    ...change,
    tally,
  } as unknown as LoadReport;
}

export function sampleStatus(change: Partial<FabricStatus> = {}): FabricStatus {
  return {
    fabric: 'planetary-fabric',
    runId: 'edge-relief-20260102-030405-ab12',
    scenario: 'edge-relief',
    mode: 'mission',
    state: 'running',
    startedAtMs: 0,
    finishedAtMs: null,
    tickMs: 1_000,
    totals: {
      submitted: 1_707,
      accepted: 1_707,
      refused: 0,
      completed: 700,
      failed: 0,
      cancelled: 0,
      queued: 900,
      leased: 107,
      inTransit: 0,
    },
    shards: {
      helios: sampleShard('helios', { leased: 7, tally: { completed: 100, spilledIn: 200 } }),
      edge: sampleShard('edge', {
        queued: 900,
        leased: 100,
        tally: { completed: 600, spilledOut: 200 },
      }),
    },
    series: {},
    plans: 3,
    ...change,
  } as FabricStatus;
}
