/** What a command asks of a run, beside its mission. */

/** How to run it, and what to say. */
export interface RunOrder {
  /** `again`: the run is there already, on its database or its server. */
  readonly start: 'fresh' | 'again';
  /** `finished`: until its jobs have ended. `closed`: until somebody closes it. `now`: only to close it. */
  readonly until: 'finished' | 'closed' | 'now';
  /** Leave the fabric running once its jobs have ended. */
  readonly keep?: boolean;
  /** Bring back an orchestrator that a fault has killed; otherwise the run stops there. */
  readonly bringsBack?: boolean;
  /** A checkpoint to go on from where the server knows nothing of the run. */
  readonly from?: { readonly path: string; readonly sha256?: string };
  readonly exportFile?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** What the watch is to do once every job has ended. */
export function whenFinished({ until, keep }: RunOrder): 'close' | 'return' | 'wait' {
  if (until !== 'finished') return 'wait';
  return keep === true ? 'return' : 'close';
}
