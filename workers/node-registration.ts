/**
 * Keeps a node registered with its shard: at the start, and again whenever nobody holds its presence,
 * as after an outage of the engine or before the shard's workflow was started.
 */
import { setTimeout } from 'node:timers/promises';
import type { NodeSpec } from '../fabric/policy.ts';
import { SIGNAL } from '../workflows/protocol.ts';

export interface RegistrationOrder {
  readonly spec: NodeSpec;
  readonly session: string;
  /** Sends one signal to the node's shard; rejects where that is not possible now. */
  readonly signal: (name: string, payload: unknown) => Promise<void>;
  /** How long nobody has held the node's presence; 0 while somebody does. */
  readonly missingMs: () => number;
  readonly stopped: AbortSignal;
  /** Said once for each sort of trouble in a row. */
  readonly onTrouble: (message: string) => void;
}

/** A presence may be missing this long while the shard continues as new. */
const MISSING_MS = 1_000;
const LOOK_MS = 100;
/** The shard may be started at any moment: it is asked for often at first. */
const REFUSED_FIRST_MS = 50;
const REFUSED_MAX_MS = 400;
/** The shard got the signal; its answer is the presence. */
const ANSWER_FIRST_MS = 1_000;
const ANSWER_MAX_MS = 5_000;

/** Resolves when `stopped` is aborted. */
export async function keepRegistered(order: RegistrationOrder): Promise<void> {
  const { spec, session, signal, missingMs, stopped } = order;
  let refusedMs = REFUSED_FIRST_MS;
  let answerMs = ANSWER_FIRST_MS;
  let trouble = '';
  let registered = false;
  while (!stopped.aborted) {
    let waitMs = LOOK_MS;
    if (missingMs() === 0) {
      registered = true;
      refusedMs = REFUSED_FIRST_MS;
      answerMs = ANSWER_FIRST_MS;
    } else if (!registered || missingMs() > MISSING_MS) {
      try {
        await signal(SIGNAL.registerNode, { node: spec, session });
        trouble = '';
        waitMs = answerMs;
        answerMs = Math.min(2 * answerMs, ANSWER_MAX_MS);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        if (message !== trouble) order.onTrouble(message);
        trouble = message;
        waitMs = refusedMs;
        refusedMs = Math.min(2 * refusedMs, REFUSED_MAX_MS);
      }
    }
    await setTimeout(waitMs, undefined, { signal: stopped }).catch(() => undefined);
  }
}

/** What a shard is told of a node: no word of its adapter, which is the host's business. */
export function nodeSpecOf(node: NodeSpec): NodeSpec {
  const { id, shard, skills, slots, pricePerJob, image, runtime, tags } = node;
  return { id, shard, skills, slots, pricePerJob, image, runtime, tags };
}
