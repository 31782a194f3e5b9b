/**
 * What the ledger records, and the part of it that a workflow's state carries: the entries not yet on
 * disk. One chain per shard and one for the orchestrator; the state is the truth and the ledger trails
 * it by a capped backlog, so a kill between the two loses nothing.
 */
import type { Ordinals } from './ordinals.ts';
import type { Fork } from './forked-chain.ts';
import type { JobTraits } from './job.ts';
import type { NodeSpec } from './policy.ts';
import { LIMITS } from './limits.ts';
import { explain, reason, type Reason } from './reasons.ts';

/** Jobs of one feed at one attempt, as every entry names them. */
export interface JobRef {
  readonly feed: string;
  readonly origin: string;
  readonly attempt: number;
  readonly ordinals: Ordinals;
}

export interface AcceptedClass extends JobTraits {
  readonly ordinals: Ordinals;
  /** Ids of jobs that came inline, in the order of `ordinals`; a feed's own ids stay in the feed. */
  readonly ids?: readonly string[];
  /** Their payloads in the same order: no feed could be asked for them again. */
  readonly payloads?: readonly unknown[];
}

/** A results segment that a node wrote and synced: outcomes point at it instead of carrying results. */
export interface Segment {
  /** File name inside the run's results folder. */
  readonly name: string;
  readonly records: number;
  readonly sha256: string;
}

/** `[ordinal, error code]` of a failed attempt. */
export type FailedJob = readonly [number, string];

export type LedgerEvent =
  | { readonly type: 'open'; readonly shard: string; readonly policy: unknown }
  | {
      readonly type: 'feed';
      readonly feed: string;
      readonly total: number;
      readonly sha256: string;
    }
  | { readonly type: 'accept'; readonly feed: string; readonly classes: readonly AcceptedClass[] }
  | {
      readonly type: 'refuse';
      readonly feed: string;
      /** Empty for jobs of an inbox: what is refused there gets no ordinal. */
      readonly ordinals: Ordinals;
      readonly jobs: number;
      /** Of all of them together. */
      readonly value: number;
      readonly reason: Reason;
    }
  | {
      readonly type: 'lease';
      readonly lease: number;
      readonly fence: string;
      readonly node: string;
      readonly jobs: readonly JobRef[];
      /** The longest that one of these jobs has waited since it arrived, links included. */
      readonly waitMs: number;
    }
  | {
      readonly type: 'outcome';
      readonly lease: number;
      readonly fence: string;
      readonly node: string;
      readonly segment: Segment | null;
      readonly items: readonly {
        readonly feed: string;
        readonly origin: string;
        readonly attempt: number;
        readonly completed: Ordinals;
        /** Failed for good. */
        readonly failed: readonly FailedJob[];
        /** Failed this attempt and queued again. */
        readonly retried: readonly FailedJob[];
        /** Handed back unstarted. */
        readonly back: Ordinals;
      }[];
      /** What the node asks for the jobs it worked on. */
      readonly cost: number;
      /** It is what the last heartbeat of a node told that was lost; what comes back may have been begun. */
      readonly lost?: true;
    }
  | {
      readonly type: 'requeue';
      readonly lease: number;
      readonly fence: string;
      readonly node: string;
      readonly why: string;
      readonly jobs: readonly JobRef[];
    }
  /** Ended without being tried, or tried again. */
  | { readonly type: 'cancel'; readonly why: string; readonly jobs: readonly JobRef[] }
  /** An answer under a fence that is no longer held: refused, and counted. */
  | { readonly type: 'late'; readonly lease: number; readonly fence: string }
  | {
      readonly type:
        'transfer-out' | 'transfer-in' | 'transfer-done' | 'transfer-back' | 'transfer-refused';
      /** The other shard. */
      readonly peer: string;
      readonly no: number;
      readonly plan: number;
      readonly jobs: readonly JobRef[];
    }
  | {
      readonly type: 'node';
      readonly node: string;
      readonly incarnation: number;
      readonly change:
        | 'registered'
        | 'suspect'
        | 'back'
        | 'lost'
        | 'left'
        | 'cordoned'
        | 'uncordoned'
        | 'draining'
        | 'removed'
        | 'ejected'
        | 'readmitted';
      readonly why?: string;
      /** When it registered: what it is. */
      readonly spec?: NodeSpec;
    }
  | {
      readonly type: 'plan';
      readonly plan: number;
      readonly input: unknown;
      readonly moves: unknown;
    }
  | {
      readonly type: 'command';
      readonly commandId: string;
      readonly name: string;
      readonly args: unknown;
      readonly by: string;
      readonly reason: string;
      readonly via: string;
      readonly outcome: 'received' | 'applied' | 'refused' | 'unconfirmed';
      readonly because?: string;
      readonly effect?: string;
    }
  | {
      readonly type: 'checkpoint';
      readonly epoch: number;
      readonly path: string;
      readonly sha256: string;
      /** Events in the history of each workflow when its snapshot was taken. */
      readonly positions: Readonly<Record<string, number>>;
    }
  /** The engine was lost: the fabric goes on from a checkpoint, and from what its ledger holds beyond. */
  | { readonly type: 'rebuilt'; readonly epoch: number; readonly sha256: string }
  /** The ledger was lost too: the first entry of this chain, what it goes on from. */
  | ({ readonly type: 'forked' } & Fork)
  | { readonly type: 'close'; readonly tally: unknown };

/** One recorded line. `seq` counts from 0 in each chain; `at` is workflow time in ms since the epoch. */
export type LedgerEntry = { readonly seq: number; readonly at: number } & LedgerEvent;

