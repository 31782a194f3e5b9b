/**
 * What can happen to a shard, and what it can ask the outside to do. The workflow, the virtual-time
 * driver and the tests all speak these two lists and nothing else.
 */
import type { CutEffect, CutEvent } from '../checkpoint/cut.ts';
import type { PageClass } from '../job.ts';
import type { LedgerEntry } from '../ledger.ts';
import type {
  LeaseGrant,
  LeaseProgress,
  LeaseResult,
  Letter,
  Message,
  Offload,
  ShardCommand,
  TransferAck,
  TransferMessage,
} from '../messages.ts';
import type { FeedSpec, NodeSpec } from '../policy.ts';
import type { Reason } from '../reasons.ts';
import type { ShardState } from './state.ts';

export type ShardEvent = ShardHappening & {
  /** Of the sender, where it came from another workflow. */
  readonly epoch?: number;
};

type ShardHappening =
  | CutEvent
  | { readonly on: 'opened' }
  | {
      readonly on: 'page';
      readonly feed: string;
      readonly from: number;
      readonly count: number;
      readonly classes: readonly PageClass[];
    }
  | { readonly on: 'feedFailed'; readonly feed: string; readonly why: string }
  | {
      readonly on: 'leaseEnded';
      readonly lease: number;
      readonly fence: string;
      readonly result: LeaseResult;
    }
  /** It came back before any of its jobs was started. */
  | { readonly on: 'leaseReturned'; readonly lease: number; readonly fence: string }
  /** Its node or its answer is gone. Never an attempt of its jobs. */
  | {
      readonly on: 'leaseLost';
      readonly lease: number;
      readonly fence: string;
      readonly why: string;
    }
  /** Its node could not write the results. Never an attempt of its jobs either. */
  | {
      readonly on: 'leaseUnwritten';
      readonly lease: number;
      readonly fence: string;
      readonly why: string;
    }
  | { readonly on: 'nodeRegistered'; readonly node: NodeSpec; readonly session: string }
  | {
      readonly on: 'nodeGone';
      readonly node: string;
      readonly incarnation: number;
      readonly change: 'lost' | 'left';
      readonly why: string;
      /** Its last heartbeat told of finished jobs; what can be relied on of that follows as `finished`. */
      readonly told?: boolean;
    }
  /** What a node that is gone had finished, as told by its last heartbeat and found on disk. */
  | {
      readonly on: 'finished';
      readonly node: string;
      readonly incarnation: number;
      readonly progress: readonly LeaseProgress[];
    }
  | { readonly on: 'offload'; readonly order: Offload }
  | { readonly on: 'transfer'; readonly message: TransferMessage }
  | { readonly on: 'ack'; readonly ack: TransferAck }
  | { readonly on: 'command'; readonly command: ShardCommand }
  /** A command or registration sent to the shard by hand that can't be taken. */
  | { readonly on: 'badInput'; readonly command: ShardCommand; readonly because: Reason }
  | { readonly on: 'appended'; readonly throughSeq: number; readonly head: string }
  | { readonly on: 'appendFailed'; readonly why: string }
  | { readonly on: 'asked' }
  | { readonly on: 'cut' }
  | { readonly on: 'close' }
  | { readonly on: 'wake' };

export type ShardEffect =
  | CutEffect<ShardState>
  | { readonly do: 'pull'; readonly feed: FeedSpec; readonly from: number; readonly count: number }
  | { readonly do: 'lease'; readonly grant: LeaseGrant }
  | { readonly do: 'cancelLease'; readonly lease: number }
  | {
      readonly do: 'presence';
      readonly node: string;
      readonly incarnation: number;
      readonly session: string;
    }
  /** Ends the presence of a node that is not wanted any more. */
  | { readonly do: 'dismiss'; readonly node: string }
  | { readonly do: 'append'; readonly head: string; readonly entries: readonly LedgerEntry[] }
  /** `to` is a shard's name, or null for the orchestrator. */
  | { readonly do: 'send'; readonly to: string | null; readonly message: Message };

/** A message as the event it is to a shard; null for those that only the orchestrator takes. */
export function shardEventOf(message: Message): ShardEvent | null {
  const happening = happeningOf(message);
  return happening === null ? null : { ...happening, epoch: message.epoch };
}

function happeningOf(message: Letter): ShardHappening | null {
  switch (message.kind) {
    case 'transfer':
      return { on: 'transfer', message: message.body };
    case 'ack':
      return { on: 'ack', ack: message.body };
    case 'offload':
      return { on: 'offload', order: message.body };
    case 'command':
      return { on: 'command', command: message.body };
    case 'ask':
      return { on: 'asked' };
    case 'close':
      return { on: 'close' };
    case 'cut':
      return { on: 'cut' };
    case 'load':
    case 'cutEnded':
    case 'answer':
      return null;
  }
}
