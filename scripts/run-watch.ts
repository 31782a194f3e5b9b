/**
 * Follows a running fabric: asks for its status about four times a second, shows it, closes a mission
 * whose jobs have all ended, and hands back what the orchestrator leaves behind.
 */
import { WorkflowFailedError } from '@temporalio/client';
import { SIGNAL } from '../workflows/protocol.ts';
import type { FabricStatus } from '../workflows/protocol.ts';
import type { FabricAccess } from './fabric-access.ts';
import { fetchStatus } from './fabric-access.ts';
import { RunFailedError } from './exit-code.ts';
import type { Interruption } from './interruption.ts';
import { pause } from './interruption.ts';
import type { LiveDisplay } from './live-display.ts';
import type { Sample } from './live-view.ts';
import type { OrchestratorResult, RunWorkflows } from './start-workflows.ts';

const LOOK_EVERY_MS = 250;
/** Rates are taken over this long, so that they don't flicker. */
const RATE_OVER_MS = 3_000;
/** Silence that is worth a word. */
const MUTE_AFTER_MS = 3_000;

export interface WatchOrder {
  readonly access: Pick<FabricAccess, 'client' | 'connection' | 'fabric' | 'uiUrl'>;
  readonly workflows: RunWorkflows;
  readonly display: LiveDisplay;
  readonly interruption: Interruption;
  /** What to do once every job has ended. */
  readonly whenFinished: 'close' | 'return' | 'wait';
  /** Something to be said beside the numbers now; null for nothing. */
  readonly note: () => string | null;
  /** Rejects when the run can't go on. */
  readonly lost: Promise<never>;
}

/** `closed` with what the orchestrator left, or `finished` with its workflows still open. */
export type Watched =
  | { readonly state: 'closed'; readonly result: OrchestratorResult }
  | { readonly state: 'finished'; readonly status: FabricStatus };

/** Watches until the workflows have ended, or until all jobs have with `whenFinished: 'return'`. */
export async function watchRun(order: WatchOrder): Promise<Watched> {
  const { workflows, interruption } = order;
  const closed = allResults(workflows);
  closed.catch(() => undefined);
  const samples = new Samples();
  let isClosing = false;
  let isMuteSinceMs = Date.now();
  for (;;) {
    const status = await oneOf(
      order,
      closed,
      fetchStatus(order.access).catch(() => null),
    );
    if (status !== null && 'result' in status) return { state: 'closed', result: status.result };
    if (status !== null) {
      isMuteSinceMs = Date.now();
      samples.add({ atMs: Date.now(), status });
      if (status.state === 'finished' && order.whenFinished === 'return') {
        show(order, samples, null);
        return { state: 'finished', status };
      }
      if (status.state === 'finished' && order.whenFinished === 'close' && !isClosing) {
        isClosing = true;
        await interruption.race(closeFabric(workflows));
      }
    }
    const isMute = Date.now() - isMuteSinceMs > MUTE_AFTER_MS;
    show(order, samples, isMute ? 'the orchestrator has not answered for a while' : null);
    const ended = await oneOf(order, closed, pause(LOOK_EVERY_MS, interruption.signal));
    if (typeof ended === 'object') return { state: 'closed', result: ended.result };
  }
}

/** Asks the orchestrator to end the run in order. */
export async function closeFabric(
  { orchestrator }: Pick<RunWorkflows, 'orchestrator'>,
  words: { readonly by?: string; readonly reason?: string } = {},
): Promise<void> {
  await orchestrator.signal(SIGNAL.close, words);
}

/** Whatever comes first: the step, the end of all workflows, Ctrl-C, or the loss of the engine. */
async function oneOf<T>(
  { interruption, lost }: WatchOrder,
  closed: Promise<OrchestratorResult>,
  step: Promise<T>,
): Promise<T | { readonly result: OrchestratorResult }> {
  const ending = closed.then((result) => ({ result }));
  return await interruption.race(Promise.race([step, ending, lost]));
}

/** Resolves once every workflow of the run has ended. */
async function allResults(workflows: RunWorkflows): Promise<OrchestratorResult> {
  const results = await Promise.all(
    [...workflows.all].map(async ([workflowId, handle]) => {
      try {
        const result: unknown = await handle.result();
        return handle === workflows.orchestrator ? (result as OrchestratorResult) : null;
      } catch (error) {
        if (!(error instanceof WorkflowFailedError)) throw error;
        const why = error.cause instanceof Error ? error.cause.message : error.message;
        throw new RunFailedError(`The workflow ${workflowId} did not end in order: ${why}`);
      }
    }),
  );
  return results.find((result) => result !== null)!;
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