export interface LedgerState {
  /** The number of the next entry to be recorded. */
  readonly nextSeq: number;
  /** Entries not known to be on disk, oldest first. */
  readonly backlog: readonly LedgerEntry[];
  /** How many of the backlog's first entries an append under way covers; 0 when none is. */
  readonly appending: number;
  /** When the newest append was begun; absent before the first. */
  readonly begunAtMs?: number;
  /** Digest of the chain up to the last entry on disk, or '' at its start. */
  readonly head: string;
  /** While it can't be written; absent from states of before there was such a thing. */
  readonly stuck?: LedgerStuck | null;
}

/** A ledger that can't be written. Until it can, `appending` stays, and the very same entries are tried again. */
export interface LedgerStuck {
  /** In words, such as `no space left on the device`. */
  readonly why: string;
  readonly sinceMs: number;
  readonly tries: number;
  /** When the entries are handed over again; null while they are. */
  readonly retryAtMs: number | null;
}

export const EMPTY_LEDGER: LedgerState = {
  nextSeq: 0,
  backlog: [],
  appending: 0,
  head: '',
  stuck: null,
};

export function record(ledger: LedgerState, at: number, event: LedgerEvent): LedgerState {
  const entry = { seq: ledger.nextSeq, at, ...event } as LedgerEntry;
  return { ...ledger, nextSeq: ledger.nextSeq + 1, backlog: [...ledger.backlog, entry] };
}

/** True when so much is unwritten, or nothing can be written, that nothing new may be started. */
export function isBehind(ledger: LedgerState): boolean {
  return isFull(ledger) || isStuck(ledger);
}

/** True when so much is unwritten that only what is under way may still be recorded. */
export function isFull(ledger: LedgerState): boolean {
  return ledger.backlog.length >= LIMITS.ledgerBacklogMax;
}

/** True when the entry of this number, and with it every one before it, is known to be on disk. */
export function isOnDisk({ nextSeq, backlog }: LedgerState, seq: number): boolean {
  return seq < nextSeq - backlog.length;
}

export function isStuck({ stuck }: LedgerState): boolean {
  return stuck !== null && stuck !== undefined;
}

/** The state of a ledger in a sentence for people; null while all is well with it. */
export function ledgerProblem({ stuck }: LedgerState): string | null {
  if (stuck === null || stuck === undefined) return null;
  return explain(reason('ledger-unwritable', { why: stuck.why }));
}

/**
 * An append is begun no sooner than this after the one before: it costs six events of history, however much
 * is in it. What comes after a quiet while is appended at once.
 */
const APART_MS = 200;
/** So many are appended at once. */
const GATHER_ENTRIES = 64;
/** A ledger that can't be written is tried again after so long, twice as long each time. */
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 5_000;

/** When the gathered entries are to be appended; null when there are none or an append is under way. */
export function appendAtMs({ appending, backlog, stuck, begunAtMs }: LedgerState): number | null {
  if (stuck !== null && stuck !== undefined) return stuck.retryAtMs;
  const [oldest] = backlog;
  if (appending > 0 || !oldest) return null;
  return backlog.length >= GATHER_ENTRIES ? 0 : Math.max(oldest.at, (begunAtMs ?? 0) + APART_MS);
}

/**
 * One append at a time, of at most `LIMITS.ledgerGroupMax` entries; null when it is not time for one.
 * `atOnce` gathers no longer: for a run that is ending. What could not be written is tried again as it
 * was: part of it may have reached the disk, and a number stands for one group for ever.
 */
export function startAppend(
  ledger: LedgerState,
  nowMs: number,
  atOnce: boolean,
): { ledger: LedgerState; entries: readonly LedgerEntry[] } | null {
  const at = appendAtMs(ledger);
  const { stuck = null, appending, backlog } = ledger;
  if (at === null || (nowMs < at && (!atOnce || stuck !== null))) return null;
  if (stuck !== null) {
    const trying = { ...ledger, stuck: { ...stuck, retryAtMs: null } };
    return { ledger: trying, entries: backlog.slice(0, appending) };
  }
  const entries = ledger.backlog.slice(0, LIMITS.ledgerGroupMax);
  return { ledger: { ...ledger, appending: entries.length, begunAtMs: nowMs }, entries };
}

/** The entries of an append under way: what a new run of the workflow issues again. */
export function appendUnderWay({ backlog, appending, stuck }: LedgerState): readonly LedgerEntry[] {
  const isWaiting = typeof stuck?.retryAtMs === 'number';
  return isWaiting ? [] : backlog.slice(0, appending);
}

/** The append under way could not be written: it waits, ever longer, to be tried again. */
export function postponeAppend(ledger: LedgerState, nowMs: number, why: string): LedgerState {
  if (ledger.appending === 0) return ledger;
  const tries = (ledger.stuck?.tries ?? 0) + 1;
  const waitMs = Math.min(RETRY_FIRST_MS * 2 ** (tries - 1), RETRY_MAX_MS);
  const sinceMs = ledger.stuck?.sinceMs ?? nowMs;
  return { ...ledger, stuck: { why, sinceMs, tries, retryAtMs: nowMs + waitMs } };
}

export function finishAppend(ledger: LedgerState, throughSeq: number, head: string): LedgerState {
  const kept = ledger.backlog.filter((entry) => entry.seq > throughSeq);
  return { ...ledger, backlog: kept, appending: 0, head, stuck: null };
}
