/** Where snapshots are kept in virtual time, each as a trip through JSON, and made into checkpoints. */
import { cutCounts, imbalance } from '../checkpoint/counts.ts';
import type { CutPart } from '../checkpoint/cut.ts';
import { ORCHESTRATOR, type SealEvent } from '../orchestrator/checkpoints.ts';
import type { OrchestratorState } from '../orchestrator/state.ts';
import type { ShardState } from '../shard/state.ts';

/** All states of a fabric at one cut. */
export interface SimulatedCheckpoint {
  readonly epoch: number;
  readonly orchestrator: OrchestratorState;
  readonly shards: readonly ShardState[];
}

/** What tells one checkpoint from another, in the place of a digest. */
export function checkpointDigest(epoch: number): string {
  return `checkpoint-${epoch}`;
}

export class Vault {
  readonly sealed: SimulatedCheckpoint[] = [];
  /** Why a checkpoint could not be made, which no checkpoint should ever be. */
  readonly problems: string[] = [];
  readonly #parts = new Map<string, string>();

  save(epoch: number, chain: string, snapshot: unknown): CutPart {
    const text = JSON.stringify(snapshot);
    this.#parts.set(`${epoch}/${chain}`, text);
    return { bytes: text.length, sha256: `${epoch}/${chain}` };
  }

  seal(epoch: number, shards: readonly string[]): SealEvent {
    const read = (chain: string): unknown =>
      JSON.parse(this.#parts.get(`${epoch}/${chain}`) ?? 'null');
    const orchestrator = read(ORCHESTRATOR) as OrchestratorState;
    const checkpoint = { epoch, orchestrator, shards: shards.map(read) as ShardState[] };
    const why = imbalance(cutCounts(checkpoint.shards));
    if (why !== null) {
      this.problems.push(`checkpoint ${epoch}: ${why}`);
      return { on: 'sealFailed', epoch, why };
    }
    // Sealed before, by a process that was killed before it could say so.
    if (!this.sealed.some((each) => each.epoch === epoch)) this.sealed.push(checkpoint);
    const sha256 = checkpointDigest(epoch);
    const file = { path: `checkpoint ${epoch}`, sha256, bytes: 0, positions: {} };
    return { on: 'sealed', checkpoint: { epoch, ...file } };
  }
}
