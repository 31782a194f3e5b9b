/** What can happen to the orchestrator, and what it can ask the outside to do. */
import type { CutEffect, CutEvent, CutPart } from '../checkpoint/cut.ts';
import type { LedgerEntry } from '../ledger.ts';
import type { CommandAnswer, CutReport, LoadReport, Message } from '../messages.ts';
import type { SealEvent } from './checkpoints.ts';
import type { ShownStatus } from './showing.ts';
import type { OrchestratorState } from './state.ts';

export type OrchestratorEvent = OrchestratorHappening & {
  /** Of the sender, where it came from another workflow. */
  readonly epoch?: number;
};

type OrchestratorHappening =
  | CutEvent
  | SealEvent
  | { readonly on: 'cutEnded'; readonly report: CutReport }
  | { readonly on: 'opened' }
  | { readonly on: 'load'; readonly report: LoadReport }
  | { readonly on: 'answer'; readonly answer: CommandAnswer }
  /** `input` is whatever was sent: nothing about it is taken for granted. */
  | {
      readonly on: 'command';
      readonly name: string;
      readonly input: unknown;
      readonly via: 'signal' | 'update';
      /** The command's id where the sender gave none. */
      readonly fallbackId: string;
    }
  | { readonly on: 'appended'; readonly throughSeq: number; readonly head: string }
  | { readonly on: 'appendFailed'; readonly why: string }
  /** `input` says who closes the run and why, or anything else. */
  | { readonly on: 'close'; readonly input: unknown; readonly fallbackId: string }
  | { readonly on: 'wake' };

export type OrchestratorEffect =
  | CutEffect<OrchestratorState>
  /** Makes one file of the snapshots of an epoch: those of all shards, and its own. */
  | {
      readonly do: 'seal';
      readonly epoch: number;
      readonly parts: Readonly<Record<string, CutPart>>;
    }
  | { readonly do: 'send'; readonly to: string; readonly message: Message }
  /** Where anybody can read it without asking the workflow. */
  | { readonly do: 'show'; readonly shown: ShownStatus }
  | { readonly do: 'append'; readonly head: string; readonly entries: readonly LedgerEntry[] };

/** A message as the event it is to the orchestrator; null for those between shards. */
export function orchestratorEventOf(message: Message): OrchestratorEvent | null {
  const { epoch } = message;
  switch (message.kind) {
    case 'load':
      return { on: 'load', report: message.body, epoch };
    case 'answer':
      return { on: 'answer', answer: message.body, epoch };
    case 'cutEnded':
      return { on: 'cutEnded', report: message.body, epoch };
    default:
      return null;
  }
}
