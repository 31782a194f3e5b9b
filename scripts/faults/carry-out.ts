/**
 * Carries out the faults of a mission. It is part of the supervising process, which started the fabric's
 * processes and knows them; the workflows know nothing of it.
 */
import type { Engine } from '../../engine/open.ts';
import type { RunFault, RunSpec } from '../../fabric/mission/run-spec.ts';
import { grouped } from '../../fabric/mission/problems.ts';
import { UsageError } from '../exit-code.ts';
import { pause } from '../interruption.ts';
import { cutNetwork } from './cut-network.ts';
import { killNode } from './kill-node.ts';
import { killOrchestrator } from './kill-orchestrator.ts';
import { killServer } from './kill-server.ts';
import { OutcomeCount } from './outcome-count.ts';
import type { FaultPower, FaultWork } from './power.ts';
import { FaultNote, recordedFaults } from './record.ts';
import { slowNode } from './slow-node.ts';
import { WatchedFaults } from './watched-faults.ts';
import { stopNode } from './stop-node.ts';

const LOOK_EVERY_MS = 25;

export interface FaultsOrder extends Omit<FaultPower, 'pause' | 'over'> {
  readonly spec: RunSpec;
  /** One line for people, when a fault is done and when work goes on after it. */
  readonly tell: (line: string) => void;
}

/** Faults under way. */
export interface FaultsUnderWay {
  /** Rejects with StoppedByFault once the orchestrator was killed and is not to come back. */
  readonly stopped: Promise<never>;
  /** Lets halted processes go on and does no further fault. */
  end(): Promise<void>;
}

/** The run has lost its orchestrator and was not told to bring it back. */
export class StoppedByFault extends Error {
  override readonly name = 'StoppedByFault';
}

/** Starts to look out for the run's faults, those left out that an earlier start has done. */
export function carryOutFaults(order: FaultsOrder): FaultsUnderWay {
  const ending = new AbortController();
  let stop: (error: Error) => void = () => undefined;
  const stopped = new Promise<never>((_, reject) => (stop = reject));
  stopped.catch(() => undefined);
  const over = lookOut(order, ending.signal).catch(stop);
  return {
    stopped,
    end: async () => {
      ending.abort();
      await over;
    },
  };
}

/**
 * Throws UsageError where the mission kills a server that is not the fabric's own to bring back, or cuts a
 * connection over TLS, whose certificate would not be that of a proxy.
 */
export function refuseForeignServer(
  { faults = [] }: Pick<RunSpec, 'faults'>,
  { kind, address, connectionOptions }: Pick<Engine, 'kind' | 'address' | 'connectionOptions'>,
): void {
  const has = (what: RunFault['kind']): boolean => faults.some((fault) => fault.kind === what);
  const refused = (found: string, expected: string): UsageError =>
    new UsageError(
      `faults: found ${found} at ${address}; expected ${expected}. Unset TEMPORAL_ADDRESS, or leave faults out with --no-faults.`,
    );
  if (kind === 'embedded') return;
  if (has('kill-server'))
    throw refused('"kill-server" and a Temporal server of yours', 'an embedded one');
  if (has('cut-network') && connectionOptions.tls)
    throw refused('"cut-network" and a Temporal server over TLS', 'one without it');
}

/** Returns when every fault has been done and work has gone on after each, or at the end of the run. */
async function lookOut(order: FaultsOrder, signal: AbortSignal): Promise<void> {
  const { spec, tell } = order;
  const done = new Set(recordedFaults(spec).map(({ place }) => place));
  const waiting = new Map([...(spec.faults ?? []).entries()].filter(([place]) => !done.has(place)));
  const counted = new OutcomeCount(spec.folders.ledger);
  const power: FaultPower = {
    ...order,
    over: signal,
    pause: (ms) => pause(ms, signal),
  };
  const over = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve());
  });
  const underWay: Promise<void>[] = [];
  const watched = new WatchedFaults(tell);
  while ((waiting.size > 0 || watched.isWatching(Date.now())) && !signal.aborted) {
    watched.take(await counted.look(), Date.now());
    for (const [place, fault] of waiting) {
      if (!isDue(fault, counted)) continue;
      waiting.delete(place);
      const ready = workOf(fault, power);
      const { target, nodes, says } = ready;
      const struck = { place, kind: fault.kind, target, nodes, atMs: Date.now() };
      const note = new FaultNote(spec, struck);
      await note.add();
      tell(`fault, after ${grouped(counted.outcomes)} outcomes: ${says}`);
      const work = doAndRecord(note, ready, () => watched.add(note));
      // What does not come back before the end of the run is not waited for.
      underWay.push(Promise.race([work, over]));
      if (fault.kind === 'kill-orchestrator' && !order.isBroughtBack) {
        await Promise.all(underWay);
        throw new StoppedByFault(says);
      }
    }
    await pause(LOOK_EVERY_MS, signal);
  }
  await Promise.all(underWay);
}

/** Does one fault, and notes its instant and the return of what it took away. */
async function doAndRecord(
  note: FaultNote,
  { work }: FaultWork,
  onStruck: () => void,
): Promise<void> {
  let written: Promise<void> = Promise.resolve();
  const isBack = await work(() => {
    written = note.add({ atMs: Date.now() });
    onStruck();
  });
  await written;
  if (isBack) await note.add({ backAtMs: Date.now() });
}

function isDue({ atMs, atOutcomes }: RunFault, { outcomes, startedAtMs }: OutcomeCount): boolean {
  if (atOutcomes !== null) return outcomes >= atOutcomes;
  return startedAtMs !== null && Date.now() - startedAtMs >= (atMs ?? 0);
}

function workOf(fault: RunFault, power: FaultPower): FaultWork {
  switch (fault.kind) {
    case 'kill-orchestrator':
      return killOrchestrator(power);
    case 'kill-server':
      return killServer(power);
    case 'kill-node':
      return killNode(power, fault);
    case 'stop-node':
      return stopNode(power, fault);
    case 'slow-node':
      return slowNode(power, fault);
    case 'cut-network':
      return cutNetwork(power, fault);
  }
}
