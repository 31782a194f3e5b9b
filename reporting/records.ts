/**
 * What the report reads: the chains of a run's ledger and the segments of its results. A port, so that
 * a report can be built from files, from an object store one day, and from memory in virtual time.
 */
import type { LedgerEntry, Segment } from '../fabric/ledger.ts';

/** What became of one job at one attempt. */
export interface ResultRecord {
  readonly feed: string;
  readonly ordinal: number;
  readonly id: string;
  readonly kind: string;
  readonly attempt: number;
  readonly status: 'completed' | 'failed';
  /** Error code of a failed attempt. */
  readonly code?: string | undefined;
  /** Of a completed job. */
  readonly result?: unknown;
  /** Hex SHA-256 of the result as JSON, of a completed job where nothing else of it is known. */
  readonly resultSha256?: string;
}

/** The records of one run. Reading throws where what is read does not match its digest. */
export interface RunRecords {
  /** Names of the ledger's chains: one per shard, and the orchestrator's. */
  chains(): Promise<readonly string[]>;
  /**
   * Entries of one chain in order, the chain verified on the way. What the generator returns is the
   * digest of the chain up to its last entry, '' for an empty one.
   */
  entries(chain: string): AsyncGenerator<LedgerEntry, string>;
  /** Records of one segment, which is one lease's, checked against its digest. */
  results(segment: Segment): Promise<readonly ResultRecord[]>;
}
