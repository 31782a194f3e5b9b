/**
 * The dev server's command line. Kept as data, because the same settings are printed by `doctor`,
 * stated in reports and given to every peer in a benchmark.
 */
import type { EnginePorts } from './ports.ts';
import { LOOPBACK } from './ports.ts';

/** Keyword search attributes that the fabric's workflows carry where they are registered. */
export const SEARCH_ATTRIBUTES = [
  'FabricName',
  'FabricShard',
  'FabricScenario',
  'FabricState',
] as const;

/** WAL raises throughput by half; FULL keeps a sync at every commit, without which "no job lost" would be untrue. */
export const SQLITE_PRAGMAS = ['journal_mode=WAL', 'synchronous=FULL'] as const;

/**
 * The poll rate of 20 a second adds about 45 ms to every task hop on the dev server's one history
 * shard; 1000 takes that away. Timers are read up to a second late unless the time that the reader may
 * be shifted by is short: with 20 ms a tick of 0.2 s is one. A task queue of four parts, as it is unless told,
 * needs a poller at each: with the few of one process a task could lie for two seconds in a part
 * where none was. The last two let `temporal worker list` show the fabric's workers.
 */
export const DYNAMIC_CONFIG = [
  'history.transferProcessorMaxPollRPS=1000',
  'history.timerProcessorMaxTimeShift="20ms"',
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
  'frontend.WorkerHeartbeatsEnabled=true',
  'frontend.ListWorkersEnabled=true',
] as const;

/** The arguments of `temporal` for one embedded server: loopback only, Web UI on, warnings logged. */
export function serverArguments(server: {
  readonly ports: EnginePorts;
  readonly namespace: string;
  readonly dbFile: string;
}): string[] {
  const { ports, namespace, dbFile } = server;
  const settings: [flag: string, value: string | number][] = [
    ['db-filename', dbFile],
    ['namespace', namespace],
    ['ip', LOOPBACK],
    ['port', ports.grpc],
    ['ui-ip', LOOPBACK],
    ['ui-port', ports.ui],
    ['http-port', ports.http],
    ['metrics-port', ports.metrics],
    ['log-level', 'warn'],
    ...SQLITE_PRAGMAS.map((pragma): [string, string] => ['sqlite-pragma', pragma]),
    ...DYNAMIC_CONFIG.map((setting): [string, string] => ['dynamic-config-value', setting]),
    ...SEARCH_ATTRIBUTES.map((name): [string, string] => ['search-attribute', `${name}=Keyword`]),
  ];
  return [
    'server',
    'start-dev',
    ...settings.flatMap(([flag, value]) => [`--${flag}`, String(value)]),
  ];
}
