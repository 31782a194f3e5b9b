/**
 * `FABRIC_TEMPORAL_DEFAULTS=1` leaves Temporal's own time-outs of workflow tasks in place (10 s for a
 * task, 10 s for a sticky queue), so that `bench:resume` can show what the fabric's shorter ones are worth.
 */

/** True where the environment asks for them. */
export function usesTemporalDefaults(env: NodeJS.ProcessEnv): boolean {
  return env['FABRIC_TEMPORAL_DEFAULTS'] === '1';
}
