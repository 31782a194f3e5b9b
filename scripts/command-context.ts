/**
 * What the commands are handed: their surroundings, the exit code to set, and the few doors to the world
 * behind them. Tests open other doors, so that arguments and exit codes can be tried without a server.
 */
import type { Diagnosis } from '../engine/doctor.ts';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import type { LoadedMission, MissionOverrides } from './mission/load.ts';
import type { FabricAccess } from './fabric-access.ts';
import type { RunOrder } from './fabric-run.ts';
import type { OwnerConsole } from './owner-console.ts';
import type { Place } from './place.ts';

/** A console with the names of the fabric's shards; none when nobody could tell them. */
export interface OpenedConsole {
  readonly console: OwnerConsole;
  readonly shards: readonly string[];
}

export interface CommandContext {
  readonly place: Place;
  /** Sets the exit code of the command. */
  readonly endWith: (code: number) => void;
  /** `beforeWriting` may still refuse the checked mission; until then nothing has been written. */
  readonly loadMission: (
    source: string,
    overrides: MissionOverrides,
    beforeWriting: (spec: RunSpec) => Promise<void>,
  ) => Promise<LoadedMission>;
  /** Runs a fabric from start to report and returns the exit code. */
  readonly conductRun: (spec: RunSpec, order: RunOrder) => Promise<number>;
  readonly openConsole: (fabric: string | undefined) => Promise<OpenedConsole>;
  readonly accessFabric: (fabric: string | undefined) => Promise<FabricAccess>;
  readonly diagnose: () => Promise<Diagnosis>;
}
