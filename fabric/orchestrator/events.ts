/** What can happen to the orchestrator, and what it can ask the outside to do. */
import type { LedgerEntry } from '../ledger.ts';
import type { CommandAnswer, LoadReport, Message } from '../messages.ts';
import type { ShownStatus } from './showing.ts';

export type OrchestratorEvent =
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
  | { readonly do: 'send'; readonly to: string; readonly message: Message }
  /** Where anybody can read it without asking the workflow. */
  | { readonly do: 'show'; readonly shown: ShownStatus }
  | { readonly do: 'append'; readonly head: string; readonly entries: readonly LedgerEntry[] };

/** A message as the event it is to the orchestrator; null for those between shards. */
export function orchestratorEventOf(message: Message): OrchestratorEvent | null {
  if (message.kind === 'load') return { on: 'load', report: message.body };
  if (message.kind === 'answer') return { on: 'answer', answer: message.body };
  return null;
}
