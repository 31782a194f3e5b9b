/** What a chain's link gives: a server that runs elsewhere, or a file to run here. */
import type { NativeConnectionOptions } from '@temporalio/worker';

/** A server that somebody else runs. `connectionOptions` may hold secrets: never print or record it. */
export interface ExternalProvision {
  readonly kind: 'external';
  readonly address: string;
  readonly namespace: string;
  readonly connectionOptions: NativeConnectionOptions;
}

/** An executable on this machine. */
export interface ExecutableProvision {
  readonly kind: 'executable';
  readonly executable: string;
}
