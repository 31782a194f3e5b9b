/**
 * Consistent cuts without stopping anything (Lai and Yang, 1987). Every message between workflows carries
 * the epoch of its sender; one that receives a higher epoch than its own first takes its snapshot, and only
 * then applies the message. So no snapshot knows of anything that another snapshot of its epoch has not
 * sent, in whatever order messages arrive. What is between two snapshots is in an outbox of one and not in
 * the record of the other.
 */

/** Where a workflow stands among the fabric's checkpoints. */
export interface CutState {
  /** Of its newest snapshot; 0 before the first. */
  readonly epoch: number;
  /** The epoch of the snapshot that is being written, or null. */
  readonly cutting: number | null;
}

/** Before the first checkpoint. */
export const UNCUT: CutState = { epoch: 0, cutting: null };

/** Asks for a snapshot to be written, as it was when it was taken. */
export interface CutEffect<State> {
  readonly do: 'cut';
  readonly epoch: number;
  readonly snapshot: State;
}

/** A snapshot on disk. */
export interface CutPart {
  readonly bytes: number;
  readonly sha256: string;
}

/** What became of a snapshot that was to be written. */
export type CutEvent =
  | { readonly on: 'cutWritten'; readonly epoch: number; readonly part: CutPart }
  | { readonly on: 'cutFailed'; readonly epoch: number; readonly why: string };

interface Decision<State, Effect> {
  readonly state: State;
  readonly effects: readonly Effect[];
  readonly reasons: readonly unknown[];
}

/** The state with a new epoch, and the effect that writes it down. */
export function takeCut<State extends CutState>(
  state: State,
  epoch: number,
): { readonly state: State; readonly effect: CutEffect<State> } {
  const snapshot = { ...state, epoch, cutting: null };
  return { state: { ...state, epoch, cutting: epoch }, effect: { do: 'cut', epoch, snapshot } };
}

/** The state once the snapshot that it is writing is written, or can't be. */
export function endCut<State extends CutState>(state: State, { epoch }: CutEvent): State {
  return state.cutting === epoch ? { ...state, cutting: null } : state;
}

/**
 * Decides on events with a snapshot before the first of a higher epoch: all that came before it is decided
 * on first, so that the snapshot is a state like any other between two decisions.
 */
export function acrossCuts<
  State extends CutState,
  Event extends { readonly epoch?: number },
  Effect,
  Result extends Decision<State, Effect | CutEffect<State>>,
>(
  state: State,
  events: readonly Event[],
  decide: (state: State, events: readonly Event[]) => Result,
): Result {
  const at = events.findIndex(({ epoch = 0 }) => epoch > state.epoch);
  if (at < 0) return decide(state, events);
  const before = at > 0 ? decide(state, events.slice(0, at)) : null;
  const cut = takeCut(before?.state ?? state, events[at]!.epoch!);
  const after = acrossCuts(cut.state, events.slice(at), decide);
  return {
    ...after,
    effects: [...(before?.effects ?? []), cut.effect, ...after.effects],
    reasons: [...(before?.reasons ?? []), ...after.reasons],
  };
}
