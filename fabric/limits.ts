/**
 * Every cap of the fabric by name. At a cap there is a typed refusal or back-pressure, never a silent
 * drop. The engine's own limits (2 MB a payload, 2,000 pending activities, 51,200 events) are the
 * reason for most of these numbers; each stays well below its limit.
 */
export const LIMITS = {
  /** Shards in one fabric: the orchestrator holds one load report of each. */
  shardsMax: 32,
  nodesPerShardMax: 64,
  feedsPerShardMax: 32,
  /** Classes queued in one shard; at the cap no further page is pulled and transfers are refused. */
  classesMax: 512,
  /** Intervals of ordinals queued in one shard; as with classes, at the cap nothing more is taken in. */
  fragmentsMax: 20_000,
  /** Jobs in one pulled page. */
  pageJobsMax: 20_000,
  /** Jobs pulled of feeds that wait in one shard for their leases. */
  aheadJobsMax: 100_000,
  /** Classes in one page: more differing jobs than this make the page shorter. */
  pageClassesMax: 64,
  leasesInFlightMax: 256,
  leaseJobsMax: 5_000,
  /** Jobs that one transfer carries. */
  transferJobsMax: 5_000,
  /** Classes that one transfer carries. */
  transferClassesMax: 64,
  /** Orders to shed that one shard holds; the planner gives one that is dropped here anew. */
  ordersMax: 64,
  /** Unacknowledged transfers of one shard. */
  outboxMax: 64,
  /** Numbers beyond the contiguous one that a target remembers for one origin. */
  receivedGapsMax: 256,
  /** Jobs submitted by hand that one shard holds, and their bytes as JSON. */
  inboxJobsMax: 2_000,
  inboxBytesMax: 512 * 1024,
  submitBatchJobsMax: 500,
  /** Ids of submitted jobs that the orchestrator remembers, to refuse doubles within a run. */
  submittedIdsMax: 20_000,
  /** Ledger entries not yet on disk; above it no job is pulled or leased. */
  ledgerBacklogMax: 512,
  /** Ledger entries in one append. */
  ledgerGroupMax: 256,
  /** Owner commands that wait for shards to answer, and their bytes as JSON. */
  relaysMax: 64,
  relayBytesMax: 512 * 1024,
  /** Submissions that one shard is asked for at once, and their bytes as JSON unless it is a single one. */
  waveCommandsMax: 16,
  waveBytesMax: 128 * 1024,
  /** Remembered outcomes of owner commands, per workflow. */
  commandsRememberedMax: 256,
  /** Commands taken by a shard itself that its reports repeat. */
  directCommandsKept: 16,
  /** Governance commands kept in the orchestrator's state; all of them are in the ledger. */
  governanceMax: 200,
  /** Bytes of what the newest of them say of submitted jobs one by one. */
  answerBytesMax: 256 * 1024,
  /** Checkpoint files kept of one run; the oldest is removed for the next. */
  checkpointsKept: 16,
  /** Decisions in words that a shard keeps for the Web UI. */
  decisionsKept: 12,
  /** Bytes of a status that is shown without being asked for. */
  shownBytesMax: 64 * 1024,
  seriesPointsMax: 240,
  timelineMax: 200,
  /** Faults of one mission, and how often one entry may have its fault happen. */
  faultsMax: 100,
  /** Any single payload handed to the engine, in bytes; the engine itself refuses 2 MB. */
  payloadBytesMax: 1_000_000,
  failureMessageCharsMax: 200,
  /**
   * Events of one workflow run before it continues as new. Far from any limit of the engine: a process
   * that starts with an empty cache replays every run, about 0.25 ms an event, and all of them have to be
   * through within the second that the engine gives a task.
   */
  historyEventsMax: 600,
} as const;
