/**
 * Which faults a run has had, in a file beside its ledger. A line is on disk before a fault is done, so
 * that a run which is continued does none of them twice, whatever the fault took down; further lines have
 * the very instant, which the wait for the disk would blur, the return, and when work was seen to go on.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RunFault, RunSpec } from '../../fabric/mission/run-spec.ts';
import type { InjectedFault } from '../../reporting/reported-run.ts';

/** One line: the fault's place in the run's spec, and what was done. */
export interface RecordedFault extends InjectedFault {
  readonly place: number;
}

/** The file of a run; it is there once the run has had a fault. */
export function faultFile({ folders, runId }: Pick<RunSpec, 'folders' | 'runId'>): string {
  return join(folders.reports, 'faults', `${runId}.ndjson`);
}

/** Every fault that the run has had, in the order in which they were done. A torn last line is none. */
export function recordedFaults(spec: Pick<RunSpec, 'folders' | 'runId'>): RecordedFault[] {
  let text: string;
  try {
    text = readFileSync(faultFile(spec), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const lines = text.split('\n').slice(0, -1);
  const byPlace = new Map(
    lines.map((line) => {
      const fault = JSON.parse(line) as RecordedFault;
      return [fault.place, fault] as const;
    }),
  );
  return [...byPlace.values()];
}

/** The run's faults that it has not had so far. */
export function faultsNotDone(spec: Pick<RunSpec, 'folders' | 'runId' | 'faults'>): RunFault[] {
  const done = new Set(recordedFaults(spec).map(({ place }) => place));
  return (spec.faults ?? []).filter((_, place) => !done.has(place));
}

/** The line of one fault under way, written anew with whatever is found out of it. */
export class FaultNote {
  readonly #spec: Pick<RunSpec, 'folders' | 'runId'>;
  #written: Promise<void> = Promise.resolve();
  fault: RecordedFault;

  constructor(spec: Pick<RunSpec, 'folders' | 'runId'>, fault: RecordedFault) {
    this.#spec = spec;
    this.fault = fault;
  }

  /** Resolves when it is on disk. */
  add(known: Partial<InjectedFault> = {}): Promise<void> {
    this.fault = { ...this.fault, ...known };
    const { fault } = this;
    // A line that could not be written does not keep the next from being tried.
    this.#written = this.#written.catch(() => undefined).then(() => recordFault(this.#spec, fault));
    return this.#written;
  }
}

/** Appends and syncs one line. */
async function recordFault(
  spec: Pick<RunSpec, 'folders' | 'runId'>,
  fault: RecordedFault,
): Promise<void> {
  const file = faultFile(spec);
  mkdirSync(dirname(file), { recursive: true });
  const handle = await open(file, 'a');
  try {
    await handle.appendFile(`${JSON.stringify(fault)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
