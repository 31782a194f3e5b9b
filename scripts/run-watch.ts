/**
 * Follows a running fabric: asks for its status about twice a second, shows it, closes a mission
 * whose jobs have all ended, and hands back what the orchestrator leaves behind.
 */
import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import { SIGNAL } from '../workflows/protocol.ts';
import type { FabricAccess } from './fabric-access.ts';
import { fetchStatus, isOpen } from './fabric-access.ts';
import type { Interruption } from './interruption.ts';
import { pause } from './interruption.ts';
import type { LiveDisplay } from './live-display.ts';
import type { Sample } from './live-view.ts';
import type { OrchestratorResult, RunWorkflows } from './start-workflows.ts';
import { allResults, EarlyEnds } from './workflow-ends.ts';

const LOOK_EVERY_MS = 500;
/** Who closes a mission whose jobs have all ended, and why: it stands in the record like any command. */
const MISSION_OVER = { by: 'mission', reason: 'every job has ended' };
/** A workflow that was terminated still answers queries, so its state is looked up now and then. */
const ASK_SERVER_EVERY_MS = 2_000;
/** Rates are taken over this long, so that they don't flicker. */
const RATE_OVER_MS = 3_000;
/** Silence that is worth a word. */
const MUTE_AFTER_MS = 3_000;
const MUTE = 'the orchestrator has not answered for a while';

export interface WatchOrder {
  readonly access: FabricAccess;
  readonly workflows: RunWorkflows;
  readonly display: LiveDisplay;
  readonly interruption: Interruption;
  /** What to do once every job has ended. */
  readonly whenFinished: 'close' | 'return' | 'wait';
  /** Something to be said beside the numbers now; null for nothing. */
  readonly note: () => string | null;
  /** Why the orchestrator may not answer, where that can be told; asked for when it has not for a while. */
  readonly whyMute: () => Promise<string | null>;
  /** Rejects when the run can't go on. */
  readonly lost: Promise<never>;
}

/** `closed` with what the orchestrator left, or `finished` with its workflows still open. */
export type Watched =
  | { readonly state: 'closed'; readonly result: OrchestratorResult }
  | { readonly state: 'finished' };

/**
 * Watches until the workflows have ended, or until all jobs have with `whenFinished: 'return'`. Throws
 * RunFailedError, with the workflow and the reason, when one has ended before its time.
 */
export async function watchRun(order: WatchOrder): Promise<Watched> {
  const { access, interruption, whenFinished } = order;
  const samples = new Samples();
  let heardAtMs = Date.now();
  let askedServerAtMs = Date.now();
  const earlyEnds = new EarlyEnds(access, order.workflows);
  let isClosing = false;
  for (;;) {
    const shown = await step(
      order,
      fetchStatus(access).catch(() => null),
    );
    const nowMs = Date.now();
    if (shown !== null) {
      heardAtMs = nowMs;
      samples.add(shown);
    }
    const status = shown?.status ?? null;
    const isMute = nowMs - heardAtMs > MUTE_AFTER_MS;
    show(order, samples, isMute ? ((await step(order, order.whyMute())) ?? MUTE) : null);
    if (status?.state === 'finished' && whenFinished === 'return') {
      return { state: 'finished' };
    }
    if (status?.state === 'finished' && whenFinished === 'close' && !isClosing) {
      isClosing = await step(order, askToClose(order));
    }
    isClosing ||= status?.state === 'closing' || status?.state === 'closed';
    if (isClosing || nowMs - askedServerAtMs >= ASK_SERVER_EVERY_MS) {
      askedServerAtMs = nowMs;
      if (!(await step(order, isOpen(access)))) {
        const results = access.follow(() => allResults(order.workflows));
        return { state: 'closed', result: await step(order, results) };
      }
      // A closing orchestrator gives a missing shard up by itself, after a while.
      if (!isClosing) await step(order, earlyEnds.refuse());
    }
    await step(order, pause(LOOK_EVERY_MS, interruption.signal));
  }
}

/** False where the server is away just now: then it is asked again at the next look. */
async function askToClose({ access, workflows }: WatchOrder): Promise<boolean> {
  try {
    await access.call(() => closeFabric(workflows, MISSION_OVER));
    return true;
  } catch (error) {
    if (isAway(error)) return false;
    throw error;
  }
}

/** gRPC's DEADLINE_EXCEEDED and UNAVAILABLE. */
function isAway(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && (Number(cause.code) === 4 || Number(cause.code) === 14);
}

/** Asks the orchestrator to end the run in order. */
export async function closeFabric(
  { orchestrator }: Pick<RunWorkflows, 'orchestrator'>,
  words: { readonly by?: string; readonly reason?: string } = {},
): Promise<void> {
  await orchestrator.signal(SIGNAL.close, words);
}

/** The step's outcome, unless Ctrl-C or the loss of the engine comes first. */
async function step<T>({ interruption, lost }: WatchOrder, work: Promise<T>): Promise<T> {
  return await interruption.race(Promise.race([work, lost]));
}

function show({ display, access, note }: WatchOrder, samples: Samples, muteNote: string | null) {
  const { now, earlier } = samples;
  if (now === null) return;
  display.show({ now, earlier, uiUrl: access.uiUrl, note: note() ?? muteNote });
}

/** The newest sample and one that is about `RATE_OVER_MS` older. */
export class Samples {
  #kept: Sample[] = [];

  get now(): Sample | null {
    return this.#kept.at(-1) ?? null;
  }

  get earlier(): Sample | null {
    return this.#kept.length > 1 ? this.#kept[0]! : null;
  }

  add(sample: Sample): void {
    this.#kept.push(sample);
    const oldest = sample.atMs - RATE_OVER_MS;
    while (this.#kept.length > 2 && this.#kept[1]!.atMs <= oldest) this.#kept.shift();
  }
}
